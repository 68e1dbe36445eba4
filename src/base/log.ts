// What happens, one line per event, in the format of LXC's log files. Pure: the sink writes.
import { upperCase } from "./text.ts";

export const logLevels = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "FATAL"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Its place in the list: the higher, the more severe. */
export function severityOf(level: LogLevel): number {
  let at = 0;
  for (const known of logLevels) {
    if (known === level) return at;
    at++;
  }
  return at;
}

/** By name in any case, or by LXC's number. */
export function logLevelNamed(word: string): LogLevel | undefined {
  for (const level of logLevels) {
    if (level === upperCase(word) || String(severityOf(level)) === word) return level;
  }
  return undefined;
}

export interface LogOptions {
  /** The program and the container, which begin each line. */
  readonly program: string;
  readonly container: string;
  /** The severity of the least severe level that is written. */
  readonly least: number;
  /** Gets a whole line, with its newline. */
  readonly write: (line: string) => void;
  /** What `write` writes to, for whoever closes all other descriptors; -1 for none. */
  readonly fd: number;
}

/** Gets each message that is severe enough, in its parts. */
export type LogListener = (level: LogLevel, subsystem: string, message: string) => void;

/** Passed down to whoever has something to tell. */
export class Log {
  readonly fd: number;
  readonly #head: string;
  readonly #least: number;
  readonly #write: (line: string) => void;
  #listener: LogListener | undefined = undefined;

  constructor(options: LogOptions) {
    this.#head = options.container === "" ? options.program : `${options.program} ${options.container}`;
    this.#least = options.least;
    this.#write = options.write;
    this.fd = options.fd;
  }

  /** Tells `listener` too, from now on. */
  tellAlso(listener: LogListener): void {
    this.#listener = listener;
  }

  trace(subsystem: string, message: string): void {
    this.#tell("TRACE", subsystem, message);
  }

  debug(subsystem: string, message: string): void {
    this.#tell("DEBUG", subsystem, message);
  }

  info(subsystem: string, message: string): void {
    this.#tell("INFO", subsystem, message);
  }

  warn(subsystem: string, message: string): void {
    this.#tell("WARN", subsystem, message);
  }

  error(subsystem: string, message: string): void {
    this.#tell("ERROR", subsystem, message);
  }

  #tell(level: LogLevel, subsystem: string, message: string): void {
    if (severityOf(level) < this.#least) return;
    this.#write(logLine(this.#head, level, subsystem, message, Date.now()));
    const listener = this.#listener;
    if (listener !== undefined) listener(level, subsystem, message);
  }
}

/** LXC's line. The place in the source, by which its readers split it, is the subsystem here. */
export function logLine(head: string, level: LogLevel, subsystem: string, message: string, timeMs: number): string {
  const bare = message.split("\n").join("; ");
  return `${head} ${timeStamp(timeMs)} ${level.padEnd(8)} ${placed(subsystem, bare)}\n`;
}

/** A message with where it is from, as LXC has it in a log file and in syslog. */
export function placed(subsystem: string, message: string): string {
  return `${subsystem} - lxc-ts:${subsystem}:0 - ${message}`;
}

/** YYYYMMDDHHMMSS.mmm in UTC, as LXC writes it. */
function timeStamp(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  let digits = "";
  for (let i = 0; i < iso.length; i++) {
    const letter = iso.charAt(i);
    if ((letter >= "0" && letter <= "9") || letter === ".") digits += letter;
  }
  return digits;
}

/** One that writes nothing. */
export function silentLog(): Log {
  return new Log({ program: "", container: "", least: Infinity, write: () => {}, fd: -1 });
}
