// Kinds of value for isolation: signals, capabilities, namespaces, id maps, limits, architectures, log levels. Pure.

import { blankSeparated, cInteger, lowerCase, upperCase } from "../../base/text.ts";
import { capabilityNames } from "../../isolation/capabilities.ts";
import type { IdMapping } from "../../isolation/id-maps.ts";
import { type NamespaceName, namespaceNames } from "../../isolation/namespaces.ts";
import { isCall } from "../../isolation/seccomp/architectures.ts";
import { exceptionNames } from "../../isolation/seccomp/exceptions.ts";
import { SIGABRT, SIGCHLD, SIGIO, SIGNAL_NAMES, SIGRTMAX, SIGRTMIN, SIGSYS } from "../../kernel/abi/signal.ts";
import type { Codec, ListCodec } from "./codecs.ts";

const NONE: readonly string[] = [];

export type LogLevel = "trace" | "debug" | "info" | "notice" | "warn" | "error" | "crit" | "alert" | "fatal" | "notset";
/** The index is LXC's number. */
export const logLevels: readonly LogLevel[] = [
  "trace",
  "debug",
  "info",
  "notice",
  "warn",
  "error",
  "crit",
  "alert",
  "fatal",
];

/** Those of 64 bits, then those of 32. */
const architectures: readonly string[] = [
  "aarch64",
  "amd64",
  "arm64",
  "linux64",
  "loongarch64",
  "loong64",
  "mips64",
  "mips64el",
  "ppc64",
  "ppc64el",
  "ppc64le",
  "powerpc64",
  "riscv64",
  "s390x",
  "x86_64",
  "arm",
  "armel",
  "armhf",
  "armv7l",
  "athlon",
  "i386",
  "i486",
  "i586",
  "i686",
  "linux32",
  "mips",
  "mipsel",
  "ppc",
  "powerpc",
  "x32",
  "x86",
];
const FIRST_OF_32_BITS = "arm";

/** Whether the architecture named by `lxc.arch` needs the 32-bit personality. */
export function isArchitecture32(name: string): boolean {
  return architectures.indexOf(name) >= architectures.indexOf(FIRST_OF_32_BITS);
}

/** LXC's getter knows two answers only. */
export const architecture: Codec<string> = {
  name: "an architecture such as x86_64, i686 or arm64",
  words: architectures,
  json: "word",
  parse: (text) => (architectures.includes(text) ? text : undefined),
  format: (value) => (isArchitecture32(value) ? "i686" : "x86_64"),
};

/** A signal as `SIGTERM`, `SIGRTMIN+3`, `SIGRTMAX-1` or a number, which is not checked, as in LXC. */
export const signal: Codec<number> = {
  name: "a signal such as SIGTERM, SIGRTMIN+3 or 15",
  words: signalWords(),
  json: "number",
  parse: signalIn,
  format: (value) => String(value),
};

function signalWords(): string[] {
  const words: string[] = [];
  // The first has no name.
  for (let i = 1; i < SIGNAL_NAMES.length; i++) words.push(`SIG${SIGNAL_NAMES[i]!}`);
  return words;
}

function signalIn(text: string): number | undefined {
  const first = text.charCodeAt(0);
  if (first >= 48 && first <= 57) return cInteger(text);
  const upper = upperCase(text);
  if (!upper.startsWith("SIG")) return undefined;
  const up = upper.startsWith("SIGRTMIN+");
  if (!up && !upper.startsWith("SIGRTMAX-")) return signalNumber(upper.slice(3));
  const offset = cInteger(upper.slice(9));
  if (offset === undefined || offset < 0 || offset > SIGRTMAX - SIGRTMIN) return undefined;
  return up ? SIGRTMIN + offset : SIGRTMAX - offset;
}

