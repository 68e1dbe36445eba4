// A terminal of a running container on the caller's own: keys go in, and what is said comes out, until the escape. Runs in lxc-console.

import { LxcError } from "../base/errors.ts";
import { wholeNumberIn } from "../base/text.ts";
import type { Container } from "../container/container.ts";
import { EAGAIN } from "../kernel/abi/errno.ts";
import { F_GETFL, F_SETFL, O_NONBLOCK } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../kernel/call.ts";
import { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import { copyWindowSize, isTerminal, makeRaw, openScreen, tryOpenPeer } from "../kernel/terminals.ts";
import { Timer } from "../kernel/timers.ts";
import { waitFor } from "../kernel/waiting.ts";
import { CallerTerminal } from "./caller-terminal.ts";
import { configItemOf, type TtyGrant, ttyFdOf } from "./command-client.ts";
import { type ProxyEnding, TerminalProxy } from "./terminal-proxy.ts";

/** By then a login program that there is has opened its terminal. */
const QUIET_MS = 2000;

/** `escape`: the user left. `user`: their side is gone, or a signal came. `container`: it has ended, or starts anew. */
export type ConsoleEnding = "escape" | "user" | "container";

export interface ConsoleUse {
  /** The terminal's number; 0 for the console, -1 for the first login terminal that is free. */
  readonly tty: number;
  /** The byte that begins an escape. */
  readonly escape: number;
  /** Is told which terminal it is, before anything is carried. */
  readonly connected: (tty: number) => void;
  /** Nothing has been said for a while, and no program inside has opened the terminal. */
  readonly unanswered: (tty: number) => void;
}

/** Connects the caller's terminal, or whatever its input and output are. Throws when there is no terminal to be had. */
export function useConsole(container: Container, use: ConsoleUse): ConsoleEnding {
  const grant = ttyFdOf(container, use.tty);
  if (grant === undefined) throw noTerminal(container, use.tty);
  use.connected(grant.number);
  const session = new ConsoleSession(grant, use);
  try {
    return session.run();
  } finally {
    session.close();
  }
}

/** Why there is none, as far as the monitor tells. */
function noTerminal(container: Container, tty: number): LxcError {
  const doing = `use ${tty < 0 ? "a terminal" : tty === 0 ? "the console" : `tty ${tty}`} of ${container.name}`;
  const count = wholeNumberIn((configItemOf(container, "lxc.tty.max") ?? "0").trim()) ?? 0;
  const attach = `run a shell instead: lxc-attach -n ${container.name} -P ${container.lxcpath}`;
  if (tty === 0 && configItemOf(container, "lxc.console.path") === "none") {
    return new LxcError("not-found", doing, "it has none: lxc.console.path is none", { hint: attach });
  }
  if (tty !== 0 && (count === 0 || tty > count)) {
    const reason = count === 0 ? "it has none: lxc.tty.max is 0" : `it has only ${count}, as lxc.tty.max says`;
    return new LxcError("not-found", doing, reason, { hint: `${attach}, or -t 0 for its console` });
  }
  const hint = tty < 0 ? attach : "leave out -t for the next one that is free";
  return new LxcError("wrong-state", doing, tty < 0 ? `all ${count} are in use` : "somebody else has it", { hint });
}

/** One connection, from construction to `close`. */
class ConsoleSession {
  readonly #grant: TtyGrant;
  readonly #use: ConsoleUse;
  readonly #loop = new EventLoop();
  /** The caller's keyboard, when it is a terminal. */
  readonly #screen: number;
  readonly #flagsBefore: number;
  readonly #caller: CallerTerminal;
  readonly #timer: Timer;
  #proxy: TerminalProxy | undefined = undefined;
  /** With an end of our own open, a login program that ends and begins anew is no end of the connection. */
  #peer = -1;
  #hasSpoken = false;
  #ending: ConsoleEnding = "user";

  constructor(grant: TtyGrant, use: ConsoleUse) {
    this.#grant = grant;
    this.#use = use;
    this.#screen = isTerminal(0) ? openScreen(0) : -1;
    this.#flagsBefore = Math.max(0, tryNumbers(SYS.fcntl, grant.fd, F_GETFL, 0));
    tryNumbers(SYS.fcntl, grant.fd, F_SETFL, this.#flagsBefore | O_NONBLOCK);
    this.#peer = tryOpenPeer(grant.fd);
    this.#timer = new Timer(this.#loop, () => this.#listenFor());
    this.#caller = new CallerTerminal(this.#loop, this.#screen, {
      take: makeRaw,
      changed: () => this.#resize(),
      ended: () => this.#end("user"),
    });
  }

  run(): ConsoleEnding {
    this.#resize();
    this.#loop.watch(this.#grant.connection, () => this.#checkConnection());
    this.#connect();
    if (this.#screen >= 0) this.#timer.startOnce(QUIET_MS);
    this.#loop.run();
    // What it said last is shown all the same.
    if (this.#ending === "container") this.#proxy?.finish();
    return this.#ending;
  }

  close(): void {
    this.#proxy?.stop();
    this.#timer.close();
    // Others use the same open terminal after us.
    tryNumbers(SYS.fcntl, this.#grant.fd, F_SETFL, this.#flagsBefore & ~O_NONBLOCK);
    if (this.#peer >= 0) closeFd(this.#peer);
    closeFd(this.#grant.fd);
    closeFd(this.#grant.connection);
    this.#caller.close();
    this.#loop.close();
  }

  #connect(): void {
    const input = Math.max(this.#screen, 0);
    const output = this.#screen >= 0 && isTerminal(1) ? this.#screen : 1;
    const ends = { terminal: this.#grant.fd, input, output, log: -1, escape: this.#use.escape };
    const heard = (): void => {
      this.#hasSpoken = true;
    };
    this.#proxy = new TerminalProxy(this.#loop, ends, (how) => this.#proxyEnded(how), {
      heard,
      patienceMs: -1,
      endsWithInput: true,
    });
    this.#proxy.start();
  }

  /** A program inside may hang up its terminal, as a login program does before it begins. */
  #proxyEnded(how: ProxyEnding): void {
    if (how !== "terminal") {
      this.#end(how);
      return;
    }
    if (this.#peer >= 0) closeFd(this.#peer);
    this.#peer = tryOpenPeer(this.#grant.fd);
    if (this.#peer >= 0) this.#connect();
    else this.#end("container");
  }

  #resize(): void {
    if (this.#screen >= 0) copyWindowSize(this.#screen, this.#grant.fd);
  }

  /** The monitor says nothing more on it: it ends with the container's life. */
  #checkConnection(): void {
    const byte = new Uint8Array(1);
    if (tryBytes(SYS.recvfrom, this.#grant.connection, byte, byte.length, 0) !== -EAGAIN) this.#end("container");
  }

  /** Only while our own end is closed the kernel tells whether anybody else has the terminal open. */
  #listenFor(): void {
    if (this.#hasSpoken || this.#peer < 0) return;
    closeFd(this.#peer);
    const isAlone = waitFor(this.#grant.fd, 0, 0);
    this.#peer = tryOpenPeer(this.#grant.fd);
    if (isAlone) this.#use.unanswered(this.#grant.number);
  }

  #end(how: ConsoleEnding): void {
    this.#ending = how;
    // Also while the last words wait for a screen that takes none.
    if (how === "user") this.#proxy?.stop();
    this.#loop.stop();
  }
}
