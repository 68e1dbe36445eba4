// Mounts, decided and explained.

import {
  deviceLinkSteps,
  deviceSteps,
  devSteps,
  procSteps,
  ptsSteps,
  sysSteps,
} from "../../../src/container/rootfs/automounts.ts";
import { mountEntriesIn, unescaped } from "../../../src/container/rootfs/mount-entry.ts";
import { attributesFor, splitOptions } from "../../../src/container/rootfs/mount-options.ts";
import { explain } from "../../../src/container/rootfs/steps.ts";

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
  return lines.concat(unescaped("a\\134b\\0c\\9"));
}
