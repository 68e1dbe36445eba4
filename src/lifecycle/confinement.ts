// AppArmor and SELinux in a start: what is decided before, done by the monitor and by the first process, and told when it failed.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { wholeNumberIn } from "../base/text.ts";
import type { Undo } from "../base/undo.ts";
import type { Config } from "../container/config/schema.ts";
import { type Container, directoryOf } from "../container/container.ts";
import { fnv1a64 } from "../container/paths.ts";
import { type ApparmorFacts, apparmorRefused, chooseApparmor, readApparmor } from "../isolation/apparmor.ts";
import { loadProfile, type OwnProfile, unloadProfile } from "../isolation/apparmor-load.ts";
import { isPlainName, type ProfileWish, profileText } from "../isolation/apparmor-profile.ts";
import { capabilityNames } from "../isolation/capabilities.ts";
import { KernelLog } from "../isolation/kernel-log.ts";
import { denialError, profilesOf } from "../isolation/kernel-log-advice.ts";
import { type Denial, denialIn } from "../isolation/kernel-log-denials.ts";
import {
  activeLsm,
  closeLabelFiles,
  type LabelFiles,
  type Lsm,
  openLabelFiles,
  tryLabelKeys,
  tryLabelProgram,
} from "../isolation/lsm.ts";
import { chooseSelinux, selinuxRefused } from "../isolation/selinux.ts";
import { bytesOfText } from "../kernel/memory.ts";

/** What must be looked up on the host. */
export interface LsmFacts {
  readonly lsm: Lsm;
  /** With AppArmor only. */
  readonly apparmor: ApparmorFacts | undefined;
}

/** How a container is confined. */
export interface Confinement {
  readonly lsm: Lsm;
  /** What its first process is to have; "" leaves it as it is. */
  readonly label: string;
  /** The same for its keyring. */
  readonly keyLabel: string;
  /** The profile to load for it, and to unload after. */
  readonly profile: OwnProfile | undefined;
  readonly warnings: readonly string[];
}

const NO_WARNINGS: readonly string[] = [];
/** What the kernel takes as the name of a profile's compiled form, less a reserve, as in LXC. */
const LONGEST_NAME = 246;

export function readLsm(): LsmFacts {
  const lsm = activeLsm();
  return { lsm, apparmor: lsm === "AppArmor" ? readApparmor() : undefined };
}

/** Pure. `isPrivileged`: whether its root is that of the host. Throws when what is asked for cannot be had. */
export function planConfinement(
  config: Config,
  container: Container,
  isPrivileged: boolean,
  facts: LsmFacts,
): Confinement {
  const lsm = facts.lsm;
  const apparmor = facts.apparmor;
  if (lsm === "SELinux") {
    const labels = chooseSelinux(config.selinuxContext.value, config.selinuxContextKeyring.value);
    return { lsm, label: labels.program, keyLabel: labels.keys, profile: undefined, warnings: NO_WARNINGS };
  }
  if (apparmor === undefined) return { lsm, label: "", keyLabel: "", profile: undefined, warnings: NO_WARNINGS };
  const name = profileNameOf(container);
  const choice = chooseApparmor(
    {
      profile: config.apparmorProfile.value,
      allowIncomplete: config.apparmorAllowIncomplete.value,
      profileName: name,
      namespaceName: fileNameOf(name),
    },
    apparmor,
  );
  const { label, warnings } = choice;
  if (!choice.isGenerated) return { lsm, label, keyLabel: "", profile: undefined, warnings };
  const wish: ProfileWish = {
    name,
    namespace: choice.namespace,
    isPrivileged,
    mayNest: config.apparmorAllowNesting.value,
    hasCgroupNamespaces: apparmor.hasCgroupNamespaces,
    kept: config.capKeep.values.length > 0 ? capabilitiesNamed(config.capKeep.values) : undefined,
    dropped: capabilitiesNamed(config.capDrop.values),
    raw: config.apparmorRaw.values,
  };
  return { lsm, label, keyLabel: "", profile: ownProfile(container, wish), warnings };
}

function ownProfile(container: Container, wish: ProfileWish): OwnProfile {
  return {
    name: wish.name,
    namespace: wish.namespace,
    folder: joinPath(directoryOf(container), "apparmor"),
    file: fileNameOf(wish.name),
    texts: [profileText(wish, "new"), profileText(wish, "old")],
  };
}

function fileNameOf(name: string): string {
  return name.split("/").join("-");
}

/** As in LXC, a hash where it is too long; and where a letter would mean something else in a profile or a label. */
export function profileNameOf(container: Container): string {
  const name = `lxc-${container.name}_<${container.lxcpath}>`;
  const fits = bytesOfText(name).length <= LONGEST_NAME && isPlainName(name);
  return fits ? name : fnv1a64(bytesOfText(name));
}

