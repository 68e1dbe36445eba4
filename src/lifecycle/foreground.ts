// The caller's own terminal as the console of a container that runs in the foreground. Runs in the monitor.

import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../kernel/abi/fs.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeFd, tryOpenAt } from "../kernel/files.ts";
import { copyWindowSize, isTerminal, makeRaw, restoreTerminal } from "../kernel/terminals.ts";
import type { Consoles } from "./consoles.ts";
import { type ProxyEnding, TerminalProxy } from "./terminal-proxy.ts";

const OWN_TERMINAL = "/dev/tty";
/** A device of the host's that takes nothing, such as a terminal nobody reads, must not hold up the container for ever. */
const PATIENCE_MS = 1000;

/** Connected from `start` to `stop`. */
export class ForegroundConsole {
  readonly #loop: EventLoop;
  readonly #consoles: Consoles;
  readonly #console: number;
  #terminal = -1;
  #settings: Uint8Array = new Uint8Array(0);
  #proxy: TerminalProxy | undefined = undefined;

  constructor(loop: EventLoop, consoles: Consoles) {
    this.#loop = loop;
    this.#consoles = consoles;
    this.#console = consoles.consoleFd();
  }

  /**
   * Connects the terminal at `path`, or our own for "". Returns false when there is none: then nobody sees the console, as
   * in LXC. `lost` is called when the terminal goes away.
   */
  start(path: string, lost: () => void): boolean {
    const flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
    const own = path === "";
    const terminal = own ? tryOpenAt(AT_FDCWD, OWN_TERMINAL, flags) : this.#consoles.recorder.takeTerminal();
    if (terminal < 0) return false;
    if (!isTerminal(terminal)) {
      closeFd(terminal);
      return false;
    }
    this.#terminal = terminal;
    copyWindowSize(terminal, this.#console);
    this.#settings = makeRaw(terminal);
    const ends = { terminal: this.#console, input: terminal, output: terminal, log: -1, escape: -1 };
    const heard = (bytes: Uint8Array): void => this.#consoles.recorder.hear(bytes);
    // Our own terminal may be stopped for as long as its user likes.
    const manners = { heard, patienceMs: own ? -1 : PATIENCE_MS, endsWithInput: false };
    const ended = (how: ProxyEnding): void => {
      if (how === "user") lost();
    };
    this.#proxy = new TerminalProxy(this.#loop, ends, ended, manners);
    this.#consoles.occupy();
    this.#proxy.start();
    return true;
  }

  /** The terminal's window has another size. */
  resize(): void {
    if (this.#terminal >= 0) copyWindowSize(this.#terminal, this.#console);
  }

  /** Shows what the container still had to say, and gives the terminal back as it was. */
  stop(): void {
    if (this.#terminal < 0) return;
    this.#proxy?.finish();
    restoreTerminal(this.#terminal, this.#settings);
    closeFd(this.#terminal);
    this.#terminal = -1;
  }
}
