import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { tooLong } from "./check-sizes.ts";

function lines(count: number): string {
  return "  f();\n".repeat(count);
}

test("a function of 81 lines is too long, one of 80 is not", () => {
  deepEqual(tooLong("a.ts", `function f(): void {\n${lines(78)}}\n`), []);
  deepEqual(tooLong("a.ts", `\nfunction f(): void {\n${lines(79)}}\n`), [
    "a.ts:2 f: 81 lines, more than 80; give each of its steps a function of its own",
  ]);
});

test("methods, constructors and arrows are functions", () => {
  const body = `{\n${lines(80)}}`;
  const text = `class A { constructor() ${body}\nm(): void ${body} }\nconst g = (): void => ${body};\n`;
  deepEqual(
    tooLong("a.ts", text).map((problem) => problem.split(":", 3)[1]),
    ["1 constructor", "83 m", "165 g"],
  );
});

test("a file of 601 lines is too long, one of 600 is not", () => {
  deepEqual(tooLong("a.ts", lines(600)), []);
  deepEqual(tooLong("a.ts", lines(601)), [
    "a.ts: 601 lines, more than 600; move one of its topics to a file named after it",
  ]);
});
