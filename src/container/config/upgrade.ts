// The keys of LXC 1 and 2 as the keys of today. Pure.

import { isBlank } from "../../base/text.ts";
import { resourceNames } from "../../kernel/credentials.ts";

/** One line that changes, or goes. */
export interface Change {
  /** From 1 on, in the text before. */
  readonly line: number;
  readonly from: string;
  /** Today's key; "" when the line goes, for today there is no such key. */
  readonly to: string;
}

/** A configuration in today's keys, and what is different in it. */
export interface Upgrade {
  readonly text: string;
  readonly changes: readonly Change[];
}

interface LegacyKey {
  readonly from: string;
  /** "" for a key that is gone. */
  readonly to: string;
}

const ROOTFS = "lxc.rootfs";
const BACKEND = "lxc.rootfs.backend";
const LIMIT = "lxc.limit";
const NETWORK = "lxc.network";
const NET = "lxc.net";

/** All but those of networks. Keys that LXC 1 and 2 share with today, such as lxc.rootfs.mount, are not here. */
function legacyKeys(): readonly LegacyKey[] {
  return [
    { from: "lxc.aa_allow_incomplete", to: "lxc.apparmor.allow_incomplete" },
    { from: "lxc.aa_profile", to: "lxc.apparmor.profile" },
    { from: "lxc.console", to: "lxc.console.path" },
    { from: "lxc.devttydir", to: "lxc.tty.dir" },
    { from: "lxc.haltsignal", to: "lxc.signal.halt" },
    { from: "lxc.id_map", to: "lxc.idmap" },
    { from: "lxc.init_cmd", to: "lxc.init.cmd" },
    { from: "lxc.init_gid", to: "lxc.init.gid" },
    { from: "lxc.init_uid", to: "lxc.init.uid" },
    { from: "lxc.kmsg", to: "" },
    { from: LIMIT, to: "lxc.prlimit" },
    { from: "lxc.logfile", to: "lxc.log.file" },
    { from: "lxc.loglevel", to: "lxc.log.level" },
    { from: "lxc.mount", to: "lxc.mount.fstab" },
    { from: "lxc.pivotdir", to: "" },
    { from: "lxc.pts", to: "lxc.pty.max" },
    { from: "lxc.rebootsignal", to: "lxc.signal.reboot" },
    { from: ROOTFS, to: "lxc.rootfs.path" },
    { from: BACKEND, to: "" },
    { from: "lxc.se_context", to: "lxc.selinux.context" },
    { from: "lxc.seccomp", to: "lxc.seccomp.profile" },
    { from: "lxc.stopsignal", to: "lxc.signal.stop" },
    { from: "lxc.syslog", to: "lxc.log.syslog" },
    { from: "lxc.tty", to: "lxc.tty.max" },
    { from: "lxc.utsname", to: "lxc.uts.name" },
  ];
}

/** What lxc.rootfs may have begun with in LXC 1 and 2, before a colon. */
const backends: readonly string[] = [
  "aufs",
  "btrfs",
  "dir",
  "loop",
  "lvm",
  "nbd",
  "overlay",
  "overlayfs",
  "rbd",
  "zfs",
];

/** Today's key for a legacy one: "" when there is none any more, undefined when `key` is no legacy key. */
export function successorOf(key: string): string | undefined {
  if (key === NETWORK) return NET;
  if (key.startsWith(`${NETWORK}.`)) return networkKey(key.slice(NETWORK.length + 1), 0);
  if (key.startsWith(`${LIMIT}.`)) return limitKey(key.slice(LIMIT.length + 1));
  for (const legacy of legacyKeys()) if (legacy.from === key) return legacy.to;
  return undefined;
}

/** Other names below lxc.limit are today's friendly limits. */
function limitKey(name: string): string | undefined {
  return resourceNames.includes(name) ? `lxc.prlimit.${name}` : undefined;
}

/** The same configuration in today's keys. What has nothing to change stays byte for byte; comments are never looked at. */
export function upgradeText(text: string): Upgrade {
  const lines = text.split("\n");
  const backend = backendIn(lines);
  const networks = new NetworkNumbers();
  const kept: string[] = [];
  const changes: Change[] = [];
  let number = 0;
  for (const line of lines) {
    number++;
    const setting = settingIn(line);
    const to = setting === undefined ? undefined : networks.keyFor(setting);
    if (setting === undefined || to === undefined) {
      kept.push(line);
      continue;
    }
    changes.push({ line: number, from: setting.key, to });
    const rest = line.slice(setting.start + setting.key.length);
    if (to !== "") kept.push(line.slice(0, setting.start) + to + restFor(setting.key, rest, backend));
  }
  return { text: kept.join("\n"), changes };
}

