import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import ts from "typescript5";
import { plainLoops } from "./plain-loops.ts";

const TYPES = `
declare const xs: readonly string[]; declare const pairs: (readonly [string, number])[]; declare const map: Map<string, number>;
declare const fixed: readonly ["a", "b"]; declare const gaps: (string | undefined)[]; declare function take(x: unknown): void;`;

/** `text`, and what becomes of it, which need not fit in a line. */
const ROWS: readonly (readonly [string, readonly string[]])[] = [
  [
    "for (const x of xs) { take(x); }",
    [
      "{ const list_0 = xs; for (let at_0 = 0; at_0 < list_0.length; at_0++) { const x = list_0[at_0]!; ",
      "{ take(x); } } }",
    ],
  ],
  [
    "for (const [name, value] of pairs) take(name + value);",
    [
      "{ const list_0 = pairs; for (let at_0 = 0; at_0 < list_0.length; at_0++) { const [name, value] = list_0[at_0]!; ",
      "take(name + value); } }",
    ],
  ],
  [
    "for (const x of xs) for (const y of xs.filter((z) => z !== x)) take(y);",
    [
      "{ const list_0 = xs; for (let at_0 = 0; at_0 < list_0.length; at_0++) { const x = list_0[at_0]!; ",
      "{ const list_1 = xs.filter((z) => z !== x); for (let at_1 = 0; at_1 < list_1.length; at_1++) { const y = list_1[at_1]!; ",
      "take(y); } } } }",
    ],
  ],
  [
    "for (\n  const x of\n    xs\n) {\n  take(x);\n}",
    [
      "{ const list_0 = \n\nxs; for (let at_0 = 0; at_0 < list_0.length; at_0++) { const x = list_0[at_0]!; ",
      "\n{\n  take(x);\n} } }",
    ],
  ],
  ["for (const [name] of map) take(name);", ["for (const [name] of map) take(name);"]],
  ["for (const x of fixed) take(x);", ["for (const x of fixed) take(x);"]],
  ["for (const x of gaps) take(x);", ["for (const x of gaps) take(x);"]],
  ["for (let i = 0; i < xs.length; i++) take(xs[i]);", ["for (let i = 0; i < xs.length; i++) take(xs[i]);"]],
];

test("a loop over a list gets an index, and stays in its line", () => {
  const host = ts.createCompilerHost({});
  const fromDisk = host.getSourceFile;
  const names = ROWS.map((_, at) => `row${at}.ts`);
  host.getSourceFile = (name, target) => {
    const text = name === "types.ts" ? TYPES : ROWS[names.indexOf(name)]?.[0];
    return text === undefined ? fromDisk(name, target) : ts.createSourceFile(name, text, target, true);
  };
  const program = ts.createProgram(["types.ts", ...names], { strict: true, target: ts.ScriptTarget.ES2022 }, host);
  const checker = program.getTypeChecker();
  const texts = names.map((name) => {
    const file = program.getSourceFile(name);
    return file === undefined ? "" : plainLoops(file, checker);
  });
  deepEqual(
    texts,
    ROWS.map(([, parts]) => parts.join("")),
  );
});
