// What else the one executable is when it is called by the name: programs that people do not start.

import type { Tool } from "./command.ts";
import { initLxc } from "./init-lxc.ts";
import { lxcContainers } from "./lxc-containers.ts";
import { lxcMonitord } from "./lxc-monitord.ts";

export const helpers: readonly Tool[] = [initLxc, lxcContainers, lxcMonitord];