/** What follows today's key. */
function restFor(key: string, rest: string, backend: string): string {
  if (key === ROOTFS) return prefixed(rest, backend);
  // With any value it began the list of networks anew; today only without one.
  return key === NETWORK ? rest.slice(0, rest.indexOf("=") + 1) : rest;
}

interface Setting {
  /** Where the key begins in its line. */
  readonly start: number;
  readonly key: string;
  readonly isEmpty: boolean;
}

function settingIn(line: string): Setting | undefined {
  let start = 0;
  while (start < line.length && isBlank(line.charCodeAt(start))) start++;
  const equals = line.indexOf("=", start);
  if (equals < 0 || !line.startsWith("lxc.", start)) return undefined;
  let end = equals;
  while (isBlank(line.charCodeAt(end - 1))) end--;
  const value = valueIn(line, equals);
  return { start, key: line.slice(start, end), isEmpty: value.from >= value.to };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where the value is, without blanks around it and without one pair of quotes. */
function valueIn(line: string, equals: number): Span {
  let from = equals + 1;
  let to = line.length;
  if (line.endsWith("\r")) to--;
  while (from < to && isBlank(line.charCodeAt(from))) from++;
  while (to > from && isBlank(line.charCodeAt(to - 1))) to--;
  const first = line.charAt(from);
  const isQuoted = to - from > 1 && (first === '"' || first === "'") && line.charAt(to - 1) === first;
  return isQuoted ? { from: from + 1, to: to - 1 } : { from, to };
}

/** The word of the last lxc.rootfs.backend that has one; "" without. */
function backendIn(lines: readonly string[]): string {
  let found = "";
  for (const line of lines) {
    const setting = settingIn(line);
    if (setting === undefined || setting.key !== BACKEND || setting.isEmpty) continue;
    const value = valueIn(line, line.indexOf("="));
    found = line.slice(value.from, value.to);
  }
  return found;
}

/** What follows the key lxc.rootfs, with the backend before the path unless one is there. */
function prefixed(rest: string, backend: string): string {
  const value = valueIn(rest, rest.indexOf("="));
  const path = rest.slice(value.from, value.to);
  if (path === "" || backends.some((known) => path.startsWith(`${known}:`))) return rest;
  // A block device is no folder: LXC finds out which kind it is when nothing is said.
  if (backend === "" && path.startsWith("/dev/")) return rest;
  const type = backends.includes(backend) ? backend : "dir";
  return `${rest.slice(0, value.from)}${type}:${rest.slice(value.from)}`;
}

/** Which network a line means: in LXC 1 and 2 each lxc.network.type begins one, and what follows belongs to it. */
class NetworkNumbers {
  #current = 0;
  #next = 0;

  /** Today's key for that of `setting`; undefined when it is one of today already. */
  keyFor(setting: Setting): string | undefined {
    const { key } = setting;
    // Both forms empty the list of networks, so that it is numbered afresh.
    if (setting.isEmpty && (key === NETWORK || key === `${NETWORK}.type` || key === NET)) {
      this.#current = 0;
      this.#next = 0;
      return key === NET ? undefined : NET;
    }
    const isLegacy = key.startsWith(`${NETWORK}.`);
    if (isLegacy || key.startsWith(`${NET}.`)) this.#count(key.slice(isLegacy ? NETWORK.length + 1 : NET.length + 1));
    return isLegacy ? networkKey(key.slice(NETWORK.length + 1), this.#current) : successorOf(key);
  }

  #count(subkey: string): void {
    const digits = leadingDigits(subkey);
    if (subkey === "type") this.#current = this.#next;
    else if (digits !== "" && subkey.slice(digits.length) === ".type") this.#current = parseInt(digits, 10);
    else return;
    this.#next = Math.max(this.#next, this.#current + 1);
  }
}

/** The key of a network from what follows `lxc.network.`; `number` is for one that has none. */
function networkKey(subkey: string, number: number): string {
  const digits = leadingDigits(subkey);
  const isNumbered = digits !== "" && (subkey.length === digits.length || subkey.charAt(digits.length) === ".");
  const index = isNumbered ? digits : String(number);
  const own = isNumbered ? subkey.slice(digits.length + 1) : subkey;
  if (own === "") return `${NET}.${index}`;
  return `${NET}.${index}.${own === "ipv4" || own === "ipv6" ? `${own}.address` : own}`;
}

function leadingDigits(text: string): string {
  let end = 0;
  while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return text.slice(0, end);
}
