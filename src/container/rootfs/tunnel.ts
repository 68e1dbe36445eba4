// Whether what the host mounts later can reach a container (mount_namespaces(7), "Shared subtrees"). Pure.

import { below } from "../../base/path.ts";
import { unescaped } from "../../kernel/mount-table.ts";
import type { AutoMount } from "../config/rootfs-codecs.ts";

/** In the text of /proc/self/mountinfo: whether the mount that `path` is on tells others of what is mounted on it. */
export function isShared(path: string, mountinfo: string): boolean {
  let length = -1;
  let shared = false;
  for (const line of mountinfo.split("\n")) {
    const fields = line.split(" ");
    const point = fields[4];
    if (point === undefined) continue;
    const plain = unescaped(`${point}`);
    // Of two mounts at one place the later line is the one on top.
    if (below(plain, path) === undefined || plain.length < length) continue;
    length = plain.length;
    shared = fields.slice(6, fields.indexOf("-")).some((field): boolean => field.startsWith("shared:"));
  }
  return shared;
}

/** What to say of those shmounts that will never show anything; one sentence each. */
export function tunnelWarnings(mounts: readonly AutoMount[], mountinfo: string): string[] {
  const found: string[] = [];
  for (const { what, hostPath } of mounts) {
    if (what !== "shmounts" || isShared(hostPath, mountinfo)) continue;
    found.push(
      `shmounts will show nothing: the mount of ${hostPath} is not shared; mount --bind ${hostPath} ${hostPath} && mount --make-shared ${hostPath}`,
    );
  }
  return found;
}
