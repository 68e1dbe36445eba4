// The monitor's ends of a container's terminals: who has them, and that the console never fills up.

import { tryBytes } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import type { TakenTty } from "./command-served.ts";

const CHUNK = 1024;

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
  readonly #loop: EventLoop;
  readonly #hasConsole: boolean;
  readonly #lines: Line[] = [];
  #drains = false;
  /** The console's other end: with one of our own open it never hangs up, whatever the container closes. */
  #peer = -1;

  /** `terminals` has both ends of the console first, when `hasConsole`, and then one end of each login terminal. */
  constructor(loop: EventLoop, terminals: readonly number[], hasConsole: boolean) {
    this.#loop = loop;
    this.#hasConsole = hasConsole;
    let at = 0;
    for (const fd of terminals) {
      if (hasConsole && at === 1) this.#peer = fd;
      else this.#lines.push(new Line(fd));
      at++;
    }
  }

  /** The console's end, or -1. */
  consoleFd(): number {
    return this.#hasConsole ? (this.#lines[0]?.fd ?? -1) : -1;
  }

  /** Reads what the console says and forgets it, so that nobody inside ever waits for a reader. */
  drain(): void {
    const fd = this.consoleFd();
    if (fd < 0 || this.#drains) return;
    this.#drains = true;
    this.#loop.watch(fd, () => this.#drop(fd));
  }

  #drop(fd: number): void {
    tryBytes("read", fd, new Uint8Array(CHUNK), CHUNK, 0);
  }

  #stopDraining(): void {
    if (!this.#drains) return;
    this.#drains = false;
    this.#loop.forget(this.consoleFd());
  }

  /** Gives terminal `number` away, or any login terminal for -1. The console is not drained while somebody has it. */
  take(number: number): TakenTty | undefined {
    const first = this.#hasConsole ? 0 : 1;
    const wanted = number >= 0 ? number : this.#firstFree();
    const line = wanted < first ? undefined : this.#lines[wanted - first];
    if (line === undefined || line.isTaken) return undefined;
    if (wanted === 0) this.#stopDraining();
    line.isTaken = true;
    return { number: wanted, fd: line.fd };
  }

  free(number: number): void {
    const line = this.#lines[this.#hasConsole ? number : number - 1];
    if (line === undefined) return;
    line.isTaken = false;
    if (number === 0) this.drain();
  }

  close(): void {
    this.#stopDraining();
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