export const logLevel: Codec<LogLevel> = {
  name: "a log level from 0 to 8, or one of TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL",
  words: ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "FATAL"],
  json: "text",
  parse: (text) => {
    const first = text.charCodeAt(0);
    if (first >= 48 && first <= 57) return logLevels[cInteger(text) ?? -1];
    const lower = lowerCase(text);
    for (const level of logLevels) if (level === lower) return level;
    return undefined;
  },
  format: (value) => upperCase(value),
};

/** The number of a signal named in capitals without its SIG; second names are known as well. */
function signalNumber(name: string): number | undefined {
  if (name === "IOT") return SIGABRT;
  if (name === "CLD") return SIGCHLD;
  if (name === "POLL") return SIGIO;
  if (name === "UNUSED") return SIGSYS;
  const index = SIGNAL_NAMES.indexOf(name);
  return index > 0 ? index : undefined;
}

const facilities: readonly string[] = [
  "daemon",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
];

export const syslogFacility: Codec<string> = {
  name: "daemon, or local0 to local7",
  words: facilities,
  json: "word",
  parse: (text) => (facilities.includes(lowerCase(text)) ? text : undefined),
  format: (value) => value,
};

/** Capabilities to drop: names or numbers, several per line. */
export const capabilitiesToDrop: ListCodec<string> = {
  name: "capabilities such as sys_time, or their numbers",
  words: capabilityNames,
  json: "text",
  between: "",
  add: addCapabilities,
  format: (value) => value,
};

/** Capabilities to keep. The list `["none"]` keeps none; a later name takes its place. */
export const capabilitiesToKeep: ListCodec<string> = {
  name: "capabilities such as sys_time, their numbers, or none",
  words: capabilityNames.concat(["none"]),
  json: "text",
  between: "",
  add: (values, text) => {
    let kept = values;
    const words = blankSeparated(text);
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if (word === "none") {
        kept = ["none"];
        continue;
      }
      if (kept[0] === "none") kept = [];
      if (addCapabilities(kept, word) === undefined) return undefined;
    }
    return kept;
  },
  format: (value) => value,
};

function addCapabilities(values: string[], text: string): string[] | undefined {
  const words = blankSeparated(text);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!capabilityNames.includes(word)) {
      const number = cInteger(word);
      if (number === undefined || number < 0 || number > 63) return undefined;
    }
    values.push(word);
  }
  return values;
}

/** Namespaces, several per line, kept in the order of `namespaceNames` as LXC prints them. */
export const namespaces: ListCodec<NamespaceName> = {
  name: "namespaces: user mnt pid uts ipc net cgroup time",
  words: namespaceNames,
  json: "word",
  between: "",
  add: (values, text) => {
    for (const word of blankSeparated(lowerCase(text))) {
      const name = namespaceNames.find((candidate) => candidate === word);
      if (name === undefined) return undefined;
      if (!values.includes(name)) values.push(name);
    }
    return namespaceNames.filter((name) => values.includes(name));
  },
  format: (value) => value,
};

export const idMappings: ListCodec<IdMapping> = {
  name: 'an id map such as "u 0 100000 65536"',
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    const words = blankSeparated(text);
    const kind = words[0];
    if (words.length !== 4 || (kind !== "u" && kind !== "g")) return undefined;
    const inside = cInteger(words[1]!);
    const outside = cInteger(words[2]!);
    const count = cInteger(words[3]!);
    if (inside === undefined || outside === undefined || count === undefined) return undefined;
    if (inside < 0 || outside < 0 || count < 0) return undefined;
    values.push({ kind, inside, outside, count });
    return values;
  },
  format: (value) => `${value.kind} ${value.inside} ${value.outside} ${value.count}`,
};

/** Group numbers with commas between. */
export const groupIds: ListCodec<number> = {
  name: "group numbers, with commas between",
  words: NONE,
  json: "number",
  between: ",",
  add: (values, text) => {
    const before = values.length;
    const parts = text.split(",");
    for (let i = 0; i < parts.length; i++) {
      const words = blankSeparated(parts[i]!);
      // As in LXC, blanks do not separate, and nothing between two commas is nothing.
      if (words.length > 1) return undefined;
      if (words.length === 0) continue;
      const group = cInteger(words[0]!);
      if (group === undefined || group < 0 || group > 4294967295) return undefined;
      values.push(group);
    }
    return values.length > before ? values : undefined;
  },
  format: (value) => String(value),
};

