// What a container's monitor answers on its command socket. Runs in the monitor.

import { asLxcError, type LxcError } from "../base/errors.ts";
import type { Config } from "../container/config/schema.ts";
import { getItem } from "../container/config/values.ts";
import type { Container } from "../container/container.ts";
import type { PlannedNetwork } from "../container/network/planned.ts";
import type { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { freeze, freezerOf, thaw } from "../isolation/cgroup/freeze.ts";
import { hierarchyOf } from "../isolation/cgroup/layout.ts";
import type { NotifyProxy } from "../isolation/seccomp/notify-proxy.ts";
import { EACCES, EINVAL, ENOENT, EPERM, ESRCH, ETIMEDOUT } from "../kernel/abi/errno.ts";
import { CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, O_DIRECTORY, O_RDONLY } from "../kernel/abi/fs.ts";
import { SIGKILL } from "../kernel/abi/signal.ts";
import { tryOpenAt } from "../kernel/files.ts";
import { type Child, sendSignal } from "../kernel/process.ts";
import type { CgroupContext, CgroupHandle } from "./command-protocol.ts";
import { Served, type TakenTty } from "./command-served.ts";
import type { Consoles } from "./consoles.ts";
import type { StartPlan } from "./plan.ts";
import type { RingBuffer } from "./ring-buffer.ts";
import type { State } from "./states.ts";

const LAYOUT_UNIFIED = 2;
const NOBODY: Child = { pid: -1, pidfd: -1 };

/** The monitor writes what has changed; the command server asks. */
export class MonitorAnswers extends Served {
  readonly #container: Container;
  readonly #config: Config;
  readonly #cgroups: ContainerCgroups;
  readonly #cloneFlags: number;
  current: State = "STOPPED";
  init: Child = NOBODY;
  consoles: Consoles | undefined = undefined;
  /** Where the calls arrive that a program decides on; -1 for none. */
  notifyListener = -1;
  /** Asks that program. */
  proxy: NotifyProxy | undefined = undefined;
  /** Called for each change of state that a command brought about. */
  readonly #become: (state: State) => void;
  readonly #networks: readonly PlannedNetwork[];

  constructor(plan: StartPlan, cgroups: ContainerCgroups, become: (state: State) => void) {
    super();
    const { container, config } = plan.options;
    this.#become = become;
    this.#networks = plan.network.networks;
    this.#container = container;
    this.#config = config;
    this.#cgroups = cgroups;
    this.#cloneFlags = plan.namespaces.own;
  }

  /** There is no first process any more. */
  forgetInit(): void {
    this.init = NOBODY;
  }

  override name(): string {
    return this.#container.name;
  }

  override lxcpath(): string {
    return this.#container.lxcpath;
  }

  override state(): State {
    return this.current;
  }

  /** THAWED is only told, and kept as RUNNING, as in LXC. */
  override noteState(state: State): void {
    this.current = state === "THAWED" ? "RUNNING" : state;
  }

  override initPid(): number {
    return this.init.pid;
  }

  override initPidfd(): number {
    return this.init.pidfd;
  }

  override cloneFlags(): number {
    return this.#cloneFlags;
  }

  override cgroupPath(controller: string, limits: boolean): string | undefined {
    return limits ? this.#cgroups.limitPathOf(controller) : this.#cgroups.payloadPathOf(controller);
  }

  override cgroupHandle(controller: string, limits: boolean): CgroupHandle | undefined {
    const fd = reopened(this.#folderOf(controller, limits));
    if (fd < 0) return undefined;
    const context = this.#cgroups.context();
    const unified = this.#cgroups.payloadFdOf(controller) === this.#cgroups.payloadV2Fd();
    const type = unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
    return { layout: context.layout, utilities: context.utilities, type, fd };
  }

  #folderOf(controller: string, limits: boolean): number {
    return limits ? this.#cgroups.limitFdOf(controller) : this.#cgroups.payloadFdOf(controller);
  }

  override cgroup2Fd(limits: boolean): number {
    if (this.#cgroups.context().layout !== LAYOUT_UNIFIED) return -EINVAL;
    return reopened(limits ? this.#cgroups.limitV2Fd() : this.#cgroups.payloadV2Fd());
  }

  override cgroupContext(): CgroupContext {
    const context = this.#cgroups.context();
    const descriptors: number[] = [];
    for (const folder of context.fds) {
      const fd = reopened(folder);
      if (fd >= 0) descriptors.push(fd);
    }
    return { layout: context.layout, utilities: context.utilities, descriptors };
  }

  /** An empty value is no value: LXC's tools take any answer for one. */
  override configItem(key: string): string | undefined {
    for (const network of this.#networks) {
      // The name that was drawn, where the configuration has none.
      if (network.hostName !== "" && key === `lxc.net.${network.index}.veth.pair`) return network.hostName;
      // The one that a wildcard stands for.
      if (network.type === "phys" && key === `lxc.net.${network.index}.link`) return network.link;
      if (network.type !== "empty" && key === `lxc.net.${network.index}.name`) return network.name;
    }
    const text = getItem(this.#config, key) ?? "";
    return text === "" ? undefined : text;
  }

  /** Only on a host with version 2 alone; elsewhere that is the client's own work, as in LXC. */
  override freeze(timeoutS: number): number {
    if (this.#cgroups.context().layout !== LAYOUT_UNIFIED) return -ENOENT;
    this.#become("FREEZING");
    try {
      freeze(freezerOf(this.#cgroups), timeoutS * 1000);
      this.#become("FROZEN");
      return 0;
    } catch (caught) {
      this.#become("RUNNING");
      return -errnoOf(asLxcError(caught as Error));
    }
  }

  override thaw(timeoutS: number): number {
    if (this.#cgroups.context().layout !== LAYOUT_UNIFIED) return -ENOENT;
    try {
      thaw(freezerOf(this.#cgroups), timeoutS * 1000);
      this.#become("THAWED");
      this.#become("RUNNING");
      return 0;
    } catch (caught) {
      return -errnoOf(asLxcError(caught as Error));
    }
  }

  override addDevices(rules: readonly DeviceRule[]): number {
    const cgroup = this.#cgroups.limitV2Fd();
    if (hierarchyOf(this.#cgroups.layout, "devices")?.version === 1 || cgroup < 0) return -EINVAL;
    try {
      this.#cgroups.devices.add(cgroup, rules);
      return 0;
    } catch (caught) {
      const errno = errnoOf(asLxcError(caught as Error));
      // A client takes -EPERM for "the container is not yours".
      return errno === EPERM ? -EACCES : -errno;
    }
  }

  override seccompNotifyFd(): number {
    return this.notifyListener;
  }

  override addSeccompListener(listener: number): number {
    return this.proxy === undefined ? -EINVAL : this.proxy.add(listener);
  }

  override systemdScope(): string | undefined {
    return this.#cgroups.scope === "" ? undefined : this.#cgroups.scope;
  }

  override stop(): number {
    if (this.init.pidfd < 0) return -ESRCH;
    const signal = this.#config.signalStop.value;
    sendSignal(this.init.pidfd, signal === 0 ? SIGKILL : signal);
    if (this.current === "FROZEN" || this.current === "FREEZING") this.#letDie();
    return 0;
  }

  /** A frozen process cannot die. That it is not frozen after all is no failure. */
  #letDie(): void {
    try {
      thaw(freezerOf(this.#cgroups), 0);
      // On a hybrid host the client freezes, and LXC's does it by the v1 controller.
      const legacy = this.#cgroups.limitFdOf("freezer");
      if (legacy >= 0 && this.#cgroups.context().layout !== LAYOUT_UNIFIED) thaw({ fd: legacy, version: 1 }, 0);
    } catch {
      return;
    }
  }

  override takeTty(number: number): TakenTty | undefined {
    return this.consoles?.take(number);
  }

  override freeTty(number: number): void {
    this.consoles?.free(number);
  }

  override consoleBuffer(): RingBuffer | undefined {
    return this.consoles?.recorder.ring;
  }

  override devptsFd(): number {
    return -1;
  }
}

/** The descriptors we keep are O_PATH, which is not enough for a client: it gets a folder that is open for reading. */
function reopened(folder: number): number {
  return folder < 0 ? -ENOENT : tryOpenAt(folder, ".", O_RDONLY | O_DIRECTORY);
}

function errnoOf(error: LxcError): number {
  if (error.errno !== 0) return error.errno;
  return error.code === "timed-out" ? ETIMEDOUT : EINVAL;
}
