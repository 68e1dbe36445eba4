// The terminal of a program that is run inside a container: a new one, never the caller's own (CVE-2016-10124). Runs in lxc-attach.

import { asLxcError, LxcError, withHint } from "../base/errors.ts";
import { parentOf } from "../base/path.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import {
  AT_FDCWD,
  DEVPTS_SUPER_MAGIC,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
  statfs,
} from "../kernel/abi/fs.ts";
import { SIGCONT, SIGHUP, SIGTERM, SIGWINCH } from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../kernel/call.ts";
import { EventLoop } from "../kernel/event-loop.ts";
import { closeFd, createFile, tryOpenAt } from "../kernel/files.ts";
import { currentPid, tryEndOf, tryOpenProcess } from "../kernel/process.ts";
import { tryOpenBelow } from "../kernel/resolve.ts";
import { blockSignals, nextSignal, openSignals, signalSet } from "../kernel/signals.ts";
import {
  copyWindowSize,
  isTerminal,
  makeRaw,
  openScreen,
  openTerminal,
  restoreTerminal,
  type Terminal,
} from "../kernel/terminals.ts";
import { TerminalProxy } from "./terminal-proxy.ts";

const STANDARD: readonly number[] = [0, 1, 2];

/** What the caller and the program see of each other's terminals. */
export interface AttachTerminal {
  /** Of the new terminal; both -1 when the caller has none, and then there is none. */
  readonly control: number;
  readonly peer: number;
  /** The caller's. */
  readonly screen: number;
  readonly log: number;
  /** Those of descriptors 0 to 2 that are terminals of the caller: only these are replaced, as in LXC. */
  readonly replaced: readonly number[];
}

/**
 * Makes a terminal if the caller has one: in the container's devpts, so that it has a name inside, or else in the host's.
 * `proc` is the /proc folder of the container's first process.
 */
export function openAttachTerminal(proc: number, logFile: string): AttachTerminal {
  const replaced = STANDARD.filter((fd): boolean => isTerminal(fd));
  // As in LXC: a log that cannot be written is an error, also where there is nothing to log.
  const log = logFile === "" ? -1 : openTerminalLog(logFile);
  const first = replaced[0];
  if (first === undefined) return { control: -1, peer: -1, screen: -1, log, replaced };
  const made = openInContainer(proc) ?? openTerminal(AT_FDCWD, "/dev/ptmx");
  const screen = openScreen(first);
  copyWindowSize(screen, made.control);
  return { control: made.control, peer: made.peer, screen, log, replaced };
}

function openTerminalLog(path: string): number {
  try {
    return createFile(path, O_WRONLY | O_CREAT | O_APPEND, 0o640);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    throw error.errno === ENOENT ? withHint(error, `make its folder: mkdir -p ${parentOf(path)}`) : error;
  }
}

/** Only a devpts is asked for a terminal: what is at that path is the container's choice. */
function openInContainer(proc: number): Terminal | undefined {
  const root = tryOpenAt(proc, "root", O_PATH | O_DIRECTORY);
  if (root < 0) return undefined;
  const folder = tryOpenBelow(root, "dev/pts", O_PATH | O_DIRECTORY);
  closeFd(root);
  if (folder < 0) return undefined;
  try {
    const system = new Uint8Array(statfs.size);
    if (tryBytes(SYS.fstatfs, folder, system, 0, 0) < 0 || statfs.type.get(system) !== DEVPTS_SUPER_MAGIC)
      return undefined;
    return openTerminal(folder, "ptmx");
  } catch (caught) {
    // The host's own will do, unless that fails for the same reason and then says so.
    if (caught instanceof LxcError) return undefined;
    throw caught;
  } finally {
    closeFd(folder);
  }
}

/** Serves the program's terminal until process `pid` ends, which is left to be waited for. */
export function serveTerminal(terminal: AttachTerminal, pid: number): void {
  const service = new Service(terminal, pid);
  try {
    service.run();
  } finally {
    service.close();
  }
}

/** One session: the caller's terminal is raw while it lasts, and as it was afterwards, however it ends. */
class Service {
  readonly #terminal: AttachTerminal;
  readonly #loop = new EventLoop();
  readonly #program: number;
  readonly #signals: number;
  readonly #before: Uint8Array;
  readonly #maskBefore: Uint8Array;
  readonly #proxy: TerminalProxy;
  #fatal = 0;

  constructor(terminal: AttachTerminal, pid: number) {
    this.#terminal = terminal;
    this.#program = tryOpenProcess(pid);
    const set = signalSet([SIGWINCH, SIGCONT, SIGTERM, SIGHUP]);
    this.#maskBefore = blockSignals(set);
    this.#signals = openSignals(set);
    copyWindowSize(terminal.screen, terminal.control);
    this.#before = makeRaw(terminal.screen);
    const screen = terminal.screen;
    const ends = { terminal: terminal.control, input: screen, output: screen, log: terminal.log, escape: -1 };
    this.#proxy = new TerminalProxy(this.#loop, ends, (how) => this.#proxyEnded(how === "user"));
  }

  run(): void {
    this.#loop.watch(this.#signals, () => this.#takeSignals());
    this.#loop.watch(this.#program, () => this.#loop.stop());
    this.#proxy.start();
    if (tryEndOf(this.#program, true) === undefined) this.#loop.run();
    if (this.#fatal === 0) this.#proxy.finish();
  }

  close(): void {
    this.#proxy.stop();
    restoreTerminal(this.#terminal.screen, this.#before);
    closeFd(this.#terminal.control);
    closeFd(this.#signals);
    closeFd(this.#program);
    this.#loop.close();
    blockSignals(this.#maskBefore);
    // What ended us is told to our parent as it was told to us; the program inside gets a hang-up with its terminal.
    if (this.#fatal !== 0) tryNumbers(SYS.kill, currentPid(), this.#fatal, 0);
  }

  /** The program may live on without its terminal; without the caller's it gets the hang-up that a real one gives. */
  #proxyEnded(userIsGone: boolean): void {
    if (userIsGone) closeFd(this.#terminal.control);
  }

  #takeSignals(): void {
    for (;;) {
      const signal = nextSignal(this.#signals);
      if (signal === undefined) return;
      if (signal.number === SIGWINCH) copyWindowSize(this.#terminal.screen, this.#terminal.control);
      // A shell that stopped us has put its own settings back.
      else if (signal.number === SIGCONT) makeRaw(this.#terminal.screen);
      else {
        this.#fatal = signal.number;
        this.#loop.stop();
      }
    }
  }
}
