// Configurations nobody would write: made from the table of keys, and from what breaks parsers.

import { NO_VARIABLES } from "../../src/container/config/keys.ts";
import { NetworkConfig } from "../../src/container/config/network-schema.ts";
import { Config } from "../../src/container/config/schema.ts";
import type { Random } from "./random.ts";

const SIGNS: readonly string[] = [
  "=",
  "=",
  " ",
  "\t",
  "#",
  "'",
  '"',
  "\r",
  "\0",
  "\x1b",
  "\\",
  ".",
  ":",
  "/",
  ",",
  "-",
  "+",
  "é",
  "€",
  "世",
  "lxc.",
  "\x7f",
  "%",
  "0",
];
const BREAKS: readonly string[] = ["\n", "\n", "\n", "\n", "\r\n", "\n\n", ""];
const VALUES: readonly string[] = [
  "",
  "0",
  "1",
  "2",
  "-1",
  "4294967296",
  "99999999999999999999",
  "0x10",
  "010",
  "1.5",
  "yes",
  "/",
  "/a//b/../c",
  "u 0 100000 65536",
  "g 0 1 1",
  "64:128",
  "unlimited",
  "5s",
  "-3h",
  "1KB",
  "2G",
  "auto",
  "none",
  "veth",
  "10.0.3.5/24",
  "10.0.3.5 10.0.3.255",
  "fd00::5/64",
  "::",
  "00:16:3e:xx:xx:xx",
  "a b c d 0 0",
  "/srv srv none bind,create=dir,idmap=container 0 0",
  "proc:mixed sys:ro",
  "SIGTERM",
  "A=B",
  "PATH",
  "dir:/x",
  "overlay:/a:/b",
  "unix:/x",
  "0-3,6",
  "sys_time mknod",
  "none chown",
  "user net",
  "cgroup:rw:force",
  "shmounts:/a:/b",
  '"quoted"',
  "'",
  '"',
];

/** Every key, known and nearly known. */
export function knownKeys(): string[] {
  const config = new Config(NO_VARIABLES);
  const keys = config.namedKeys();
  for (const group of config.groups) if (group.example !== "") keys.push(group.prefix + group.example);
  const network = new NetworkConfig(0);
  for (const setting of network.settings) keys.push(network.keyOf(setting));
  keys.push(
    "lxc.net.0",
    "lxc.net",
    "lxc.net.7.type",
    "lxc.net.1.type",
    "lxc.net.x.type",
    "lxc.hook",
    "lxc.utsname",
    "lxc.network.type",
  );
  return keys;
}

/** A whole file of up to 30 lines. */
export function randomConfig(random: Random, keys: readonly string[]): string {
  let text = "";
  const count = random.below(30);
  for (let line = 0; line < count; line++) text += randomLine(random, keys) + random.pick(BREAKS);
  return random.below(8) === 0 ? mutated(random, text) : text;
}

function randomLine(random: Random, keys: readonly string[]): string {
  const kind = random.below(12);
  if (kind === 0) return `#${noise(random)}`;
  if (kind === 1) return noise(random);
  const key = kind === 2 ? mutated(random, random.pick(keys)) : random.pick(keys);
  return `${random.pick(["", "", " ", "\t"])}${key}${random.pick([" = ", "=", " =", "\t=\t"])}${randomValue(random)}`;
}

export function randomValue(random: Random): string {
  const kind = random.below(10);
  if (kind === 0) return noise(random);
  return kind === 1 ? mutated(random, random.pick(VALUES)) : random.pick(VALUES);
}

function noise(random: Random): string {
  let text = "";
  const length = random.below(12);
  for (let i = 0; i < length; i++) text += random.pick(SIGNS);
  return text;
}

/** The text with a piece taken out, doubled, or something put in. */
function mutated(random: Random, text: string): string {
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(6));
  const kind = random.below(3);
  const middle = kind === 0 ? "" : kind === 1 ? text.slice(from, to) + text.slice(from, to) : random.pick(SIGNS);
  return text.slice(0, from) + middle + text.slice(to);
}