/** Names of names and numbers; `none` is no capability. */
function capabilitiesNamed(words: readonly string[]): string[] {
  const names: string[] = [];
  for (const word of words) {
    const name = capabilityNames.includes(word) ? word : capabilityNames[wholeNumberIn(word) ?? -1];
    if (name !== undefined && !names.includes(name)) names.push(name);
  }
  return names;
}

/** Runs in the monitor before there is a first process. */
export function loadConfinement(confinement: Confinement, undo: Undo): void {
  const { profile } = confinement;
  if (profile === undefined) return;
  loadProfile(profile);
  undo.add(`unload the AppArmor profile ${profile.name}`, () => unloadProfile(profile));
}

/** Runs in the first process: keyrings that it makes get their label. */
export function labelKeyring(confinement: Confinement, files: LabelFiles): void {
  const result = tryLabelKeys(files, confinement.keyLabel);
  if (result < 0) throw selinuxRefused("the keyring", confinement.keyLabel, result);
}

/** Runs in the first process: what it or a start hook executes from now on is confined. */
export function labelFirstProgram(confinement: Confinement, files: LabelFiles): void {
  takeLabel(files, confinement.label);
  closeLabelFiles(files);
}

/** Runs in lxc-attach, on the host: what it or a child of it executes has the container's label. */
export function takeLabelOf(label: string): void {
  if (label === "") return;
  const files = openLabelFiles(activeLsm());
  try {
    takeLabel(files, label);
  } finally {
    closeLabelFiles(files);
  }
}

function takeLabel(files: LabelFiles, label: string): void {
  const result = tryLabelProgram(files, label);
  if (result < 0)
    throw files.lsm === "SELinux" ? selinuxRefused("the first process", label, result) : apparmorRefused(label, result);
}

/** How long the kernel may take to write down what it denied: a thread of its own does that. */
const LOG_DELAY_MS = 200;
/** Who lives longer has not died of the beginning. */
const EARLY_MS = 2000;
/** What AppArmor says of a profile that is not loaded; the error says it better. */
const NO_LABEL = "label not found";
/** So many say it all. */
const MOST_TOLD = 5;

/** Listens, during a start, to what is denied to the container. */
export class DenialWatch {
  readonly #confinement: Confinement;
  readonly #log: KernelLog | undefined;
  #begin = Date.now();

  constructor(confinement: Confinement) {
    this.#confinement = confinement;
    this.#log = confinement.lsm === "" ? undefined : new KernelLog(false);
  }

  /** The container runs: from here on an end is early. */
  begin(): void {
    this.#begin = Date.now();
  }

  /** `error` with the first denial to the container, or to its process `pid`, as its deepest cause; `error` if there was none. */
  explain(error: LxcError, pid: number): LxcError {
    const denial = this.#denials(pid)[0];
    return denial === undefined ? error : withCause(error, denialError(denial, this.#ownProfile()));
  }

  /** What was denied to a container that ended badly soon after it began; a sentence each. */
  earlyDenials(pid: number): string[] {
    if (this.#log === undefined || Date.now() - this.#begin > EARLY_MS) return [];
    const lines: string[] = [];
    for (const denial of this.#denials(pid)) {
      const error = denialError(denial, this.#ownProfile());
      const line = error.hint === "" ? error.message : `${error.message}; ${error.hint}`;
      if (!lines.includes(line) && lines.length < MOST_TOLD) lines.push(line);
    }
    return lines;
  }

  close(): void {
    this.#log?.close();
  }

  #ownProfile(): string {
    return this.#confinement.profile?.name ?? "";
  }

  #denials(pid: number): Denial[] {
    const log = this.#log;
    const found: Denial[] = [];
    if (log === undefined) return found;
    const end = Date.now() + LOG_DELAY_MS;
    for (;;) {
      for (const record of log.read()) {
        const denial = denialIn(record);
        if (denial !== undefined && this.#concerns(denial, pid)) found.push(denial);
      }
      const left = end - Date.now();
      if (found.length > 0 || left <= 0 || !log.wait(left)) return found;
    }
  }

  /** A profile of its own is nobody else's; of others only the first process is known to be of this container. */
  #concerns(denial: Denial, pid: number): boolean {
    if (denial.lsm !== this.#confinement.lsm || denial.fields.get("info") === NO_LABEL) return false;
    const own = this.#ownProfile();
    return (pid > 0 && denial.pid === pid) || (own !== "" && profilesOf(denial.subject).includes(own));
  }
}

/** The same error with one more cause below all that it has. */
function withCause(error: LxcError, cause: LxcError): LxcError {
  const because: LxcError = error.because === undefined ? cause : withCause(error.because, cause);
  const { code, doing, reason, errno, hint, findings } = error;
  return new LxcError(code, doing, reason, { errno, hint, because, findings });
}
