// The configuration files we ship, and what each of them has to mean, as one table: test/compat/shipped-config.expected.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where they are here, and where they are installed. */
export const SHIPPED = join(import.meta.dirname, "../../share/lxc/config");
export const INSTALLED = "/usr/share/lxc/config";

/** Every key that any of them sets. What a version of cgroups is given is one list, for its order counts. */
export const KEYS: readonly string[] = [
  "lxc.apparmor.profile",
  "lxc.autodev",
  "lxc.cap.drop",
  "lxc.cgroup",
  "lxc.cgroup2",
  "lxc.environment",
  "lxc.hook.clone",
  "lxc.mount.auto",
  "lxc.mount.entry",
  "lxc.pty.max",
  "lxc.seccomp.profile",
  "lxc.signal.halt",
  "lxc.tty.dir",
  "lxc.tty.max",
];

/** Values a container has of itself; they are not in the table. */
const UNSET = ["", "0"];
const DEFAULTS: Readonly<Record<string, string>> = { "lxc.autodev": "1" };

/** Lines of common.conf that are worth an @ elsewhere. */
const LONG = 70;

const EXPECTED = join(import.meta.dirname, "shipped-config.expected");
const TITLE = `# What each shipped file sets by itself, or after another one. Lists have | between their items; @ is what common.conf sets.
`;

/** Files that a container's configuration includes, in order. */
export type Includes = readonly string[];

/** Every shipped file alone; and those that take back something, after what they are made for. */
export function allIncludes(): Includes[] {
  const all: Includes[] = [];
  for (const name of readdirSync(SHIPPED).filter((name) => name.endsWith(".conf"))) {
    all.push([name]);
    const distribution = /^(.+)\.(userns|lucid)\.conf$/.exec(name)?.[1];
    if (distribution !== undefined) all.push([`${distribution}.common.conf`, name]);
    else if (name === "nesting.conf" || name === "userns.conf") all.push(["common.conf", name]);
  }
  return all;
}

/** The configuration that includes them from where they are installed. */
export function configText(includes: Includes): string {
  return includes.map((name) => `lxc.include = ${INSTALLED}/${name}\n`).join("");
}

/** The lines of the table for values by key, as LXC's getter writes them. */
export function meaning(itemOf: (key: string) => string): string {
  let text = "";
  for (const key of KEYS) {
    const value = itemOf(key).trim().replaceAll(`${key}.devices.`, "").split("\n").join(" | ");
    if (!UNSET.includes(value) && value !== DEFAULTS[key]) text += `${key} = ${value}\n`;
  }
  return text;
}

/** The table by includes, joined by " + ". */
export function expectedMeanings(): Map<string, string> {
  const bodies = new Map<string, string>();
  for (const section of readFileSync(EXPECTED, "utf8").split("\n[").slice(1)) {
    const end = section.indexOf("]\n");
    const body = section.slice(end + 2).trim();
    for (const names of section.slice(0, end).split(", ")) bodies.set(names, body === "" ? "" : `${body}\n`);
  }
  const common = longLines(bodies.get("common.conf") ?? "");
  for (const [names, body] of bodies) {
    if (names === "common.conf") continue;
    const lines = body.split("\n").map((line) => {
      const base = common.find((candidate) => line.startsWith(`${keyOf(candidate)} = @`));
      return base === undefined ? line : base + line.slice(keyOf(base).length + " = @".length);
    });
    bodies.set(names, lines.join("\n"));
  }
  return bodies;
}

/** Rewrites the table; what means the same shares a section. */
export function writeExpected(meanings: ReadonlyMap<string, string>): void {
  const common = longLines(meanings.get("common.conf") ?? "");
  const namesByBody = new Map<string, string[]>();
  for (const [names, meaning] of meanings) {
    const body = names === "common.conf" ? meaning : shortened(meaning, common);
    namesByBody.set(body, [...(namesByBody.get(body) ?? []), names]);
  }
  const sections = [...namesByBody].map(([body, names]) => `\n[${names.toSorted().join(", ")}]\n${body}`);
  writeFileSync(EXPECTED, TITLE + sections.toSorted().join(""));
}

function shortened(meaning: string, common: readonly string[]): string {
  const lines = meaning.split("\n").map((line) => {
    const base = common.find((candidate) => line === candidate || line.startsWith(`${candidate} | `));
    return base === undefined ? line : `${keyOf(base)} = @${line.slice(base.length)}`;
  });
  return lines.join("\n");
}

function longLines(meaning: string): string[] {
  return meaning.split("\n").filter((line) => line.length > LONG);
}

function keyOf(line: string): string {
  return line.slice(0, line.indexOf(" "));
}
