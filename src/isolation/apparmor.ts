// AppArmor: which label a container's first process is to have. Reads what the kernel can; the choice itself is pure.

import { LxcError } from "../base/errors.ts";
import { EACCES, ENOENT, EPERM } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryBytes } from "../kernel/call.ts";
import { closeFd, exists, tryOpenAt } from "../kernel/files.ts";

export const APPARMOR_POLICY = "/sys/kernel/security/apparmor";

/** What this kernel's AppArmor can, and who we are to it. */
export interface ApparmorFacts {
  /** Whether mounts are mediated; without, a container's root can mount its way out of every rule about files. */
  readonly mediatesMounts: boolean;
  /** Whether a process may be confined by several profiles at once, and namespaces of policies have a meaning. */
  readonly canStack: boolean;
  /** Whether we are in such a namespace, as in a container. */
  readonly isStacked: boolean;
  /** Our own label, without its mode; "" when it cannot be read. */
  readonly own: string;
  readonly hasCgroupNamespaces: boolean;
}

export function readApparmor(): ApparmorFacts {
  const features = `${APPARMOR_POLICY}/features`;
  const version = firstLine(`${features}/domain/version`).split(".");
  const major = parseInt(version[0] ?? "0", 10);
  const isNew = major > 1 || (major === 1 && parseInt(version[1] ?? "0", 10) >= 2);
  const canStack = isNew && firstLine(`${features}/domain/stack`) === "yes";
  const label = firstLine("/proc/self/attr/apparmor/current");
  return {
    mediatesMounts: exists(`${features}/mount/mask`),
    canStack,
    isStacked: canStack && firstLine(`${APPARMOR_POLICY}/.ns_stacked`) === "yes",
    own: labelWithoutMode(label === "" ? firstLine("/proc/self/attr/current") : label),
    hasCgroupNamespaces: exists("/proc/self/ns/cgroup"),
  };
}

/** Empty when it cannot be read: attributes of a process refuse that when they are another module's. */
function firstLine(path: string): string {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return "";
  const bytes = new Uint8Array(1024);
  const length = tryBytes(SYS.read, fd, bytes, bytes.length, 0);
  closeFd(fd);
  if (length <= 0) return "";
  return new TextDecoder().decode(bytes.subarray(0, length)).split("\n")[0] ?? "";
}

/** `NAME` of `NAME (enforce)`. */
export function labelWithoutMode(text: string): string {
  const mode = text.lastIndexOf(" (");
  return mode < 0 || !text.endsWith(")") ? text : text.slice(0, mode);
}

/** What lxc.apparmor.profile and its like say. */
export interface ApparmorWish {
  /** A name, or `generated`, `unconfined` or `unchanged`; undefined for the default. */
  readonly profile: string | undefined;
  readonly allowIncomplete: boolean;
  /** How the container's generated profile and its namespace are named. */
  readonly profileName: string;
  readonly namespaceName: string;
}

export interface ApparmorChoice {
  /** What to ask for; "" leaves the label as it is. */
  readonly label: string;
  readonly isGenerated: boolean;
  /** The namespace of policies to make for it; "" for none. */
  readonly namespace: string;
  readonly warnings: readonly string[];
}

/** Tools of LXC may be confined by this one, which lets them choose. */
const OWN_PROFILE = "/usr/bin/lxc-start";
const DEFAULT_PROFILE = "lxc-container-default";
const DEFAULT_PROFILE_CGNS = "lxc-container-default-cgns";
const UNCONFINED = "unconfined";

/** Decides as LXC does. Throws when what is asked for cannot be had. */
export function chooseApparmor(wish: ApparmorWish, facts: ApparmorFacts): ApparmorChoice {
  if (wish.profile === "unchanged") return choice("", false, "", []);
  const isGenerated = wish.profile === "generated";
  const namespace = isGenerated && facts.canStack && !facts.isStacked ? wish.namespaceName : "";
  const label = labelFor(wish, facts, namespace);
  if (isConfined(facts) && !facts.canStack) {
    if (wish.profile === undefined || label === facts.own) return choice("", false, "", []);
    throw alreadyConfined(facts.own, label);
  }
  const warnings: string[] = [];
  if (!facts.mediatesMounts && label !== UNCONFINED) {
    if (!wish.allowIncomplete) throw incomplete();
    warnings.push("the kernel's AppArmor does not mediate mounts: the container's root can get around its profile");
  }
  return choice(label === UNCONFINED && facts.own === UNCONFINED ? "" : label, isGenerated, namespace, warnings);
}

function labelFor(wish: ApparmorWish, facts: ApparmorFacts, namespace: string): string {
  if (wish.profile === undefined) return facts.hasCgroupNamespaces ? DEFAULT_PROFILE_CGNS : DEFAULT_PROFILE;
  if (wish.profile !== "generated") return wish.profile;
  return namespace === "" ? wish.profileName : `${wish.profileName}//&:${namespace}:`;
}

function isConfined(facts: ApparmorFacts): boolean {
  return facts.own !== "" && facts.own !== UNCONFINED && facts.own !== OWN_PROFILE;
}

function choice(label: string, isGenerated: boolean, namespace: string, warnings: readonly string[]): ApparmorChoice {
  return { label, isGenerated, namespace, warnings };
}

function alreadyConfined(own: string, label: string): LxcError {
  return new LxcError(
    "unsupported",
    `confine the container by the AppArmor profile ${label}`,
    `this process is confined by ${own} already, and this kernel cannot have both`,
    { hint: "set lxc.apparmor.profile = unchanged, and the container is confined as this process is" },
  );
}

function incomplete(): LxcError {
  return new LxcError(
    "unsupported",
    "confine the container by AppArmor",
    "this kernel does not mediate mounts, so that the container's root could get around its profile",
    { hint: "if you really want to start this container, set lxc.apparmor.allow_incomplete = 1" },
  );
}

/** Why the kernel did not take `label`, by the -errno it gave. */
export function apparmorRefused(label: string, result: number): LxcError {
  const doing = `confine the container by the AppArmor profile ${label}`;
  if (result === -ENOENT) {
    return new LxcError("not-found", doing, "no profile of that name is loaded", {
      errno: ENOENT,
      hint: loadHint(label),
    });
  }
  if (result === -EACCES || result === -EPERM) {
    return new LxcError("not-permitted", doing, "the profile that confines this process does not allow the change", {
      errno: -result,
      hint: "allow it with a rule `change_profile -> lxc-**,` there, or set lxc.apparmor.profile = unchanged",
    });
  }
  return refused(doing, "write", result);
}

function loadHint(label: string): string {
  if (label.startsWith(DEFAULT_PROFILE)) return "load it: apparmor_parser -r -W /etc/apparmor.d/lxc-containers";
  return "load the file it is in with apparmor_parser -r, or set lxc.apparmor.profile = generated";
}
