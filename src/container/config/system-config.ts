// The host's settings for LXC itself: /etc/lxc/lxc.conf, or a user's own file.

import type { Finding } from "../../base/finding.ts";
import { joinPath } from "../../base/path.ts";
import { nearest } from "../../base/text.ts";
import type { Environment } from "../../kernel/environment.ts";
import { tryReadText } from "../../kernel/files.ts";
import type { Complaint } from "./settings.ts";

/** One key of lxc.conf. */
export interface SystemKey {
  readonly key: string;
  /** For root. */
  readonly initial: string;
  /** For other users, below their home; "" where it is the same as for root. */
  readonly belowHome: string;
  readonly doc: string;
}

/** In the order in which lxc-config lists them; those LXC's does not list come last. */
export const systemKeys: readonly SystemKey[] = [
  {
    key: "lxc.default_config",
    initial: "/etc/lxc/default.conf",
    belowHome: ".config/lxc/default.conf",
    doc: "The configuration a new container starts from.",
  },
  { key: "lxc.lxcpath", initial: "/var/lib/lxc", belowHome: ".local/share/lxc", doc: "Where containers are kept." },
  { key: "lxc.bdev.lvm.vg", initial: "lxc", belowHome: "", doc: "The LVM volume group for new containers." },
  { key: "lxc.bdev.lvm.thin_pool", initial: "lxc", belowHome: "", doc: "The LVM thin pool for new containers." },
  { key: "lxc.bdev.zfs.root", initial: "lxc", belowHome: "", doc: "The ZFS dataset for new containers." },
  { key: "lxc.cgroup.use", initial: "", belowHome: "", doc: "The cgroup controllers to use; all when empty." },
  {
    key: "lxc.cgroup.pattern",
    initial: "",
    belowHome: "",
    doc: "The name of a container's cgroup; %n is the container's name.",
  },
  { key: "lxc.bdev.rbd.rbdpool", initial: "lxc", belowHome: "", doc: "The Ceph pool for new containers." },
  { key: "lxc.bdev.rbd.rbduser", initial: "admin", belowHome: "", doc: "The Ceph user for new containers." },
];

/** What lxc.conf says, with LXC's defaults. Pure. */
export class SystemConfig {
  readonly #lines: readonly string[];
  readonly #home: string | undefined;

  /** `home` is undefined for root. */
  constructor(text: string, home: string | undefined) {
    this.#lines = text.split("\n");
    this.#home = home;
  }

  /** The value of a key: "" when unset without a default, undefined when there is no such key. */
  item(key: string): string | undefined {
    const row = systemKeys.find((candidate) => candidate.key === key);
    if (row === undefined) return undefined;
    const value = this.#written(key) ?? this.#initial(row);
    return key === "lxc.lxcpath" ? withoutEndSlash(value) : value;
  }

  get lxcpath(): string {
    return this.item("lxc.lxcpath") ?? "";
  }

  get defaultConfig(): string {
    return this.item("lxc.default_config") ?? "";
  }

  /** The first line for the key counts, as in LXC. A comment has its # in the first column. */
  #written(key: string): string | undefined {
    for (const line of this.#lines) {
      if (line.startsWith("#")) continue;
      const equals = line.indexOf("=");
      if (equals >= 0 && line.slice(0, equals).trim() === key) return line.slice(equals + 1).trim();
    }
    return undefined;
  }

  #initial(row: SystemKey): string {
    return this.#home === undefined || row.belowHome === "" ? row.initial : joinPath(this.#home, row.belowHome);
  }
}

/** Where the settings of this user are. */
export function systemConfigPath(uid: number, environment: Environment): string {
  const home = homeOf(uid, environment);
  return home === undefined ? "/etc/lxc/lxc.conf" : joinPath(`${home}`, ".config/lxc/lxc.conf");
}

/** Reads the settings of this user; a missing file is an empty one. */
export function readSystemConfig(uid: number, environment: Environment): SystemConfig {
  const text = tryReadText(systemConfigPath(uid, environment)) ?? "";
  return new SystemConfig(text, homeOf(uid, environment));
}

/** As in LXC: a user without HOME lives at the root. */
function homeOf(uid: number, environment: Environment): string | undefined {
  return uid === 0 ? undefined : (environment.get("HOME") ?? "/");
}

function withoutEndSlash(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--;
  return path.slice(0, end);
}

/** A warning for each line of lxc.conf that LXC passes over, or that an earlier one makes void. Pure. */
export function systemFindings(file: string, text: string): Finding[] {
  const findings: Finding[] = [];
  const seen: string[] = [];
  const keys = systemKeys.map((row) => row.key);
  text.split("\n").forEach((line, at) => {
    if (line.startsWith("#") || line.trim() === "") return;
    const equals = line.indexOf("=");
    const key = equals < 0 ? "" : line.slice(0, equals).trim();
    const complaint = keys.includes(key) ? repeated(key, seen) : unknown(key, keys);
    seen.push(key);
    if (complaint === undefined) return;
    const { key: subject, problem, hint } = complaint;
    findings.push({ severity: "warning", file, line: at + 1, column: 1, subject, problem, hint });
  });
  return findings;
}

function unknown(key: string, keys: readonly string[]): Complaint {
  if (key === "")
    return { about: "key", key, problem: "this line has no key and is ignored", hint: "write KEY = VALUE" };
  const near = nearest(key, keys);
  const hint = near === undefined ? "lxc-config -l lists them all" : `did you mean ${near}?`;
  return { about: "key", key, problem: "there is no such key, so the line is ignored", hint };
}

function repeated(key: string, seen: readonly string[]): Complaint | undefined {
  if (!seen.includes(key)) return undefined;
  return { about: "key", key, problem: "only the first line for a key counts", hint: "take one of them out" };
}
