import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CORPUS, corpusFiles, includeShipped } from "../../../test/corpus/corpus.ts";
import { Environment } from "../../kernel/environment.ts";
import { ConfigDocument } from "./document.ts";
import { Glance, type ReadFiles } from "./glance.ts";
import { readConfig } from "./load.ts";
import { getItem } from "./values.ts";

/** In table order. */
const KEYS = ["lxc.start.auto", "lxc.group", "lxc.idmap"];

function filesOf(text: string): ReadFiles {
  return { read: () => text, include: includeShipped };
}

test("a glance at a configuration sees what reading all of it does", () => {
  let glanced = 0;
  for (const file of corpusFiles()) {
    const text = readFileSync(join(CORPUS, file), "utf8");
    const items = new Glance(KEYS, filesOf(text)).read("config");
    if (items === undefined) continue;
    glanced++;
    const { config, errors } = readConfig(
      new ConfigDocument(text),
      "config",
      includeShipped,
      new Environment("PATH=/bin\0"),
    );
    if (errors.length > 0) continue;
    deepEqual(
      items,
      KEYS.map((key) => getItem(config, key) ?? ""),
      file,
    );
  }
  equal(glanced > 130, true, String(glanced));
});

test("one glance after another, and what only the whole file can tell", () => {
  let text = "lxc.group = a\nlxc.group =\n\nlxc.group = b c\nlxc.grouped = x\nlxc.start.auto=1\r\n";
  const glance = new Glance(KEYS, { read: () => text, include: includeShipped });
  deepEqual(glance.read("one"), ["1", "b\nc\n", ""]);
  text = "lxc.uts.name = two";
  deepEqual(glance.read("two"), ["0", "", ""]);
  for (const hard of [" lxc.group = a", "# c\n\tlxc.group = a", "lxc.start.auto = yes", "lxc.idmap = u 0"]) {
    text = hard;
    equal(glance.read("three"), undefined, hard);
  }
});
