// A container, or a command, broken in more than sixty ways: every message names what is guilty, what was being done, and a
// next step, as text and as JSON; docs/errors.md shows them all; and nothing is left behind. UPDATE_GOLDEN=1 rewrites the page.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, Place, skipWithoutRoot as skip } from "./host.ts";
import { OrdinaryUser } from "./ordinary-user.ts";
import { ofCommands } from "./ways/of-commands.ts";
import { ofConfigurations } from "./ways/of-configurations.ts";
import { ofRootFileSystems } from "./ways/of-root-file-systems.ts";
import { ofUsers } from "./ways/of-users.ts";
import { document, documented, failureIn, rowFor, type Said, warningIn } from "./ways/said.ts";
import { HomeOf, Site, type Trial, type Way } from "./ways/way.ts";

const place = new Place("ways");
after(() => place.remove());

const TABLES: readonly { readonly heading: string; readonly ways: readonly Way[] }[] = [
  { heading: "By its configuration", ways: ofConfigurations },
  { heading: "By its root file system, programs, mounts and hooks", ways: ofRootFileSystems },
  { heading: "By how a command is used", ways: ofCommands },
];

const BY_USERS = "By an ordinary user";
const user = new OrdinaryUser({ name: "lxcts-broken", uid: 47_411, range: "1850000000:65536" });
before(async () => {
  await user.ready();
  equal(user.run("lxc-create -n c1 -t busybox && cp .local/share/lxc/c1/config saved").err, "");
});
after(() => user.remove());

const rewrites = process.env["UPDATE_GOLDEN"] === "1";

/** Both outputs of one way, the text and what the JSON says. */
function say(trial: Trial, way: Way): { readonly text: string; readonly said: Said } {
  const text = trial.run(way, "");
  const json = trial.run(way, "--format=json");
  const whole = `${text.out}${text.err}${json.out}${json.err}`;
  equal(text.code, way.exit ?? 1, whole);
  equal(json.code, way.exit ?? 1, whole);
  const plain = trial.plain(json.err);
  return { text: trial.plain(text.err), said: way.code === "warning" ? warningIn(plain) : failureIn(plain) };
}

/** What was being done, the guilty one and the next step are in the text too; the code is what programs match on. */
function check(way: Way, text: string, said: Said): void {
  deepEqual([said.code, said.errno], [way.code, way.errno ?? 0], text);
  ok(`${said.text} ${text}`.includes(way.guilty), `${way.guilty} is not named: ${text}`);
  if (way.code !== "warning") match(said.text, /^cannot .+: .+|^.*\S: .+/);
  match(text, /^lxc-[a-z-]+: ./m);
  // What was expected of a value is what is to be written next.
  if (!/^\S+: expected /.test(said.text)) notEqual(said.hint, "", `no next step: ${text}`);
  ok(text.includes(said.hint) !== (way.hasOtherHint === true), `the text has another hint than ${said.hint}: ${text}`);
}

async function leavesNothing(site: Site): Promise<void> {
  await eventually(() => place.leftovers(site.name).length === 0, 3000);
  equal(place.leftovers(site.name).join("\n"), "");
}

/** Tries one way, and returns its row for the page, which is compared with it. */
function tried(heading: string, trial: Trial, way: Way): string {
  const { text, said } = say(trial, way);
  check(way, text, said);
  const row = rowFor(way.way, said);
  if (!rewrites) equal(row, documented(heading).get(way.way));
  return row;
}

/** After the tests of one table. */
function compareWithPage(heading: string, ways: readonly Way[], rows: readonly string[]): void {
  test(`docs/errors.md has the ways of "${heading}", and no others`, { skip }, () => {
    if (rewrites) document(heading, rows);
    deepEqual(
      [...documented(heading).keys()],
      ways.map((way) => way.way),
    );
  });
}

let number = 0;
for (const { heading, ways } of TABLES) {
  const rows: string[] = [];
  for (const way of ways) {
    number++;
    const name = `lxcts-way${number}`;
    test(`${heading}: ${way.way}`, { skip }, async () => {
      const site = new Site(place, name);
      site.break(way);
      try {
        rows.push(tried(heading, site, way));
      } finally {
        site.mend(way);
        place.ours("lxc-stop", "-n", name, "-k");
      }
      await leavesNothing(site);
    });
  }
  compareWithPage(heading, ways, rows);
}

const rows: string[] = [];
for (const way of ofUsers) {
  test(`${BY_USERS}: ${way.way}`, { skip }, () => {
    rows.push(tried(BY_USERS, new HomeOf(user), way));
    deepEqual(user.run("lxc-ls --active").out, "");
  });
}
compareWithPage(BY_USERS, ofUsers, rows);

test("they are more than sixty, each with a name of its own", () => {
  const names = TABLES.flatMap(({ ways }) => ways.map((way) => way.way));
  ok(names.length >= 60);
  equal(new Set(names).size, names.length);
});
