// The caller's own terminal as the console of a container that runs in the foreground. Runs in the monitor.

import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../kernel/abi/fs.ts";
import { call } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeFd, tryOpenAt } from "../kernel/files.ts";
import { copyWindowSize, isTerminal, makeRaw, restoreTerminal } from "../kernel/terminals.ts";
import { TerminalProxy } from "./terminal-proxy.ts";

const OWN_TERMINAL = "/dev/tty";

/** Connected from `start` to `stop`. */
export class ForegroundConsole {
  readonly #loop: EventLoop;
  readonly #console: number;
  #terminal = -1;
  #settings: Uint8Array = new Uint8Array(0);
  #proxy: TerminalProxy | undefined = undefined;

  /** `console` is the monitor's end of the container's console. */
  constructor(loop: EventLoop, console: number) {
    this.#loop = loop;
    this.#console = console;
  }

  /**
   * Connects the terminal at `path`, or our own for "". Returns false when we have none: then nobody sees the console, as
   * in LXC. `lost` is called when the terminal goes away.
   */
  start(path: string, lost: () => void): boolean {
    const flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
    const terminal =
      path === ""
        ? tryOpenAt(AT_FDCWD, OWN_TERMINAL, flags)
        : call(`open ${path}, as lxc.console.path says`, "openat", AT_FDCWD, path, flags);
    if (terminal < 0) return false;
    if (!isTerminal(terminal)) {
      closeFd(terminal);
      return false;
    }
    this.#terminal = terminal;
    copyWindowSize(terminal, this.#console);
    this.#settings = makeRaw(terminal);
    const ends = { terminal: this.#console, input: terminal, output: terminal, log: -1, escape: -1 };
    this.#proxy = new TerminalProxy(this.#loop, ends, (how) => {
      if (how === "user") lost();
    });
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
