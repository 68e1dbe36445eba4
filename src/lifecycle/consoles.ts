// The monitor's ends of a container's terminals: who has them, and that the console never fills up.

import { asLxcError } from "../base/errors.ts";
import { F_SETFL } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import type { TakenTty } from "./command-served.ts";
import type { ConsoleRecorder } from "./console-recorder.ts";
import { ConsoleViewer } from "./console-viewer.ts";

const CHUNK = 4096;

/** One terminal. */
class Line {
  readonly fd: number;
  isTaken = false;

  constructor(fd: number) {
    this.fd = fd;
  }
}

/** The console is number 0, login terminals count from 1. */
export class Consoles {
  /** Gets all that the console says, whoever has it. */
  readonly recorder: ConsoleRecorder;
  readonly #loop: EventLoop;
  readonly #hasConsole: boolean;
  readonly #lines: Line[] = [];
  readonly #chunk = new Uint8Array(CHUNK);
  #drains = false;
  #viewer: ConsoleViewer | undefined = undefined;
  /** The console's other end: with one of our own open it never hangs up, whatever the container closes. */
  #peer = -1;

  /**
   * `terminals` has both ends of the console first, when `hasConsole`, and then one end of each login terminal. Throws when
   * the console's log cannot be opened.
   */
  constructor(loop: EventLoop, terminals: readonly number[], hasConsole: boolean, recorder: ConsoleRecorder) {
    this.#loop = loop;
    this.#hasConsole = hasConsole;
    this.recorder = recorder;
    let at = 0;
    for (const fd of terminals) {
      if (hasConsole && at === 1) this.#peer = fd;
      else this.#lines.push(new Line(fd));
      at++;
    }
    if (hasConsole) recorder.open();
  }

  /** The console's end, or -1. */
  consoleFd(): number {
    return this.#hasConsole ? (this.#lines[0]?.fd ?? -1) : -1;
  }

  /** Nobody watches the console: what it says is read all the same, so that nobody inside ever waits for a reader. */
  drain(): void {
    const fd = this.consoleFd();
    if (fd < 0) return;
    this.#lines[0]!.isTaken = false;
    if (this.#drains) return;
    this.#drains = true;
    this.#loop.watch(fd, () => this.#read(fd));
  }

  /** Somebody else reads the console, and tells the recorder, until `drain`. */
  occupy(): void {
    if (this.consoleFd() < 0) return;
    this.#stopDraining();
    this.#lines[0]!.isTaken = true;
  }

  /** Returns false when there is nothing to read. */
  #read(fd: number): boolean {
    const got = tryBytes(SYS.read, fd, this.#chunk, CHUNK, 0);
    if (got > 0) this.recorder.hear(this.#chunk.subarray(0, got));
    return got > 0;
  }

  #stopDraining(): void {
    if (!this.#drains) return;
    this.#drains = false;
    this.#loop.forget(this.consoleFd());
  }

  /** Gives terminal `number` away, or any login terminal for -1. For the console it is a terminal that is connected to it. */
  take(number: number): TakenTty | undefined {
    const first = this.#hasConsole ? 0 : 1;
    const wanted = number >= 0 ? number : this.#firstFree();
    const line = wanted < first ? undefined : this.#lines[wanted - first];
    if (line === undefined || line.isTaken) return undefined;
    const fd = wanted === 0 ? this.#tryView(line.fd) : line.fd;
    if (fd < 0) return undefined;
    line.isTaken = true;
    // Whoever gets it waits for it: LXC's client takes "not now" for the end.
    tryNumbers(SYS.fcntl, fd, F_SETFL, 0);
    return { number: wanted, fd };
  }

  /** Returns -errno when the host has no terminal to give. */
  #tryView(console: number): number {
    this.#stopDraining();
    try {
      this.#viewer = new ConsoleViewer(this.#loop, console, (bytes) => this.recorder.hear(bytes));
      return this.#viewer.control();
    } catch (caught) {
      this.drain();
      return -asLxcError(caught as Error).errno;
    }
  }

  free(number: number): void {
    const line = this.#lines[this.#hasConsole ? number : number - 1];
    if (line === undefined) return;
    line.isTaken = false;
    if (number !== 0) return;
    this.#viewer?.stop();
    this.#viewer = undefined;
    this.drain();
  }

  /** Once nobody inside lives: what the console still holds reaches whoever has it, and the log. */
  close(): void {
    this.#viewer?.finish();
    this.#viewer?.stop();
    this.#viewer = undefined;
    this.#stopDraining();
    const console = this.consoleFd();
    while (console >= 0 && this.#read(console));
    this.recorder.close();
    for (const line of this.#lines) closeFd(line.fd);
    if (this.#peer >= 0) closeFd(this.#peer);
  }

  #firstFree(): number {
    const first = this.#hasConsole ? 0 : 1;
    for (let at = 1 - first; at < this.#lines.length; at++) {
      if (this.#lines[at]?.isTaken === false) return at + first;
    }
    return -1;
  }
}