/** What a seccomp policy denies and is to be allowed, several per line. */
export const seccompExceptions: ListCodec<string> = {
  name: "system calls, or names such as af_vsock",
  words: exceptionNames(),
  json: "text",
  between: "",
  add: (values, text) => {
    for (const word of blankSeparated(lowerCase(text))) {
      if (!exceptionNames().includes(word) && !isCall(word)) return undefined;
      if (!values.includes(word)) values.push(word);
    }
    return values;
  },
  format: (value) => value,
};

/** A resource limit; Infinity is "unlimited". */
export interface LimitValue {
  readonly soft: number;
  readonly hard: number;
}

export const limit: Codec<LimitValue> = {
  name: 'a limit such as 1024, "64:128" or unlimited',
  words: ["unlimited"],
  json: "text",
  parse: (text) => {
    const colon = text.indexOf(":");
    const soft = limitIn(colon < 0 ? text : text.slice(0, colon));
    // `5:` sets both, as in LXC.
    const rest = colon < 0 ? "" : text.slice(colon + 1).trim();
    const hard = rest === "" ? soft : limitIn(rest);
    return soft === undefined || hard === undefined ? undefined : { soft, hard };
  },
  format: (value) =>
    value.soft === value.hard ? limitText(value.soft) : `${limitText(value.soft)}:${limitText(value.hard)}`,
};

function limitIn(text: string): number | undefined {
  const bare = text.trim();
  // strtoull turns -1 into the largest number, which is RLIM_INFINITY.
  if (bare === "unlimited" || bare === "-1") return Infinity;
  for (let at = 0; at < bare.length; at++) {
    const code = bare.charCodeAt(at);
    if (code < 48 || code > 57) return undefined;
  }
  // strtoull reads nothing as 0.
  return bare === "" ? 0 : Number(bare);
}

function limitText(value: number): string {
  return value === Infinity ? "unlimited" : String(value);
}

/** Part of a time offset; seconds and nanoseconds are set apart, as in LXC. */
export interface TimePart {
  readonly unit: "s" | "ns";
  readonly amount: number;
}

export const timeOffset: ListCodec<TimePart> = {
  name: "a time such as 5s, -3h or 10ms",
  words: NONE,
  json: "text",
  between: "\n",
  add: (values, text) => {
    let end = text.length;
    while (end > 0 && text.charCodeAt(end - 1) > 57) end--;
    const factor = factorOf(text.slice(end));
    const number = cInteger(text.slice(0, end).trimEnd());
    if (number === undefined || factor === 0) return undefined;
    const unit = factor > 0 ? "s" : "ns";
    const amount = number * Math.abs(factor);
    if (Math.abs(amount) > Number.MAX_SAFE_INTEGER) return undefined;
    const kept: TimePart[] = [];
    for (const part of values) if (part.unit !== unit) kept.push(part);
    kept.push({ unit, amount });
    return kept;
  },
  format: (value) => `${value.amount}${value.unit}`,
};

/** Positive for seconds, negative for nanoseconds, 0 for no unit. */
function factorOf(unit: string): number {
  if (unit === "h") return 3600;
  if (unit === "m") return 60;
  if (unit === "s") return 1;
  if (unit === "ms") return -1000000;
  if (unit === "us") return -1000;
  return unit === "ns" ? -1 : 0;
}

/** `unix:` and the path of a socket, kept without the prefix; `@` begins an abstract name. */
export const socketAddress: Codec<string> = {
  name: "unix: and the path of a socket",
  words: NONE,
  json: "text",
  parse: (text) => {
    const address = text.slice(5);
    const good = text.startsWith("unix:") && (address.startsWith("/") || address.startsWith("@"));
    return good && address.length < 108 ? address : undefined;
  },
  format: (value) => value,
};
