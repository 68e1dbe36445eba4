// Freezing and thawing a running container. Runs in lxc-freeze and lxc-unfreeze.

import { LxcError } from "../base/errors.ts";
import { plain } from "../base/number.ts";
import type { Container } from "../container/container.ts";
import { runDirectory } from "../container/paths.ts";
import { freeze, thaw } from "../isolation/cgroup/freeze.ts";
import { ECONNREFUSED, ENOENT, ENOSYS, errnoText } from "../kernel/abi/errno.ts";
import { CGROUP2_SUPER_MAGIC } from "../kernel/abi/fs.ts";
import type { Environment } from "../kernel/environment.ts";
import { closeFd } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import {
  freezeOf,
  limitCgroup2FdOf,
  limitCgroupFdOf,
  serveStateClients,
  stateOf,
  unfreezeOf,
} from "./command-client.ts";
import { monitorFifoOf, tellMonitord } from "./state-clients.ts";
import { type State, stateNumber } from "./states.ts";

const FREEZE_TIMEOUT_S = 60;

/** Stops all processes of `container` where they are. One that is frozen already is no failure. */
export function freezeContainer(container: Container, environment: Environment): void {
  const state = runningState(container, "freeze");
  if (state === "FROZEN") return;
  const result = freezeOf(container, FREEZE_TIMEOUT_S);
  if (result === 0) return;
  if (!isLeftToClients(result)) throw failed(container, "freeze", result);
  tell(container, "FREEZING", environment);
  try {
    freezeByCgroup(container, true);
  } catch (caught) {
    tell(container, "RUNNING", environment);
    throw caught;
  }
  tell(container, "FROZEN", environment);
}

/** Lets the processes of `container` go on. One that is not frozen is no failure. */
export function thawContainer(container: Container, environment: Environment): void {
  const state = runningState(container, "unfreeze");
  // A freeze that was interrupted leaves FREEZING behind.
  if (state !== "FROZEN" && state !== "FREEZING") return;
  const result = unfreezeOf(container, FREEZE_TIMEOUT_S);
  if (result === 0) return;
  if (!isLeftToClients(result)) throw failed(container, "unfreeze", result);
  freezeByCgroup(container, false);
  tell(container, "THAWED", environment);
  tell(container, "RUNNING", environment);
}

function runningState(container: Container, verb: string): State {
  const state = stateOf(container);
  if (state !== "STOPPED") return state;
  throw new LxcError("wrong-state", `${verb} ${container.name}`, "it is not running", {
    hint: `start it first: lxc-start -n ${container.name} -P ${container.lxcpath}`,
  });
}

/** LXC's monitors freeze only where cgroups are of version 2 alone, and leave the rest to their clients. */
function isLeftToClients(result: number): boolean {
  return result === -ENOENT || result === -ENOSYS;
}

/** All who are told of a state by the monitor, and lxc-monitord, are told by us. */
function tell(container: Container, state: State, environment: Environment): void {
  serveStateClients(container, stateNumber(state));
  tellMonitord(monitorFifoOf(runDirectory(effectiveUser(), environment), container), container, state);
}

/** Where LXC's monitor has the container's freezer: the v1 controller, else cgroup.freeze. */
function freezeByCgroup(container: Container, isToFreeze: boolean): void {
  const handle = limitCgroupFdOf(container, "freezer");
  const fd = handle?.fd ?? limitCgroup2FdOf(container);
  if (fd === undefined) {
    const doing = `${isToFreeze ? "freeze" : "unfreeze"} ${container.name}`;
    throw new LxcError("unsupported", doing, "it has no cgroup with a freezer", {
      hint: "mount the freezer hierarchy, or cgroup2, and start the container again",
    });
  }
  const version = handle === undefined || handle.type === CGROUP2_SUPER_MAGIC ? 2 : 1;
  try {
    if (isToFreeze) freeze({ fd, version }, FREEZE_TIMEOUT_S * 1000);
    else thaw({ fd, version }, FREEZE_TIMEOUT_S * 1000);
  } finally {
    closeFd(plain(fd));
  }
}

function failed(container: Container, verb: string, result: number): LxcError {
  if (result === -ECONNREFUSED) return new LxcError("wrong-state", `${verb} ${container.name}`, "it has just stopped");
  return new LxcError("syscall-failed", `${verb} ${container.name}`, errnoText(-result), { errno: -result });
}
