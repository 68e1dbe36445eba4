// The monitor: makes a container's first process, answers for the container while it lives, and clears up after it.
//
// Runs in a process of its own for a daemon, and in the caller otherwise. `#live` is one life, from STARTING to STOPPED.

import { asLxcError, type LxcError, nearestHint } from "../base/errors.ts";
import { Undo } from "../base/undo.ts";
import type { Config } from "../container/config/schema.ts";
import { destroyContainer } from "../container/destroy.ts";
import { runHook } from "../container/hooks.ts";
import { completeNetworks, createNetworks, watchNetworks } from "../container/network/create.ts";
import type { NetworkDevice } from "../container/network/device.ts";
import { movedLinksFolder } from "../container/network/moved-links.ts";
import type { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import { killAllIn } from "../isolation/cgroup/kill.ts";
import { applyDeviceRules, applyLimits } from "../isolation/cgroup/limits.ts";
import { markSocket } from "../isolation/cgroup/socket-mark.ts";
import { isolateCores } from "../isolation/core-scheduling.ts";
import { hasNamespace } from "../isolation/namespaces.ts";
import { setProcFile } from "../isolation/proc-files.ts";
import { NotifyProxy } from "../isolation/seccomp/notify-proxy.ts";
import { writeIdMaps } from "../isolation/user-namespace.ts";
import { EPIPE } from "../kernel/abi/errno.ts";
import { MS_REC, MS_SLAVE } from "../kernel/abi/mount.ts";
import { CLONE_NEWNS } from "../kernel/abi/sched.ts";
import { SIGHUP, SIGKILL } from "../kernel/abi/signal.ts";
import { type ResourceLimit, setResourceLimits } from "../kernel/credentials.ts";
import { EventLoop } from "../kernel/event-loop.ts";
import { inodeOf } from "../kernel/file-attributes.ts";
import { closeFd } from "../kernel/files.ts";
import { giveBackMemory } from "../kernel/memory.ts";
import { setPropagation } from "../kernel/mounts.ts";
import { unshare } from "../kernel/namespaces.ts";
import { NetlinkSocket } from "../kernel/netlink.ts";
import { currentPid, effectiveUser, type ProcessEnd, sendSignal, tryEndOf, waitForEnd } from "../kernel/process.ts";
import { socketPair } from "../kernel/sockets.ts";
import { bearFirstProcess } from "./birth.ts";
import { restoreFirstProcess } from "./checkpoint.ts";
import { runChild } from "./child.ts";
import { CommandServer } from "./command-server.ts";
import { DenialWatch, loadConfinement } from "./confinement.ts";
import { ConsoleRecorder } from "./console-recorder.ts";
import { Consoles } from "./consoles.ts";
import type { CheckpointFiles } from "./criu.ts";
import { delegateTo, removeCgroups } from "./delegation.ts";
import { ForegroundConsole } from "./foreground.ts";
import { expect, hear, type Message, tell, tellFailure, tellWith, unexpected } from "./handshake.ts";
import { LifeHooks } from "./life-hooks.ts";
import { explainLimits } from "./limits-at-fault.ts";
import { MonitorAnswers } from "./monitor-answers.ts";
import { MonitorSignals } from "./monitor-signals.ts";
import { answerShift } from "./mount-help.ts";
import type { StartPlan } from "./plan.ts";
import { monitorFifoOf, tellMonitord, tellMonitordOfExit } from "./state-clients.ts";
import type { State } from "./states.ts";

/** As long as LXC's waits. */
const PROXY_TIMEOUT_MS = 30_000;

/** What the monitor has from its caller. */
export interface MonitorHoldings {
  /** Bound to the container's name: as long as it is open, the container is ours. */
  readonly listening: number;
  readonly cgroups: ContainerCgroups;
  /** Our own program for lxc-execute, -1 otherwise. */
  readonly ownProgram: number;
  /** For sockets of the host's lxc-monitord. */
  readonly runDir: string;
}

/** The monitor of one container, over all its lives: a container that reboots has one more. */
export class Monitor {
  readonly #plan: StartPlan;
  readonly #holdings: MonitorHoldings;
  readonly #loop = new EventLoop();
  readonly #answers: MonitorAnswers;
  readonly #server: CommandServer;
  readonly #signals = new MonitorSignals();
  readonly #recorder: ConsoleRecorder;
  #hooks: LifeHooks;
  #foreground: ForegroundConsole | undefined = undefined;
  #hasStopped = false;
  #hasLived = false;
  #warnings: readonly string[] = [];

  constructor(plan: StartPlan, holdings: MonitorHoldings) {
    this.#plan = plan;
    this.#holdings = holdings;
    this.#answers = new MonitorAnswers(plan, holdings.cgroups, (state) => this.#become(state));
    this.#hooks = new LifeHooks(plan);
    this.#recorder = new ConsoleRecorder(plan.options.config, (text) => plan.options.warn(text));
    this.#server = new CommandServer(holdings.listening, this.#loop, this.#answers);
  }

  /** What the caller is to know of a start that went well. */
  warnings(): readonly string[] {
    return this.#warnings;
  }

  /**
   * Runs the container until it has stopped for good. `running` is called each time it is RUNNING. `born` says whether
   * this process was born in the monitor's own cgroup.
   */
  run(born: boolean, running: () => void): ProcessEnd {
    this.#holdings.cgroups.enterMonitor(born);
    if (this.#plan.options.config.monitorUnshare.value) leaveMounts();
    try {
      for (;;) {
        const end = this.#live(running);
        if (!isReboot(end) || this.#hasStopped) return end;
        this.#server.dropForReboot();
      }
    } finally {
      this.#finish();
    }
  }

  /** One life. Throws when the container could not be started; everything made for it is taken back either way. */
  #live(running: () => void): ProcessEnd {
    const undo = new Undo();
    const { cgroups } = this.#holdings;
    this.#hooks = new LifeHooks(this.#plan);
    let end: ProcessEnd = { pid: 0, code: 0, signal: 0 };
    const denials = new DenialWatch(this.#plan.confinement);
    undo.add("close the kernel's log", () => denials.close());
    try {
      this.#become("STARTING");
      this.#hooks.run("pre-start");
      loadConfinement(this.#plan.confinement, undo);
      undo.add("remove the container's cgroups", () => removeCgroups(this.#plan, cgroups));
      cgroups.makeUnifiedPayload();
      const checkpoint = this.#hasLived ? undefined : this.#plan.options.restore;
      this.#hasLived = true;
      if (checkpoint === undefined) this.#start(undo);
      else this.#restore(checkpoint);
      this.#become("RUNNING");
      denials.begin();
      running();
      markSocket(cgroups.layout, cgroups.limitPathOf(""), inodeOf(this.#holdings.listening));
      this.#serve();
      end = waitForEnd(this.#answers.init.pid);
      this.#tellExit(end);
      if (end.code !== 0 || end.signal !== 0)
        for (const line of denials.earlyDenials(end.pid)) this.#plan.options.warn(line);
    } catch (caught) {
      const { pid } = this.#answers.init;
      this.#abort();
      throw denials.explain(asLxcError(caught as Error), pid);
    } finally {
      this.#stopped(undo, end);
    }
    return end;
  }

  /** Makes the first process and everything that waits for it. */
  #start(undo: Undo): void {
    const plan = this.#plan;
    const channel = socketPair();
    const { cgroups, ownProgram } = this.#holdings;
    const child = bearFirstProcess(plan.namespaces, cgroups.payloadV2Fd(), () => {
      closeFd(channel.left);
      runChild(plan, { monitor: channel.right, cgroups, signalMask: this.#signals.maskBefore, ownProgram });
    });
    this.#answers.init = child;
    this.#hooks.born(child.pid);
    closeFd(channel.right);
    try {
      this.#mapUsers();
      // As long as it has its caller's ids it is one of the caller's processes, of which lxc-user-nic makes sure.
      const early = effectiveUser() === 0 ? undefined : this.#makeNetworks(undo);
      if (this.#plan.user !== undefined) tell(channel.left, "mapped");
      // While the first process mounts: they take as long as that does.
      const cgroupPath = cgroups.makeLegacyPayload();
      delegateTo(plan, cgroups, child.pid);
      this.#warnings = cgroups.warnings();
      applyLimits(cgroups, plan.limits);
      const networks = early ?? this.#makeNetworks(undo);
      for (const file of plan.options.config.proc.entries) setProcFile(child.pid, file.name, file.value);
      setResourceLimits(child.pid, resourceLimits(plan.options.config));
      tellWith(channel.left, "configured", cgroupPath);
      this.#takeTerminals(channel.left);
      completeNetworks(networks);
      for (const warning of applyDeviceRules(cgroups, plan.limits)) plan.options.warn(warning);
      this.#hooks.run("start-host");
      this.#signals.refuseIfAsked(plan.options.container.name);
      tell(channel.left, "go");
      if (plan.filter?.notifies === true) this.#superviseCalls(channel.left);
      expect(channel.left, "closed");
      // Before it became its program nobody but root may look at it.
      watchNetworks(networks);
    } catch (caught) {
      const failure = this.#firstFailure(channel.left, asLxcError(caught as Error));
      throw explainLimits(failure, cgroups, plan.limits.limits);
    } finally {
      closeFd(channel.left);
    }
  }

  /** In place of `#start`: what the first process had, criu gives back. */
  #restore(checkpoint: CheckpointFiles): void {
    const { cgroups } = this.#holdings;
    cgroups.makeLegacyPayload();
    this.#warnings = cgroups.warnings();
    applyLimits(cgroups, this.#plan.limits);
    this.#answers.init = restoreFirstProcess(this.#plan, checkpoint, cgroups);
    this.#hooks.born(this.#answers.init.pid);
    for (const warning of applyDeviceRules(cgroups, this.#plan.limits)) this.#plan.options.warn(warning);
  }

  /** The first process waits for who it is. */
  #mapUsers(): void {
    if (this.#plan.options.config.schedCore.value) isolateCores(this.#answers.init.pid);
    if (this.#plan.user === undefined || this.#plan.idMaps.length === 0) return;
    writeIdMaps(this.#answers.init.pid, this.#plan.idMaps);
  }

  /** From its filter on, the first process may wait for what the proxy says: so we serve while we wait for its exec. */
  #superviseCalls(channel: number): void {
    const message = hear(channel);
    const listener = message.descriptors[0];
    if (message.say !== "filtered" || listener === undefined) throw unexpected(message, "filtered");
    const config = this.#plan.options.config;
    const proxy = new NotifyProxy(this.#loop, {
      address: config.seccompNotifyProxy.value ?? "",
      cookie: config.seccompNotifyCookie.value ?? "",
      monitorPid: currentPid(),
      initPid: this.#answers.init.pid,
      timeoutMs: PROXY_TIMEOUT_MS,
      warn: this.#plan.options.warn,
    });
    proxy.add(listener);
    this.#answers.proxy = proxy;
    this.#answers.notifyListener = listener;
    this.#loop.watch(channel, () => this.#loop.stop());
    this.#loop.run();
    this.#loop.forget(channel);
  }

  /** What we run into when the first process has ended already is not the cause: that it has told before it ended. */
  #firstFailure(channel: number, ours: LxcError): LxcError {
    const hasEnded = ours.errno === EPIPE || tryEndOf(this.#answers.init.pidfd, true) !== undefined;
    if (!hasEnded) return ours;
    for (;;) {
      const message = hear(channel);
      if (message.failure !== undefined) return message.failure;
      if (message.say === "closed") return ours;
    }
  }

  #makeNetworks(undo: Undo): NetworkDevice[] {
    if (this.#plan.network.networks.length === 0) return [];
    const socket = new NetlinkSocket();
    undo.add("close the netlink socket", () => socket.close());
    const scripts = {
      containerName: this.#plan.options.container.name,
      hookVersion: this.#plan.options.config.hookVersion.value,
      environment: this.#plan.hookEnvironment,
      run: runHook,
    };
    return createNetworks(
      this.#plan.network,
      socket,
      {
        initPid: this.#answers.init.pid,
        scripts,
        movedFolder: movedLinksFolder(this.#holdings.runDir),
        container: this.#plan.options.container,
        loop: this.#loop,
        warn: this.#plan.options.warn,
      },
      undo,
    );
  }

  /** The terminals come in as many messages as it takes, then the first process says that it is ready. */
  #takeTerminals(channel: number): void {
    let controls: number[] = [];
    for (;;) {
      const message = hear(channel);
      if (message.say === "terminals") controls = controls.concat(message.descriptors);
      else if (message.say === "ready") break;
      else if (!this.#help(channel, message)) throw unexpected(message, "ready");
    }
    this.#answers.consoles = new Consoles(this.#loop, controls, this.#plan.console !== "none", this.#recorder);
  }

  /** Does for the first process what it may not do itself. Returns false when that is not what it asks for. */
  #help(channel: number, message: Message): boolean {
    if (message.say !== "shift") return false;
    try {
      answerShift(channel, message, this.#answers.init.pid);
    } catch (caught) {
      tellFailure(channel, asLxcError(caught as Error));
    }
    return true;
  }

  /** Answers commands and passes signals on, until the first process has ended. */
  #serve(): void {
    const { pidfd } = this.#answers.init;
    this.#loop.watch(this.#signals.fd, () => this.#signals.forward(pidfd, () => this.#resize()));
    this.#loop.watch(pidfd, () => this.#loop.stop());
    this.#connectConsole();
    giveBackMemory();
    this.#loop.run();
    this.#foreground?.stop();
    this.#foreground = undefined;
    this.#loop.forget(pidfd);
    this.#loop.forget(this.#signals.fd);
  }

  /** In the foreground the console is the caller's terminal; what nobody sees must still be read. */
  #connectConsole(): void {
    const consoles = this.#answers.consoles;
    if (consoles === undefined) return;
    const { config, daemon } = this.#plan.options;
    const path = config.consolePath.value ?? "";
    if (consoles.consoleFd() >= 0 && (!daemon || path !== "")) {
      const foreground = new ForegroundConsole(this.#loop, consoles);
      if (foreground.start(path, () => consoles.drain())) {
        this.#foreground = foreground;
        return;
      }
    }
    consoles.drain();
  }

  #resize(): void {
    this.#foreground?.resize();
  }

  #become(state: State): void {
    this.#answers.current = state;
    this.#server.tellState(state);
    tellMonitord(this.#fifo(), this.#plan.options.container, state);
  }

  #tellExit(end: ProcessEnd): void {
    const status = end.signal === 0 ? end.code * 256 : end.signal;
    tellMonitordOfExit(this.#fifo(), this.#plan.options.container, status);
  }

  #fifo(): string {
    return monitorFifoOf(this.#holdings.runDir, this.#plan.options.container);
  }

  /** A failure while starting: whatever there is of the container ends. */
  #abort(): void {
    this.#become("ABORTING");
    if (this.#answers.init.pid <= 0) return;
    sendSignal(this.#answers.init.pidfd, SIGKILL);
    waitForEnd(this.#answers.init.pid);
  }

  /** From the end of the first process to STOPPED, and what the administrator wants done after that. */
  #stopped(undo: Undo, end: ProcessEnd): void {
    this.#become("STOPPING");
    this.#hooks.ended(isReboot(end) ? "reboot" : "stop");
    if (!hasNamespace(this.#plan.namespaces.own, "pid")) this.#tolerate(() => this.#endOthers());
    this.#tolerate(() => this.#hooks.run("stop"));
    for (const failure of undo.run()) this.#warn(failure);
    if (this.#answers.init.pidfd >= 0) closeFd(this.#answers.init.pidfd);
    this.#answers.forgetInit();
    this.#answers.notifyListener = -1;
    this.#answers.proxy?.close();
    this.#answers.proxy = undefined;
    this.#answers.consoles?.close();
    this.#answers.consoles = undefined;
    if (!isReboot(end)) this.#sayStopped();
    // As in LXC: a post-stop hook that fails keeps a container from starting again.
    if (!this.#tolerate(() => this.#hooks.run("post-stop"))) this.#sayStopped();
    this.#hooks.close();
  }

  /** Without process ids of its own the end of the first process is not that of the others. */
  #endOthers(): void {
    const { cgroups } = this.#holdings;
    const unified = cgroups.limitV2Fd();
    const fd = unified >= 0 ? unified : cgroups.limitFdOf("freezer");
    if (fd >= 0) killAllIn(fd);
  }

  /** From here on the container looks stopped: nobody answers for it, and its name is free. */
  #sayStopped(): void {
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    this.#become("STOPPED");
    this.#server.close();
  }

  #finish(): void {
    this.#sayStopped();
    if (this.#plan.options.config.ephemeral.value) this.#tolerate(() => this.#destroy());
    this.#tolerate(() => this.#holdings.cgroups.leaveMonitor());
    this.#signals.close();
    this.#loop.close();
  }

  /** What lxc.ephemeral promises: nothing of the container is left. */
  #destroy(): void {
    const { container, environment } = this.#plan.options;
    const { runDir } = this.#holdings;
    destroyContainer({
      container,
      runDir,
      environment,
      isRunning: false,
      configFile: "",
      force: false,
      stop: () => undefined,
    });
  }

  /** What goes wrong while clearing up never stops the clearing up. */
  #warn(failure: LxcError): void {
    const hint = nearestHint(failure);
    this.#plan.options.warn(hint === "" ? failure.message : `${failure.message}; ${hint}`);
  }

  /** Returns whether it went well; what did not is a warning. */
  #tolerate(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (caught) {
      this.#warn(asLxcError(caught as Error));
      return false;
    }
  }
}

function resourceLimits(config: Config): ResourceLimit[] {
  const limits: ResourceLimit[] = [];
  for (const { name, value } of config.prlimit.entries) limits.push({ name, soft: value.soft, hard: value.hard });
  return limits;
}

/** As lxc.monitor.unshare wants it: what is mounted from now on in here is not seen by the host. */
function leaveMounts(): void {
  unshare(CLONE_NEWNS, "mount");
  setPropagation("/", MS_SLAVE | MS_REC);
}

/** What reboot(2) does to process 1 of a pid namespace (pid_namespaces(7)). */
function isReboot(end: ProcessEnd): boolean {
  return end.signal === SIGHUP;
}
