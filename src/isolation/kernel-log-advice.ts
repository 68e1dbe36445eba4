// A denial as an error: what was denied to whom, and the rule that would allow it. Pure.

import { LxcError } from "../base/errors.ts";
import { visible } from "../base/text.ts";
import { isMadeOf } from "./apparmor-words.ts";
import type { Denial } from "./kernel-log-denials.ts";

/** `ownProfile` is that which lxc.apparmor.raw adds to; "" for none. */
export function denialError(denial: Denial, ownProfile: string): LxcError {
  return denial.lsm === "AppArmor" ? apparmorError(denial, ownProfile) : selinuxError(denial);
}

function field(denial: Denial, name: string): string {
  return denial.fields.get(name) ?? "";
}

function apparmorError(denial: Denial, ownProfile: string): LxcError {
  const doing = visible(apparmorDoing(denial));
  const info = field(denial, "info");
  const why = info === "" || PLAIN_DENIALS.includes(info) ? "" : `: ${info}`;
  const reason = visible(`AppArmor denied it to ${field(denial, "comm")} (profile ${denial.subject})${why}`);
  return new LxcError("not-permitted", doing, reason, { hint: apparmorHint(denial, ownProfile) });
}

/** What the kernel says of every mount that no rule allows, or that one denies. */
const PLAIN_DENIALS: readonly string[] = ["failed flags match", "failed perms check"];

/** Completes "cannot …". */
function apparmorDoing(denial: Denial): string {
  const name = field(denial, "name");
  const peer = field(denial, "peer");
  switch (denial.operation) {
    case "mount": {
      const source = field(denial, "srcname");
      const what = source === "" || source === "none" ? field(denial, "fstype") : source;
      return `mount ${what === "" ? "something" : what} on ${name} (${field(denial, "flags")})`;
    }
    case "umount":
      return `unmount ${name}`;
    case "pivotroot":
      return `make ${name} the root`;
    case "capable":
      return `use the capability ${field(denial, "capname")}`;
    case "ptrace":
      return `trace a process of ${peer}`;
    case "signal":
      return `send the signal ${field(denial, "signal")} to a process of ${peer}`;
    case "exec":
      return `execute ${name}`;
    case "change_onexec":
    case "change_profile":
      return `change to the profile ${name === "" ? field(denial, "target") : name}`;
    default:
      return fileMask(denial) === "" ? `do ${denial.operation} ${name}`.trim() : `${denial.operation} ${name}`;
  }
}

function apparmorHint(denial: Denial, ownProfile: string): string {
  const rule = apparmorRule(denial);
  if (rule === "" || denial.subject === "unconfined") return "";
  if (ownProfile !== "" && profilesOf(denial.subject).includes(ownProfile)) return `add lxc.apparmor.raw = ${rule}`;
  return `add to the profile ${visible(denial.subject)}: ${rule}`;
}

/** A process may have several at once, `A//&B`. */
export function profilesOf(label: string): readonly string[] {
  return label.split("//&");
}

/** The rule that would have allowed it, or "" when none is known, or when a name would mean something else in it. */
function apparmorRule(denial: Denial): string {
  const name = word(field(denial, "name"));
  const peer = word(field(denial, "peer"));
  switch (denial.operation) {
    case "mount":
      return mountRule(denial, name);
    case "umount":
      return name === "" ? "" : `umount ${name},`;
    case "pivotroot":
      return name === "" ? "" : `pivot_root ${name},`;
    case "capable":
      return plainRule("capability", field(denial, "capname"));
    case "ptrace":
      return peer === "" ? "" : `ptrace (${mask(denial)}) peer=${peer},`;
    case "signal":
      return peer === "" ? "" : `signal (${mask(denial)}) set=(${field(denial, "signal")}) peer=${peer},`;
    case "change_onexec":
    case "change_profile":
      return name === "" || field(denial, "info") === "label not found" ? "" : `change_profile -> ${name},`;
    case "create":
    case "bind":
    case "connect":
    case "listen":
      return plainRule("network", `${field(denial, "family")} ${field(denial, "sock_type")}`.trim());
    default:
      return name === "" || fileMask(denial) === "" ? "" : `${name} ${fileMask(denial)},`;
  }
}

function mountRule(denial: Denial, name: string): string {
  const flags = field(denial, "flags");
  const type = field(denial, "fstype");
  const source = field(denial, "srcname");
  if (name === "" || !isMadeOf(`mount ${flags}`, ", ") || !isMadeOf(`mount ${type}`, "_. ")) return "";
  const parts = ["mount"];
  if (type !== "") parts.push(`fstype=${type}`);
  if (flags !== "") parts.push(`options=(${flags})`);
  if (word(source) !== "" && source !== "none") parts.push(word(source));
  return `${parts.join(" ")} -> ${name},`;
}

function plainRule(keyword: string, words: string): string {
  return isMadeOf(words, "_ ") ? `${keyword} ${words},` : "";
}

/** A name as one word of a rule; "" when it has letters that are a pattern there, or end it. */
function word(name: string): string {
  if (isMadeOf(name, "._+=~:/@-")) return name;
  return isMadeOf(name, "._+=~:/@<>& -") ? `"${name}"` : "";
}

function mask(denial: Denial): string {
  const asked = field(denial, "denied_mask");
  return isMadeOf(asked, "") ? asked : "";
}

/** Access to a file in the letters of a rule: what makes or removes one writes, and what is executed keeps the profile. */
function fileMask(denial: Denial): string {
  let letters = "";
  for (const letter of field(denial, "denied_mask")) {
    const said = "cda".includes(letter) ? "w" : letter === "x" ? "ix" : letter;
    if ("rwmkl".includes(letter) || "cdax".includes(letter)) letters += letters.includes(said) ? "" : said;
    else return "";
  }
  return letters;
}

/** `allow DOMAIN TYPE:CLASS { PERMISSIONS };`, from the third part of each context. */
function selinuxError(denial: Denial): LxcError {
  const target = field(denial, "tcontext");
  const kind = field(denial, "tclass");
  const path = field(denial, "path");
  const name = path === "" ? field(denial, "name") : path;
  const doing = visible(`${denial.operation.split(" ").join(" and ")} ${name === "" ? `a ${kind}` : name}`);
  const reason = visible(`SELinux denied it to ${field(denial, "comm")} (${denial.subject} on the ${kind} ${target})`);
  const types = [typeIn(denial.subject), typeIn(target), kind];
  const isPlain = types.every((word) => isMadeOf(word, "_.")) && isMadeOf(denial.operation, "_ ");
  const rule = `allow ${types[0]} ${types[1]}:${kind} { ${denial.operation} };`;
  return new LxcError("not-permitted", doing, reason, { hint: isPlain ? `add to the policy: ${rule}` : "" });
}

function typeIn(context: string): string {
  return context.split(":")[2] ?? "";
}
