// The namespaces a container takes from another container, a process or a file, opened before anything is made.

import { asLxcError, LxcError, withHint } from "../base/errors.ts";
import { baseName, normalPath, parentOf } from "../base/path.ts";
import { wholeNumberIn } from "../base/text.ts";
import type { NamedValue } from "../container/config/groups.ts";
import type { Container } from "../container/container.ts";
import { type NamespaceName, namespaceNames, type SharedNamespace } from "../isolation/namespaces.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import { refused } from "../kernel/call.ts";
import { closeFd, isDirectory, tryOpenAt, tryReadLink } from "../kernel/files.ts";
import { findTarget } from "./attach-target.ts";

/**
 * Opens what the lines name: a container of `own`'s container path, `LXCPATH/NAME`, the pid of a process, or the path of
 * a namespace. Throws when one is not there. In the order in which they must be joined.
 */
export function openSharedNamespaces(lines: readonly NamedValue<string>[], own: Container): SharedNamespace[] {
  const found: SharedNamespace[] = [];
  for (const name of namespaceNames) {
    for (const line of lines) {
      if (line.name !== name) continue;
      const shared: SharedNamespace = { name, fd: openShared(name, line.value, own), from: line.value };
      // To join the user namespace one is in is an error, and would change nothing.
      if (name === "user" && isOurs(shared)) closeFd(shared.fd);
      else found.push(shared);
    }
  }
  return found;
}

function isOurs(shared: SharedNamespace): boolean {
  return tryReadLink(`/proc/self/fd/${shared.fd}`) === tryReadLink(`/proc/self/ns/${shared.name}`);
}

function openShared(name: NamespaceName, from: string, own: Container): number {
  const pid = wholeNumberIn(from);
  if (pid !== undefined) return openPath(name, from, `/proc/${pid}/ns/${name}`);
  if (from.startsWith("/") && !isDirectory(from)) return openPath(name, from, from);
  return openOfContainer(name, from, own.lxcpath);
}

function openPath(name: NamespaceName, from: string, path: string): number {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd >= 0) return fd;
  const error = refused(`share the ${name} namespace of ${from}`, "openat", fd);
  throw fd === -ENOENT ? withHint(error, hintForSource(name)) : error;
}

function hintForSource(name: NamespaceName): string {
  return `name a container or a process that runs, or a file such as /proc/1/ns/${name}, with lxc.namespace.share.${name}`;
}

function openOfContainer(name: NamespaceName, from: string, lxcpath: string): number {
  const path = normalPath(from);
  const container = from.includes("/") ? { name: baseName(path), lxcpath: parentOf(path) } : { name: from, lxcpath };
  try {
    const target = findTarget(container);
    const fd = tryOpenAt(target.proc, `ns/${name}`, O_RDONLY);
    closeFd(target.proc);
    closeFd(target.pidfd);
    if (fd < 0) throw refused(`open its ${name} namespace`, "openat", fd);
    return fd;
  } catch (caught) {
    const because = asLxcError(caught as Error);
    throw new LxcError(because.code, `share the ${name} namespace of ${from}`, because.reason, {
      because,
      hint: because.hint,
    });
  }
}
