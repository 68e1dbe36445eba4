// docs/security.md names a test for each row, and every test of this folder has a row.

import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const page = readFileSync(join(import.meta.dirname, "../../docs/security.md"), "utf8");

/** The names of the tests, in quotes as the third argument of `attack`. */
function testNames(): string[] {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
  return files.flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), "utf8");
    return [...text.matchAll(/^attack\(\s*"[^"]*",\s*"[^"]*",\s*"([^"]*)"/gm)].map((match) => match[1] ?? "");
  });
}

test("docs/security.md and the tests name each other", () => {
  const names = testNames();
  ok(names.length > 20);
  const rows = page.split("\n").filter((line) => /^\| (\d{4}-\d|lxc#)/.test(line) && line.split("|").length === 6);
  const columns = rows.map((row) => row.split("|")[4] ?? "");
  const named = columns.flatMap((text) => [...text.matchAll(/`([^`]*)`/g)].map((match) => match[1] ?? ""));
  const own = named.filter((name) => !name.endsWith(".ts") && !name.startsWith("destroy follows"));
  const begins = (name: string, of: string): boolean => name.startsWith(of.replace(/ …$/, ""));
  deepEqual(
    own.filter((of) => !names.some((name) => begins(name, of))),
    [],
    "no such tests",
  );
  deepEqual(
    names.filter((name) => !own.some((of) => begins(name, of))),
    [],
    "no such rows",
  );
});
