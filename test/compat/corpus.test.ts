// The corpus read by LXC and by us: the same files are refused, and the others have the same value for every key.

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Severity } from "../../src/base/finding.ts";
import { NO_VARIABLES } from "../../src/container/config/keys.ts";
import { NetworkConfig } from "../../src/container/config/network-schema.ts";
import { Config } from "../../src/container/config/schema.ts";
import { CORPUS, corpusFiles, newerFiles, verdictOf, verdicts } from "../corpus/corpus.ts";
import { BIN, Place, skipWithoutRoot } from "../system/host.ts";
import { INSTALLED, SHIPPED } from "./shipped-table.ts";

const hasLxc = spawnSync("/usr/bin/lxc-info", ["--version"]).status === 0;
const skip = skipWithoutRoot !== false ? skipWithoutRoot : hasLxc ? false : "LXC's own tools are not installed";

const place = new Place("corpus");
after(() => place.remove());

/** A container's name for a file of the corpus. */
function nameOf(file: string): string {
  return `lxcts-${file.replace("/", "-").replace(/\.conf$/, "")}`;
}

for (const file of corpusFiles()) {
  mkdirSync(join(place.lxcpath, nameOf(file)));
  copyFileSync(join(CORPUS, file), join(place.lxcpath, nameOf(file), "config"));
}

/** Every key that LXC 5 has, too; networks by the numbers that people use. */
function keysAsked(): string[] {
  const config = new Config(NO_VARIABLES);
  const own = config.settings.filter((setting) => !setting.isDirective() && !newInSeven.includes(setting.key));
  const keys = own.map(({ key }) => key).filter((key) => !isOurs(key));
  for (const prefix of ["lxc.cgroup", "lxc.cgroup2", "lxc.sysctl", "lxc.prlimit", "lxc.proc", "lxc.net"])
    keys.push(prefix);
  for (const number of [0, 1, 2, 3, 5, 7, 10]) {
    const network = new NetworkConfig(number);
    const known = network.settings.map((setting) => network.keyOf(setting));
    for (const key of known) if (!isOurs(key)) keys.push(key);
  }
  return keys;
}

const newInSeven = ["lxc.environment.runtime", "lxc.environment.hooks"];

/** What `program` -c KEY says for each container: its lines, after a line with the container's name. One shell for all. */
function answers(program: string, names: readonly string[]): Map<string, string[]> {
  writeFileSync(join(place.folder, "names"), names.join("\n"));
  const asked = keysAsked().flatMap((key) => ["-c", key]);
  const script = `
    mount --bind "$1" ${INSTALLED}; program=$2 names=$3 lxcpath=$4; shift 4
    while read -r name || [ -n "$name" ]; do
      echo "== $name"
      "$program" -P "$lxcpath" -n "$name" "$@" 2> /dev/null || echo "exit $?"
    done < "$names"`;
  const words = [
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-euc",
    script,
    "sh",
    SHIPPED,
    program,
    join(place.folder, "names"),
  ];
  const run = spawnSync("unshare", [...words, place.lxcpath, ...asked], { encoding: "utf8", maxBuffer: 1 << 26 });
  equal(run.status, 0, run.stderr);
  const found = new Map<string, string[]>();
  for (const block of run.stdout.split(/^== /m).slice(1)) {
    const lines = block.trimEnd().split("\n");
    found.set(lines[0] ?? "", lines.slice(1));
  }
  return found;
}

/** Lines in which LXC 5.0.2 and we differ, and why; docs/differences.md tells them to users. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^lxc\.environment = STADT=/, "a byte that is not UTF-8 is shown as one sign"],
  [/^lxc\.net\.\d+\.hwaddr = /, "the digits of a template are drawn anew"],
  [/^lxc\.net\.\d+\.mtu = (02734|1500)$/, "LXC prints an octal number as it was written"],
  [/^lxc\.net\.\d+\.name =( lo)?$/, "LXC gives the loopback device of an empty network as its name"],
  [/^lxc\.net\.\d+\.veth\.vlan\.id =( 0)?$/, "LXC prints VLAN 0 where none is set"],
  [/^lxc\.net\.\d+\.ipv4\.address = 192\.168\.0\.74\/(8|24)$/, "LXC takes the class from the last number"],
  [/^lxc\.cap\.keep = /, "LXC keeps both lists of capabilities in one, and prints it by both names"],
  [/^lxc\.cap\.(keep|drop) =$|^lxc\.cap\.drop = net_bind_service$/, "the same"],
  [/^lxc\.cgroup\.dir[a-z.]* =( \(null\))?$/, "LXC prints (null) for what is not set"],
  [
    /^lxc\.time\.offset\.\w+ =( -?\d+ ?n?s)?$|^\d+ns$|^$/,
    "LXC prints 0 ns for what is not set, and only one of two parts",
  ],
];

/** Its getter leaves out shmounts, and what is forced. */
function asLxcPrints(line: string): string {
  if (!line.startsWith("lxc.mount.auto =")) return line;
  return line.replace(/ (cgroup\S*:force|shmounts\S*)/g, "").trimEnd();
}

