// What was read of a host, by path, and what a check of it says. Pure: lxc-checkconfig reads, and tests write it down.

import { blankSeparated } from "../base/text.ts";
import type { KernelConfig } from "./host-check-kernel.ts";

/** `required` is missing as well, and no container starts without it; `unknown` could not be found out. */
export type Status = "enabled" | "missing" | "required" | "unknown";

/** One thing to do as root: a program to run, or else lines that a file is to have. */
export interface FixStep {
  /** Never words of a shell; none for a file. */
  readonly words: readonly string[];
  /** "" for a program. */
  readonly file: string;
  readonly lines: readonly string[];
}

/** What to do about something: for a person, and, where no judgement is needed, step by step for a program. */
export interface Fix {
  readonly text: string;
  readonly steps: readonly FixStep[];
}

/** One line of lxc-checkconfig. */
export interface Checked {
  readonly section: string;
  readonly item: string;
  readonly status: Status;
  /** What more there is to say; "" for nothing. */
  readonly detail: string;
  /** What to do; "" when nothing is to be done. */
  readonly fix: string;
  /** The same for a program; none when it takes a person. */
  readonly steps: readonly FixStep[];
  /** For an item that is a list of places. */
  readonly places: readonly string[];
  readonly isList: boolean;
}

/** A program that was looked for. */
export interface FoundProgram {
  readonly name: string;
  /** "" when it is not there. */
  readonly path: string;
  /** Whether it runs with rights of root: setuid, or by the capability it needs. */
  readonly isPrivileged: boolean;
}

/** Names of facts that are in no one file: whether eventfd2(2) works, the security modules, and version 2's controllers. */
export const EVENTFD = "eventfd";
export const SECURITY_MODULES = "lsm";
export const CONTROLLERS = "cgroup.controllers";
/** What is said of modules to modprobe(8). */
export const MODULE_RULES = "modprobe.d";
/** The controllers that an ordinary user's cgroups may have; not there when it is not known. */
export const DELEGATED = "delegated controllers";
/** A folder that is there when systemd is process 1 (sd_booted(3)). */
export const SYSTEMD = "/run/systemd/system";

const NO_PLACES: readonly string[] = [];
const NO_STEPS: readonly FixStep[] = [];

/** What a person has to do, or to decide. */
export function byHand(text: string): Fix {
  return { text, steps: NO_STEPS };
}

export class HostFacts {
  /** The running kernel's, such as 6.1.0-18-amd64. */
  release = "";
  /** Whether `config` is that of a kernel to be booted, so that the running one is not asked. */
  isOfOtherKernel = false;
  config: KernelConfig | undefined = undefined;
  uid = 0;
  /** The user's name, or its number. */
  userName = "root";
  /** Whether the user may make cgroups below its own. */
  hasOwnCgroup = true;
  /** Whether the user is not the one who looks. */
  isOtherUser = false;
  /** Whether the user has a service manager of systemd, which makes cgroups for containers when it is asked. */
  hasUserManager = false;
  readonly programs: FoundProgram[] = [];
  readonly #texts = new Map<string, string>();

  /** Notes what is in a file, or the names in a folder, one a line. */
  put(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  has(path: string): boolean {
    return this.#texts.has(path);
  }

  /** "" when there is nothing of that name. */
  text(path: string): string {
    return this.#texts.get(path) ?? "";
  }

  lines(path: string): string[] {
    return this.text(path)
      .split("\n")
      .filter((line): boolean => line !== "");
  }

  /** Whether a line of the file has `word` among its words. */
  hasWord(path: string, word: string): boolean {
    return this.lines(path).some((line) => wordsOf(line).includes(word));
  }

  program(name: string): FoundProgram {
    return this.programs.find((each) => each.name === name) ?? { name, path: "", isPrivileged: false };
  }
}

/** The words between blanks. */
export function wordsOf(line: string): string[] {
  return blankSeparated(line);
}

/** An item that is there; `detail` may be "". */
export function enabled(section: string, item: string, detail: string): Checked {
  return { section, item, status: "enabled", detail, fix: "", steps: NO_STEPS, places: NO_PLACES, isList: false };
}

/** An item that is not there, and what to do. */
export function missing(section: string, item: string, detail: string, fix: Fix): Checked {
  return {
    section,
    item,
    status: "missing",
    detail,
    fix: fix.text,
    steps: fix.steps,
    places: NO_PLACES,
    isList: false,
  };
}

/** An item without which no container starts. */
export function required(section: string, item: string, detail: string, fix: Fix): Checked {
  return {
    section,
    item,
    status: "required",
    detail,
    fix: fix.text,
    steps: fix.steps,
    places: NO_PLACES,
    isList: false,
  };
}

export function unknown(section: string, item: string): Checked {
  return { section, item, status: "unknown", detail: "", fix: "", steps: NO_STEPS, places: NO_PLACES, isList: false };
}

/** An item that is a list of places; without any it is missing, which may be as it should. */
export function placeList(section: string, item: string, places: readonly string[]): Checked {
  const status: Status = places.length > 0 ? "enabled" : "missing";
  return { section, item, status, detail: places.join(" "), fix: "", steps: NO_STEPS, places, isList: true };
}
