// Mounts, decided and explained.

import {
  deviceLinkSteps,
  deviceSteps,
  devSteps,
  procSteps,
  ptsSteps,
  sysSteps,
} from "../../../src/container/rootfs/automounts.ts";
import { bootIdText } from "../../../src/container/rootfs/boot-id.ts";
import { overlayPathsIn } from "../../../src/container/rootfs/layers.ts";
import { mountEntriesIn } from "../../../src/container/rootfs/mount-entry.ts";
import { attributesFor, splitOptions } from "../../../src/container/rootfs/mount-options.ts";
import { explain, type MountStep } from "../../../src/container/rootfs/steps.ts";
import { unescaped } from "../../../src/kernel/mount-table.ts";
import { failureOf } from "./failure.ts";

const FSTAB = `
# comment
/srv/data srv/data none bind,create=dir,optional 0 0
tmpfs /tmp tmpfs size=64m,mode=1777,nosuid,nodev,rslave 0 0
/with\\040space dir\\011tab none rbind,relative,idmap=container,ro,rw
proc proc
`;

export function mounts(): string[] {
  const steps = [...procSteps("mixed", true), ...procSteps("ro", false), ...sysSteps("mixed"), ...sysSteps("rw")];
  const all = steps.concat(devSteps(500_000), deviceSteps(), deviceLinkSteps(), ptsSteps(1024, true));
  const lines = all.map((step) => explain(step));
  for (const entry of mountEntriesIn(FSTAB)) {
    const options = splitOptions(entry.options);
    const change = attributesFor(options.flags);
    lines.push(`${entry.source}|${entry.target}|${entry.type}|${entry.create}|${entry.optional}|${entry.relative}`);
    lines.push(`${options.flags} ${options.propagation} ${options.data} ${change.set} ${change.clear} ${entry.idmap}`);
  }
  return lines.concat(unescaped("a\\134b\\0c\\9"), layers());
}

const INSIDE: readonly MountStep[] = [
  { kind: "dependent", at: "dev/.lxc-mounts" },
  { kind: "boot-id", file: "dev/.lxc-boot-id", over: "proc/sys/kernel/random/boot_id" },
];
const LAYERS: readonly string[] = ["/a:/b", "/a:b:/c/:/d/../e", "/a", "/a:/a", "/x:/y/work", "a:/b", "/a:/"];

function layers(): string[] {
  const lines = INSIDE.map((step) => explain(step));
  lines.push(
    bootIdText(new Uint8Array([1, 35, 69, 103, 137, 171, 205, 239, 254, 220, 186, 152, 118, 84, 50, 16])).trim(),
  );
  for (const path of LAYERS) {
    lines.push(
      ...failureOf(() => {
        const { lowers, upper, work } = overlayPathsIn(path);
        lines.push(`${lowers.join(" ")} | ${upper} | ${work}`);
      }),
    );
  }
  return lines;
}