/** Keys that LXC does not know (docs/differences.md). */
function isOurs(key: string): boolean {
  const ofNetworks = /^lxc\.net\.\d+\.(publish|limit\.(in|e)gress|ipv4\.lease)$/;
  return (
    key.startsWith("lxc.limit.") || key === "lxc.mount.share" || key === "lxc.seccomp.allow" || ofNetworks.test(key)
  );
}

function differences(theirs: readonly string[], ours: readonly string[]): string[] {
  const isKnown = (line: string): boolean => reasons.some(([pattern]) => pattern.test(line));
  const only = (some: readonly string[], others: readonly string[], sign: string): string[] =>
    some.filter((line) => !others.includes(line) && !isKnown(line)).map((line) => sign + line);
  const our = ours.map(asLxcPrints);
  return [...only(theirs, our, "LXC: "), ...only(our, theirs, "we: ")];
}

test("LXC refuses what we refuse, and every key has the same value", { skip }, () => {
  const files = corpusFiles().filter((file) => !newerFiles().includes(file));
  const names = files.map(nameOf);
  const theirs = answers("/usr/bin/lxc-info", names);
  const ours = answers(join(BIN, "lxc-info"), names);
  const found: string[] = [];
  let values = 0;
  for (const name of names) {
    const their = theirs.get(name) ?? [];
    values += their.length;
    for (const line of differences(their, ours.get(name) ?? [])) found.push(`${name}: ${line}`);
  }
  deepEqual(found, []);
  console.log(`${values} values of ${names.length} configurations compared with LXC's`);
  const refused = names.filter((name) => theirs.get(name)?.includes("exit 1") === true);
  const wanted = verdicts().filter(({ says }) => says.startsWith("refused"));
  deepEqual(refused.sort(), wanted.map(({ file }) => nameOf(file)).sort());
});

interface JsonFinding {
  readonly severity: Severity;
  readonly line: number;
  readonly key: string;
}

test("lxc-config check has the right verdict on each file", { skip }, () => {
  const files = corpusFiles().map((file) => join(CORPUS, file));
  const script = `mount --bind "$1" ${INSTALLED}; shift; exec "$@"`;
  const words = ["--mount", "--propagation", "private", "sh", "-euc", script, "sh", SHIPPED];
  const run = spawnSync("unshare", [...words, join(BIN, "lxc-config"), "check", "--format=json", ...files], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  equal(run.stderr, "");
  // Some are refused.
  equal(run.status, 1);
  const checked = JSON.parse(run.stdout) as { file: string; findings: JsonFinding[] }[];
  const found = checked.map(({ file, findings }) => {
    const plain = findings.map(({ severity, line, key }) => ({ severity, line, subject: key }));
    return `${file.slice(CORPUS.length + 1)}: ${verdictOf(plain)}`;
  });
  deepEqual(found.sort(), readFileSync(join(CORPUS, "verdicts.txt"), "utf8").trim().split("\n").sort());
});

test("lxc-config prints LXC's own settings as LXC does", { skip }, () => {
  const settings = join(place.folder, "lxc.conf");
  const texts = [
    "",
    "lxc.lxcpath = /srv/lxc/\n# c\nlxc.cgroup.pattern=lxc/%n\n lxc.bdev.zfs.root =  tank/lxc\n",
    "lxc.cgroup.use = cpu,memory\nlxc.cgroup.use = x\n",
  ];
  for (const text of texts) {
    writeFileSync(settings, text);
    const both = ["/usr/bin/lxc-config", join(BIN, "lxc-config")].map((program) => {
      const script = `
        mount --bind "$1" /etc/lxc; program=$2
        for word in -l lxc.lxcpath lxc.default_config lxc.l lxc.bdev.zfs.root lxc.cgroup.pattern lxc.cgroup.use lxc.nosuch l nosuch; do
          "$program" $word | head -n 7 || true
          "$program" $word > /dev/null || echo "exit $?"
        done`;
      const words = ["--mount", "--propagation", "private", "sh", "-uc", script];
      return spawnSync("unshare", [...words, "sh", place.folder, program], { encoding: "utf8" }).stdout;
    });
    equal(both[1], both[0]);
  }
});
