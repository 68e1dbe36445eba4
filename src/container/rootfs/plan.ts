// What to mount, decided before anything is mounted. Pure.

import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../../kernel/abi/mount.ts";

export type MountStep =
  | { readonly kind: "private"; readonly to: string }
  | {
      readonly kind: "file-system";
      readonly type: string;
      readonly to: string;
      readonly flags: number;
      readonly options: string;
    }
  | { readonly kind: "bind"; readonly from: string; readonly to: string }
  | { readonly kind: "read-only"; readonly to: string; readonly optional: boolean };

const SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/** The mounts for `lxc.mount.auto = proc:mixed`, in order. */
export function procMixed(root: string): MountStep[] {
  return [
    { kind: "file-system", type: "proc", to: `${root}/proc`, flags: SAFE, options: "" },
    { kind: "read-only", to: `${root}/proc/sys`, optional: false },
    { kind: "read-only", to: `${root}/proc/sysrq-trigger`, optional: true },
  ];
}

/** For --dry-run and for logs. */
export function explain(step: MountStep): string {
  switch (step.kind) {
    case "private":
      return `make ${step.to} private`;
    case "file-system":
      return `mount ${step.type} on ${step.to}`;
    case "bind":
      return `bind ${step.from} on ${step.to}`;
    case "read-only":
      return `make ${step.to} read-only`;
  }
}
