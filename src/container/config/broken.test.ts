import { deepEqual, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LxcError } from "../../base/errors.ts";
import { type Finding, findingLine } from "../../base/finding.ts";
import { ConfigDocument } from "./document.ts";
import { findingsIn } from "./findings.ts";
import { NO_VARIABLES } from "./keys.ts";
import { readConfig } from "./load.ts";

/** Broken configurations, each with what is said of it: blocks with a blank line between, the answer behind >. */
const CASES = "test/broken/cases.txt";

interface Case {
  readonly text: string;
  readonly says: readonly string[];
}

function casesIn(text: string): Case[] {
  const cases: Case[] = [];
  for (const block of text.split("\n\n")) {
    const lines = block.split("\n").filter((line) => line !== "");
    const isAnswer = (line: string): boolean => line.startsWith("> ");
    const says = lines.filter(isAnswer).map((line) => line.slice(2));
    if (lines.length > 0) cases.push({ text: lines.filter((line) => !isAnswer(line)).join("\n"), says });
  }
  return cases;
}

function errorsIn(text: string): Finding[] {
  const missing = (path: string): never => {
    throw new LxcError("syscall-failed", `open ${path}`, "openat: no such file or directory (ENOENT)");
  };
  return findingsIn(readConfig(new ConfigDocument(text), "config", missing, NO_VARIABLES)).filter(
    ({ severity }) => severity === "error",
  );
}

const cases = casesIn(readFileSync(CASES, "utf8"));

test("there are more than sixty broken configurations", () => {
  ok(cases.length > 60, String(cases.length));
});

for (const { text, says } of cases) {
  test(`broken: ${text.split("\n").at(-1)?.slice(0, 60)}`, () => {
    const findings = errorsIn(text);
    deepEqual(findings.map(findingLine), says);
    // The guilty line, and the key as it stands there.
    for (const { line, subject } of findings) {
      const guilty = text.split("\n")[line - 1] ?? "";
      match(guilty, /lxc/);
      ok(guilty.trim().startsWith(subject), guilty);
    }
  });
}
