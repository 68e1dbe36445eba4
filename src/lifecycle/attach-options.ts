// How to enter a container: the options of lxc-attach as values, and the words they are written in. Pure.

import { LxcError } from "../base/errors.ts";
import { flagOfNamespace, type NamespaceName } from "../isolation/namespaces.ts";

/** Which confinements of the container the program does not get. */
export interface Elevation {
  /** Stays in the caller's cgroups. */
  readonly cgroup: boolean;
  /** Keeps the caller's capabilities. */
  readonly capabilities: boolean;
  /** Keeps the caller's security label. */
  readonly lsm: boolean;
}

export interface AttachOptions {
  /** The program and its arguments; nothing for the user's login shell. */
  readonly command: readonly string[];
  /** CLONE_NEW* flags, or `ALL_NAMESPACES`. */
  readonly namespaces: number;
  readonly elevated: Elevation;
  /** The security label of the program, in place of the container's; "" for that. */
  readonly label: string;
  /** PER_LINUX or PER_LINUX32, or -1 for that of the container's first process. */
  readonly personality: number;
  /** Mounts new /proc and /sys when the mount namespace is not joined. */
  readonly remountProcSys: boolean;
  /** The caller's variables, NAME=VALUE. */
  readonly environment: readonly string[];
  readonly clearEnvironment: boolean;
  /** NAME=VALUE of a configuration in place of that which the container runs with, whose own are taken when undefined. */
  readonly configuredVariables: readonly string[] | undefined;
  /** Names that survive `clearEnvironment`. */
  readonly keptVariables: readonly string[];
  /** NAME=VALUE, after all others. */
  readonly setVariables: readonly string[];
  /** Inside the container; -1 for root there. */
  readonly uid: number;
  readonly gid: number;
  /** Whether SIGINT and SIGQUIT end us, and not only the program when it has them from its terminal. */
  readonly endsBySignals: boolean;
  /** Where the output of a terminal is written too; empty for nowhere. */
  readonly logFile: string;
  /** Gets a sentence for what is left out without a failure. */
  readonly warn: (text: string) => void;
}

/** All that the container has and we have not. */
export const ALL_NAMESPACES = -1;

export const NOT_ELEVATED: Elevation = { cgroup: false, capabilities: false, lsm: false };
export const ELEVATED: Elevation = { cgroup: true, capabilities: true, lsm: true };

/** As `lxc-attach --clear-env -- COMMAND` does it. */
export function plainAttach(
  command: readonly string[],
  environment: readonly string[],
  warn: (text: string) => void,
): AttachOptions {
  return {
    command,
    namespaces: ALL_NAMESPACES,
    elevated: NOT_ELEVATED,
    label: "",
    personality: -1,
    remountProcSys: false,
    environment,
    clearEnvironment: true,
    configuredVariables: undefined,
    keptVariables: [],
    setVariables: [],
    uid: -1,
    gid: -1,
    endsBySignals: false,
    logFile: "",
    warn,
  };
}

/** A namespace by LXC's names for it, and by the kernel's in /proc/PID/ns. */
export interface NamespaceRow {
  readonly flag: number;
  readonly proc: NamespaceName;
  readonly words: readonly string[];
}

/** In the order in which LXC joins them. */
export function namespaceRows(): readonly NamespaceRow[] {
  return [
    { flag: flagOfNamespace("user"), proc: "user", words: ["USER", "CLONE_NEWUSER", "user"] },
    { flag: flagOfNamespace("mnt"), proc: "mnt", words: ["MOUNT", "CLONE_NEWNS", "mnt"] },
    { flag: flagOfNamespace("pid"), proc: "pid", words: ["PID", "CLONE_NEWPID", "pid"] },
    { flag: flagOfNamespace("uts"), proc: "uts", words: ["UTSNAME", "CLONE_NEWUTS", "uts"] },
    { flag: flagOfNamespace("ipc"), proc: "ipc", words: ["IPC", "CLONE_NEWIPC", "ipc"] },
    { flag: flagOfNamespace("net"), proc: "net", words: ["NETWORK", "CLONE_NEWNET", "net"] },
    { flag: flagOfNamespace("cgroup"), proc: "cgroup", words: ["CGROUP", "CLONE_NEWCGROUP", "cgroup"] },
    { flag: flagOfNamespace("time"), proc: "time", words: ["TIME", "CLONE_NEWTIME", "time"] },
  ];
}

/** The flags of a list such as `NETWORK|PID`. Throws on a word that names no namespace. */
export function namespacesIn(list: string): number {
  const rows = namespaceRows();
  let flags = 0;
  for (const word of list.split("|")) {
    if (word === "") continue;
    const row = rows.find((each) => each.words.includes(word));
    if (row === undefined)
      throw unknownWord("join the namespaces", list, word, "MOUNT PID UTSNAME IPC USER NETWORK CGROUP TIME");
    flags |= row.flag;
  }
  return flags;
}

/** What `-e` keeps: a list such as `CAP|LSM`. Throws on another word. */
export function elevationIn(list: string): Elevation {
  const words = list.split("|").filter((word): boolean => word !== "");
  for (const word of words) {
    if (word !== "CGROUP" && word !== "CAP" && word !== "LSM") {
      throw unknownWord("elevate the privileges", list, word, "CGROUP CAP LSM");
    }
  }
  return { cgroup: words.includes("CGROUP"), capabilities: words.includes("CAP"), lsm: words.includes("LSM") };
}

function unknownWord(doing: string, list: string, word: string, known: string): LxcError {
  return new LxcError("config-invalid", `${doing} "${list}"`, `"${word}" is unknown`, {
    hint: `use these words, with | between them: ${known}`,
  });
}
