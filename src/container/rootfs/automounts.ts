// What lxc.mount.auto and lxc.autodev mean, as steps. Pure.

import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from "../../kernel/abi/mount.ts";
import type { MountStep } from "./steps.ts";

/** An empty list needs its type said, or the compiler takes it for numbers. */
const NONE: readonly string[] = [];

const SAFE = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/** /dev of every container, as in LXC: name, major, minor. */
const DEVICES: readonly (readonly [string, number, number])[] = [
  ["full", 1, 7],
  ["null", 1, 3],
  ["random", 1, 8],
  ["tty", 5, 0],
  ["urandom", 1, 9],
  ["zero", 1, 5],
];

const DEVICE_LINKS: readonly (readonly [string, string])[] = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
];

/** `lxc.mount.auto = proc:MODE`. The network's settings stay writable for a container that may administer its network. */
export function procSteps(mode: "mixed" | "rw" | "ro", mayAdministerNetwork: boolean): MountStep[] {
  const steps: MountStep[] = [
    { kind: "file-system", type: "proc", source: "proc", to: "proc", attributes: SAFE, options: NONE },
  ];
  if (mode === "rw") return steps;
  const keep = mayAdministerNetwork ? ["net"] : NONE;
  steps.push({ kind: "read-only", at: "proc/sys", keep, whole: false });
  steps.push({ kind: "read-only", at: "proc/sysrq-trigger", keep: NONE, whole: false });
  return steps;
}

/** `lxc.mount.auto = sys:MODE`. */
export function sysSteps(mode: "mixed" | "rw" | "ro"): MountStep[] {
  const mount = (attributes: number): MountStep => ({
    kind: "file-system",
    type: "sysfs",
    source: "sysfs",
    to: "sys",
    attributes,
    options: NONE,
  });
  if (mode === "rw") return [mount(0)];
  if (mode === "ro") return [mount(MOUNT_ATTR_RDONLY)];
  return [mount(SAFE), { kind: "read-only", at: "sys", keep: ["devices/virtual/net"], whole: true }];
}

/** `lxc.autodev = 1`: a /dev of the container's own. */
export function devSteps(sizeBytes: number): MountStep[] {
  const options = ["mode=0755", `size=${sizeBytes}`];
  return [{ kind: "file-system", type: "tmpfs", source: "none", to: "dev", attributes: 0, options }];
}

/** What stands in /dev once the autodev hooks ran. */
export function deviceSteps(): MountStep[] {
  const steps: MountStep[] = [];
  for (const [name, major, minor] of DEVICES) steps.push({ kind: "node", at: `dev/${name}`, major, minor });
  return steps;
}

/** The links every program expects, also in a /dev that is not ours. */
export function deviceLinkSteps(): MountStep[] {
  const steps: MountStep[] = [];
  for (const [name, target] of DEVICE_LINKS) steps.push({ kind: "link", at: `dev/${name}`, target });
  return steps;
}

/** The group tty of every distribution, that may write to terminals. */
export const TTY_GROUP = 5;

/** Pseudo terminals of the container's own, at most `max` of them. `hasTtyGroup` is whether that group is there inside. */
export function ptsSteps(max: number, hasTtyGroup: boolean): MountStep[] {
  const group = hasTtyGroup ? [`gid=${TTY_GROUP}`] : NONE;
  const options = ["newinstance"].concat(group, ["ptmxmode=0666", "mode=0620", `max=${max}`]);
  return [
    {
      kind: "file-system",
      type: "devpts",
      source: "devpts",
      to: "dev/pts",
      attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
      options,
    },
    { kind: "link", at: "dev/ptmx", target: "pts/ptmx" },
  ];
}
