// Where the console's output goes, whether anybody watches or not: a log, a buffer in memory, a file. Runs in the monitor.

import type { Config } from "../container/config/schema.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_APPEND, O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDWR } from "../kernel/abi/fs.ts";
import { refused } from "../kernel/call.ts";
import { closeFd, createFile, tryOpenAt } from "../kernel/files.ts";
import { isTerminal } from "../kernel/terminals.ts";
import { ConsoleLog } from "./console-log.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** One for all lives of a container: the buffer goes on over a reboot, and so does the log. */
export class ConsoleRecorder {
  /** What command 11 of the socket reads; undefined unless the configuration asks for one. */
  readonly ring: RingBuffer | undefined;
  readonly #log: ConsoleLog | undefined;
  /** What lxc.console.path names, if that is no terminal. */
  readonly #file: ConsoleLog | undefined;
  readonly #path: string;
  /** How much of the buffer the log may hold in the end; 0 for nothing. */
  readonly #mirrorBytes: number;
  #terminal = -1;

  /** `warn` gets one sentence for what is lost. */
  constructor(config: Config, warn: (text: string) => void) {
    const logfile = config.consoleLogfile.value ?? "";
    const size = config.consoleSize.value;
    const rotates = config.consoleRotate.value;
    const buffer = config.consoleBufferSize.value;
    const path = config.consolePath.value ?? "";
    this.ring = buffer > 0 ? new RingBuffer(buffer) : undefined;
    this.#log = logfile === "" ? undefined : new ConsoleLog({ path: logfile, limitBytes: size, rotates, warn });
    this.#file = path === "" ? undefined : new ConsoleLog({ path, limitBytes: 0, rotates: false, warn });
    this.#path = path;
    this.#mirrorBytes = rotates ? 0 : size;
  }

  /** Opens what the configuration names; at the start of each life, for a container with a console. Throws. */
  open(): void {
    this.#log?.open();
    if (this.#path === "") return;
    const fd = openConsolePath(this.#path);
    if (isTerminal(fd)) this.#terminal = fd;
    else this.#file?.adopt(fd);
  }

  /** The terminal that lxc.console.path names, from now on the caller's; -1 when it names none. */
  takeTerminal(): number {
    const terminal = this.#terminal;
    this.#terminal = -1;
    return terminal;
  }

  /** Keeps what the console has said. Never blocks, never throws. */
  hear(bytes: Uint8Array): void {
    this.ring?.write(bytes);
    this.#log?.write(bytes);
    this.#file?.write(bytes);
  }

  close(): void {
    this.#mirror();
    this.#log?.close();
    this.#file?.close();
    if (this.#terminal >= 0) closeFd(this.#terminal);
    this.#terminal = -1;
  }

  /**
   * As in LXC a log with a limit has in the end what the buffer has: its last bytes, not what came since it was emptied.
   * Unlike LXC's it never becomes less by that.
   */
  #mirror(): void {
    const log = this.#log;
    if (log === undefined || this.ring === undefined || this.#mirrorBytes === 0) return;
    const newest = this.ring.newest(this.#mirrorBytes);
    if (newest.length > log.sizeBytes()) log.replace(newest);
  }
}

/** A device or a file that is there, links followed, or else a new file for its owner alone. Throws when it cannot. */
function openConsolePath(path: string): number {
  const flags = O_RDWR | O_APPEND | O_NOCTTY | O_NONBLOCK;
  const fd = tryOpenAt(AT_FDCWD, path, flags);
  if (fd >= 0) return fd;
  if (fd === -ENOENT) return createFile(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  throw refused(`open ${path}, as lxc.console.path says`, "openat", fd);
}
