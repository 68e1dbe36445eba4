// Whoever takes the console by the command socket (lxc-console -t 0). Runs in the monitor.
//
// They get a terminal of their own, between which and the console the monitor carries bytes, as in LXC: so the log goes on
// meanwhile, and one who is stopped holds up nobody inside.

import { AT_FDCWD, F_SETFL, O_NONBLOCK } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryNumbers } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import { copyWindowSize, makeRaw, openTerminal, type Terminal } from "../kernel/terminals.ts";
import { Timer } from "../kernel/timers.ts";
import { TerminalProxy } from "./terminal-proxy.ts";

/** So long one who takes nothing holds up what the container says; then it goes on without them. */
const PATIENCE_MS = 1000;
/** Nobody tells of a new window size: the signal goes to a session that has the terminal, and ours must have none. */
const LOOK_EACH_MS = 200;

/** Connected from construction to `stop`. */
export class ConsoleViewer {
  readonly #console: number;
  readonly #terminal: Terminal;
  readonly #proxy: TerminalProxy;
  readonly #timer: Timer;

  /** `console` is the monitor's end of it; `heard` gets what the container says. Throws when the host has no terminal. */
  constructor(loop: EventLoop, console: number, heard: (bytes: Uint8Array) => void) {
    const terminal = openTerminal(AT_FDCWD, "/dev/ptmx");
    const { peer } = terminal;
    this.#console = console;
    this.#terminal = terminal;
    makeRaw(peer);
    tryNumbers(SYS.fcntl, peer, F_SETFL, O_NONBLOCK);
    copyWindowSize(console, peer);
    const ends = { terminal: console, input: peer, output: peer, log: -1, escape: -1 };
    this.#proxy = new TerminalProxy(loop, ends, () => {}, { heard, patienceMs: PATIENCE_MS, endsWithInput: false });
    this.#timer = new Timer(loop, () => this.#look());
    this.#proxy.start();
    this.#look();
  }

  /** The end for them. */
  control(): number {
    return this.#terminal.control;
  }

  #look(): void {
    copyWindowSize(this.#terminal.peer, this.#console);
    this.#timer.startOnce(LOOK_EACH_MS);
  }

  /** Passes on what the container has said until now, for as long as they take it. */
  finish(): void {
    this.#proxy.finish();
  }

  /** What they typed before they went still goes to the container: of both the monitor may hear in either order. */
  stop(): void {
    this.#proxy.passOnInput();
    this.#proxy.stop();
    this.#timer.close();
    closeFd(this.#terminal.peer);
    closeFd(this.#terminal.control);
  }
}
