import { deepEqual, equal, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { SHIPPED } from "../../../test/compat/shipped-table.ts";
import { CORPUS, corpusFiles, includeShipped, verdictOf, verdicts } from "../../../test/corpus/corpus.ts";
import { Environment } from "../../kernel/environment.ts";
import { ConfigDocument } from "./document.ts";
import { findingsIn } from "./findings.ts";
import { type ReadConfig, readConfig } from "./load.ts";
import { upgradeText } from "./upgrade.ts";

/** As bytes, one letter each: one file is not UTF-8. */
function textOf(file: string): string {
  return readFileSync(resolve(CORPUS, file), "latin1");
}

function read(text: string): ReadConfig {
  return readConfig(new ConfigDocument(text), "config", includeShipped, new Environment("PATH=/bin\0"));
}

function meaningOf(text: string): string[] {
  return read(text)
    .config.used()
    .map(({ key, setting }) => `${key} = ${setting.lines().join(" | ")}`);
}

test("the corpus has more than 150 files, each with a verdict", () => {
  const files = corpusFiles();
  ok(files.length > 150, String(files.length));
  deepEqual(
    verdicts().map(({ file }) => file),
    files,
  );
});

for (const { file, says } of verdicts()) {
  test(`${file} is ${says.split(" ")[0]}`, () => {
    const text = textOf(file);
    equal(verdictOf(findingsIn(read(text))), says);
    equal(new ConfigDocument(text).text(), text);
  });
}

test("what is read, written and read again means the same, and every other line stays as it was", () => {
  const shipped = readdirSync(SHIPPED).filter((name) => name.endsWith(".conf"));
  for (const file of corpusFiles().concat(shipped.map((name) => join(SHIPPED, name)))) {
    const text = textOf(file);
    const before = meaningOf(text);
    const entries = new ConfigDocument(text).entries();
    for (const entry of entries) {
      const isAlone = entries.filter(({ key }) => key === entry.key).length === 1;
      if (!isAlone || entry.key === "") continue;
      const document = new ConfigDocument(text);
      document.set(entry.key, [entry.value]);
      deepEqual(meaningOf(document.text()), before, `${file}: ${entry.key}`);
      const others = (all: string): string[] => all.split("\n").filter((_, at) => at !== entry.line - 1);
      deepEqual(others(document.text()).join("\n").trimEnd(), others(text).join("\n").trimEnd(), file);
    }
  }
});

test("an old configuration is right once its keys are translated", () => {
  const wrong: string[] = [];
  for (const file of corpusFiles().filter((name) => name.startsWith("legacy/"))) {
    const { errors } = read(upgradeText(textOf(file)).text);
    if (errors.length > 0)
      wrong.push(`${file}: ${errors.map(({ subject, problem }) => `${subject}: ${problem}`).join("; ")}`);
  }
  deepEqual(wrong, []);
});

test("ten thousand lines and a line of a mebibyte are read and kept", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `lxc.environment = V${i}=${i}`).join("\n");
  const config = read(many).config;
  equal(config.environment.values.length, 10_000);
  const long = `# long\nlxc.environment = LONG=${"x".repeat(1 << 20)}\nlxc.bogus${"y".repeat(1 << 20)} = 1\n`;
  const { config: other, errors } = read(long);
  equal(other.environment.values[0]?.value.length, 1 << 20);
  equal(errors.length, 1);
  equal(new ConfigDocument(long).text(), long);
});
