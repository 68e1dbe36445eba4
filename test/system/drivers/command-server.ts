// Serves the command socket of a container that is not there: `command-server LXCPATH NAME`, until it is stopped.

import { commandSocketOf } from "../../../src/container/paths.ts";
import type { DeviceRule } from "../../../src/isolation/cgroup/devices.ts";
import { EBADF, EINVAL, ENOENT } from "../../../src/kernel/abi/errno.ts";
import { O_DIRECTORY, O_RDONLY } from "../../../src/kernel/abi/fs.ts";
import { EventLoop } from "../../../src/kernel/event-loop.ts";
import { closeFd, openFile, readAll } from "../../../src/kernel/files.ts";
import { bytesOfText, textOf } from "../../../src/kernel/memory.ts";
import { currentPid, tryOpenProcess } from "../../../src/kernel/process.ts";
import { tryListenAbstract } from "../../../src/kernel/sockets.ts";
import type { CgroupContext, CgroupHandle } from "../../../src/lifecycle/command-protocol.ts";
import { Served, type TakenTty } from "../../../src/lifecycle/command-served.ts";
import { CommandServer } from "../../../src/lifecycle/command-server.ts";
import { RingBuffer } from "../../../src/lifecycle/ring-buffer.ts";
import { type State, stateNamed } from "../../../src/lifecycle/states.ts";

const CGROUP2_SUPER_MAGIC = 0x63677270;
const CONSOLE_LOG_SIZE = 1048576;

/** Its first process is the server itself, its cgroups are the folder /proc, and its terminals /dev/null. */
class Pretender extends Served {
  readonly #name: string;
  readonly #lxcpath: string;
  readonly #pidfd: number;
  readonly #tty: number;
  readonly #loop: EventLoop;
  readonly #taken: number[] = [];
  readonly #buffer = new RingBuffer(CONSOLE_LOG_SIZE);
  #state: State = "RUNNING";

  constructor(name: string, lxcpath: string, loop: EventLoop) {
    super();
    this.#name = name;
    this.#lxcpath = lxcpath;
    this.#loop = loop;
    this.#pidfd = tryOpenProcess(currentPid());
    this.#tty = openFile("/dev/null", O_RDONLY);
    // More than goes into a socket at once.
    for (let at = 0; at < CONSOLE_LOG_SIZE; at += 8) this.#buffer.write(bytesOfText(`${1e7 + at}`));
  }

  override name(): string {
    return this.#name;
  }
  override lxcpath(): string {
    return this.#lxcpath;
  }
  override state(): State {
    return this.#state;
  }
  override noteState(state: State): void {
    this.#state = state === "THAWED" ? "RUNNING" : state;
  }
  override initPid(): number {
    return currentPid();
  }
  override initPidfd(): number {
    return this.#pidfd;
  }
  override cloneFlags(): number {
    return 0x6e020000;
  }
  override cgroupPath(controller: string, limits: boolean): string | undefined {
    if (controller === "nothing") return undefined;
    return limits ? `/limits/${controller}` : `/payload/${controller}`;
  }
  override cgroupHandle(controller: string, _limits: boolean): CgroupHandle | undefined {
    if (controller === "nothing") return undefined;
    return { layout: 2, utilities: 3, type: CGROUP2_SUPER_MAGIC, fd: openFile("/proc", O_RDONLY | O_DIRECTORY) };
  }
  override cgroup2Fd(limits: boolean): number {
    return limits ? -EINVAL : openFile("/proc", O_RDONLY | O_DIRECTORY);
  }
  override cgroupContext(): CgroupContext {
    const descriptors = [openFile("/proc", O_RDONLY | O_DIRECTORY), openFile("/sys", O_RDONLY | O_DIRECTORY)];
    return { layout: 1, utilities: 0, descriptors };
  }
  override configItem(key: string): string | undefined {
    return key === "lxc.uts.name" ? this.#name : key === "lxc.long" ? "x".repeat(5000) : undefined;
  }
  override addDevices(_rules: readonly DeviceRule[]): number {
    return -EINVAL;
  }
  override seccompNotifyFd(): number {
    return -1;
  }
  /** Takes a file that names a state, and is in that state then. */
  override addSeccompListener(listener: number): number {
    const state = stateNamed(textOf(readAll(listener, "the listener")));
    if (state === undefined) return -EINVAL;
    closeFd(listener);
    this.#state = state;
    return 0;
  }
  override systemdScope(): string | undefined {
    return undefined;
  }
  override freeze(_timeoutS: number): number {
    this.#state = "FROZEN";
    return 0;
  }
  override thaw(_timeoutS: number): number {
    this.#state = "RUNNING";
    return 0;
  }
  override stop(): number {
    this.#loop.stop();
    return 0;
  }
  override takeTty(number: number): TakenTty | undefined {
    const wanted = number < 0 ? 1 : number;
    if (wanted > 1 || this.#taken.includes(wanted)) return undefined;
    this.#taken.push(wanted);
    return { number: wanted, fd: this.#tty };
  }
  override freeTty(number: number): void {
    const at = this.#taken.indexOf(number);
    if (at >= 0) this.#taken.splice(at, 1);
  }
  override consoleBuffer(): RingBuffer | undefined {
    return this.#buffer;
  }
  override devptsFd(): number {
    return -EBADF;
  }
}

function main(): number {
  const lxcpath = process.argv[2] ?? "";
  const name = process.argv[3] ?? "";
  const listening = tryListenAbstract(commandSocketOf({ name, lxcpath }));
  if (listening < 0) return ENOENT;
  const loop = new EventLoop();
  const pretender = new Pretender(name, lxcpath, loop);
  const server = new CommandServer(listening, loop, pretender);
  console.log("ready");
  loop.run();
  pretender.noteState("STOPPED");
  server.tellState("STOPPED");
  server.close();
  return 0;
}

process.exitCode = main();
