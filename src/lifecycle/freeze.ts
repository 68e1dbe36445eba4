// Freezing and thawing a running container. Runs in lxc-freeze and lxc-unfreeze.

import { Deadline } from "../base/deadline.ts";
import { LxcError } from "../base/errors.ts";
import type { Container } from "../container/container.ts";
import { runDirectory } from "../container/paths.ts";
import { pause } from "../isolation/cgroup/wait.ts";
import { ECONNREFUSED, ENOENT, ENOSYS, errnoText } from "../kernel/abi/errno.ts";
import { closeFd, tryReadTextAt, writeAt } from "../kernel/files.ts";
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
const LOOK_AGAIN_MS = 5;
const CGROUP2_SUPER_MAGIC = 0x63677270;

type Environment = Readonly<Record<string, string | undefined>>;

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
    hint: `start it first: lxc-start ${container.name}`,
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

function freezeByCgroup(container: Container, freeze: boolean): void {
  const handle = limitCgroupFdOf(container, "freezer");
  const fd = handle?.fd ?? limitCgroup2FdOf(container);
  if (fd === undefined) {
    throw new LxcError(
      "unsupported",
      `${freeze ? "freeze" : "unfreeze"} ${container.name}`,
      "it has no cgroup with a freezer",
      {
        hint: "mount the freezer hierarchy, or cgroup2, and start the container again",
      },
    );
  }
  try {
    if (handle !== undefined && handle.type !== CGROUP2_SUPER_MAGIC) freezeLegacy(container, fd, freeze);
    else freezeUnified(container, fd, freeze);
  } finally {
    closeFd(fd);
  }
}

/** The state is asked for again and again: version 1 has no event for it, and asking is what makes it go on. */
function freezeLegacy(container: Container, fd: number, freeze: boolean): void {
  const wanted = freeze ? "FROZEN" : "THAWED";
  writeAt(fd, "freezer.state", wanted);
  const deadline = new Deadline(FREEZE_TIMEOUT_S * 1000);
  while ((tryReadTextAt(fd, "freezer.state") ?? "").trim() !== wanted) {
    if (deadline.hasPassed()) {
      writeAt(fd, "freezer.state", "THAWED");
      throw tooSlow(container);
    }
    pause(LOOK_AGAIN_MS);
  }
}

function freezeUnified(container: Container, fd: number, freeze: boolean): void {
  writeAt(fd, "cgroup.freeze", freeze ? "1" : "0");
  const wanted = freeze ? "frozen 1" : "frozen 0";
  const deadline = new Deadline(FREEZE_TIMEOUT_S * 1000);
  while (!(tryReadTextAt(fd, "cgroup.events") ?? "").includes(wanted)) {
    if (deadline.hasPassed()) {
      writeAt(fd, "cgroup.freeze", "0");
      throw tooSlow(container);
    }
    pause(LOOK_AGAIN_MS);
  }
}

function tooSlow(container: Container): LxcError {
  return new LxcError("timed-out", `freeze ${container.name}`, "one of its processes cannot be stopped now", {
    hint: "look for processes in state D: ps -eo pid,stat,wchan,cmd",
  });
}

function failed(container: Container, verb: string, result: number): LxcError {
  if (result === -ECONNREFUSED) return new LxcError("wrong-state", `${verb} ${container.name}`, "it has just stopped");
  return new LxcError("syscall-failed", `${verb} ${container.name}`, errnoText(-result), { errno: -result });
}
