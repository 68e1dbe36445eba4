// The tools there are, by name.

import type { Tool } from "./command.ts";
import { lxcAttach } from "./lxc-attach.ts";
import { lxcAutostart } from "./lxc-autostart.ts";
import { lxcCgroup } from "./lxc-cgroup.ts";
import { lxcCheckconfig } from "./lxc-checkconfig.ts";
import { lxcCheckpoint } from "./lxc-checkpoint.ts";
import { lxcConfig } from "./lxc-config.ts";
import { lxcConsole } from "./lxc-console.ts";
import { lxcCopy } from "./lxc-copy.ts";
import { lxcCreate } from "./lxc-create.ts";
import { lxcDestroy } from "./lxc-destroy.ts";
import { lxcDevice } from "./lxc-device.ts";
import { lxcDoctor } from "./lxc-doctor.ts";
import { lxcExecute } from "./lxc-execute.ts";
import { lxcFreeze, lxcUnfreeze } from "./lxc-freeze.ts";
import { lxcInfo } from "./lxc-info.ts";
import { lxcLs } from "./lxc-ls.ts";
import { lxcMonitor } from "./lxc-monitor.ts";
import { lxcNet } from "./lxc-net.ts";
import { lxcRun } from "./lxc-run.ts";
import { lxcSnapshot } from "./lxc-snapshot.ts";
import { lxcStart } from "./lxc-start.ts";
import { lxcStop } from "./lxc-stop.ts";
import { lxcTop } from "./lxc-top.ts";
import { lxcUnshare } from "./lxc-unshare.ts";
import { lxcUpdateConfig } from "./lxc-update-config.ts";
import { lxcUsernsexec } from "./lxc-usernsexec.ts";
import { lxcWait } from "./lxc-wait.ts";

export const tools: readonly Tool[] = [
  lxcAttach,
  lxcAutostart,
  lxcCgroup,
  lxcCheckconfig,
  lxcCheckpoint,
  lxcConfig,
  lxcConsole,
  lxcCopy,
  lxcCreate,
  lxcDestroy,
  lxcDevice,
  lxcDoctor,
  lxcExecute,
  lxcFreeze,
  lxcInfo,
  lxcLs,
  lxcMonitor,
  lxcNet,
  lxcRun,
  lxcSnapshot,
  lxcStart,
  lxcStop,
  lxcTop,
  lxcUnfreeze,
  lxcUnshare,
  lxcUpdateConfig,
  lxcUsernsexec,
  lxcWait,
];
