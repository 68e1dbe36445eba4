import { deepEqual } from "node:assert/strict";
import { before, test } from "node:test";
import ts from "typescript5";
import { trapsIn } from "./check-traps.ts";
import { optionalGroup } from "./trap-regex.ts";

const TYPES = `
interface Narrow { a: number }
interface Same { readonly a: number }
interface Wide { a: number; b: string }
interface Loose { a?: number }
interface Maybe { a: number | undefined }
interface Outer { inner: Narrow }
interface WideOuter { inner: Wide }
type Listed = { say: "a"; list: readonly string[] } | { say: "b" };
type Either = { say: "go" } | { say: "failed"; errno: number };
class Thing { a = 1 }
abstract class Base { concrete(x: string): void { touch({ a: x.length }); } bare(): void {} abstract open(x: string): void }
class Failure extends Error { code = "" }
declare const narrow: Narrow; declare const same: Same; declare const wide: Wide; declare const loose: Loose;
declare const maybe: Maybe; declare const wideOuter: WideOuter; declare const wides: Wide[]; declare const thing: Thing;
declare const either: Either; declare const text: string; declare const failure: Failure; declare const yes: boolean;
declare function takesNarrow(x: Narrow): void; declare function takesMaybe(x: Maybe): void;
declare function takesList(xs: readonly Narrow[]): void; declare function takesOuter(x: Outer): void;
declare function takesCallback(f: (x: Wide) => void): void; declare function takesUnknown(x: unknown): void;
declare function takesEither(x: Either | undefined): void; declare function takesAny<T>(x: T): T;
declare function closeFd(fd: number): void; declare const fds: readonly number[]; declare const maybeFd: number | undefined;
declare function exists(path: string): boolean; declare const paths: readonly string[]; declare const maybeText: string | undefined;
declare function touch(x: Narrow): void; declare function takesMaker(f: () => Narrow): void;
`;

/** Statements, and the rule each must be found by: "" for none. */
const ROWS: readonly (readonly [string, string])[] = [
  ["takesNarrow(wide);", "record-copied"],
  ["for (const fd of fds) closeFd(fd);", ""],
  ["for (const fd of new Set(fds)) closeFd(fd);", "boxed-argument"],
  ["fds.forEach((fd) => closeFd(fd));", "boxed-argument"],
  ["new Promise((fd: number) => closeFd(fd));", "boxed-argument"],
  ["closeFd(fds[0] ?? -1);", "boxed-argument"],
  ["const first = fds[0] ?? -1; closeFd(first);", "boxed-argument"],
  ["const held = maybeFd; if (held !== undefined) closeFd(held);", "boxed-argument"],
  ["function close(fd: number | undefined): void { if (fd !== undefined) closeFd(fd); }", "boxed-argument"],
  ["const either = yes ? 1 : (fds[0] ?? -1); closeFd(either);", "boxed-argument"],
  ["function close(fd: number): void { closeFd(fd); }", ""],
  ["for (let i = 0; i < fds.length; i++) closeFd(fds[i]!);", ""],
  ["const known = fds.length; closeFd(known);", ""],
  ["for (const path of paths) exists(path);", ""],
  ["for (const path of new Set(paths)) exists(path);", "boxed-argument"],
  ["if (maybeText !== undefined) exists(maybeText);", "boxed-argument"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is a program.
  ["for (const path of new Set(paths)) exists(`${path}`);", ""],
  ["takesNarrow(yes ? narrow : wide);", "record-copied"],
  ["takesMaybe(narrow);", "record-copied"],
  ["takesList(wides);", "record-copied"],
  ["takesList([narrow, wide]);", "record-copied"],
  ["takesOuter(wideOuter);", "record-copied"],
  ["takesOuter({ inner: wide });", "record-copied"],
  ["takesCallback(touch);", "record-copied"],
  ["takesCallback((x: Narrow) => { x.a = 1; });", "record-copied"],
  ["takesMaker(() => wide);", "record-copied"],
  ["const copy: Narrow = wide;", "record-copied"],
  ["const cast = wide as Narrow;", "record-copied"],
  ["let later: Loose; later = narrow;", "record-copied"],
  ["function give(): Narrow { return wide; }", "record-copied"],
  ["const numbers: number[] = []; const mixed: (number | string)[] = numbers;", "record-copied"],
  ["takesNarrow(narrow);", ""],
  ["takesNarrow(same);", ""],
  ["takesNarrow({ a: 1 });", ""],
  ["takesOuter({ inner: { a: 1 } });", ""],
  ["takesCallback((x) => { x.a = 1; });", ""],
  ["takesList([]);", ""],
  ["takesAny(wide);", ""],
  ["takesEither(either);", ""],
  ['if (either.say === "failed") takesEither(either);', ""],
  ["const first: Narrow | undefined = [narrow][0];", ""],
  ['const words: readonly string[] = ["a" as const];', ""],
  ["const upper: Thing = thing;", ""],
  ["const both = { ...narrow, ...loose };", "partial-spread"],
  ["const both = { ...loose, ...wide };", ""],
  ["const groups = /a(b)?c/.exec(text);", "optional-group"],
  ['const groups = new RegExp("(a)|b").exec(text);', "optional-group"],
  ["const groups = /a(b?)(?:c)?(d|e)[(]?/.exec(text);", ""],
  ["const parsed = JSON.parse(text) as Either;", "json-union"],
  ["const parsed: Either = JSON.parse(text);", "json-union"],
  ["const parsed = JSON.parse(text) as { x: Narrow | Wide };", "json-union"],
  ["const parsed = JSON.parse(text) as Narrow | undefined;", ""],
  ["const parsed = JSON.parse(text) as { yes: boolean };", ""],
  ["takesUnknown(failure);", "error-as-unknown"],
  ["const held: unknown = new Error();", "error-as-unknown"],
  ["try { touch(narrow); } catch (caught) { takesUnknown(caught); }", "caught-as-unknown"],
  ["try { touch(narrow); } catch (caught) { takesAny(caught as Error); throw caught; }", ""],
  ["takesUnknown(text);", ""],
  [
    "class Derived extends Base { override concrete(x: string): void {} override open(): void {} }",
    "concrete-override",
  ],
  ["class Derived extends Base { override open(x: string): void {} override bare(): void {} }", ""],
];

let found: string[] = [];

before(() => {
  const statements = ROWS.map(([statement], i) => `function row${i}(): void { ${statement} }`);
  const sources: Readonly<Record<string, string>> = { "types.ts": TYPES, "rows.ts": statements.join("\n") };
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const fromDisk = host.getSourceFile;
  host.getSourceFile = (name, target) => {
    const text = sources[name];
    return text === undefined ? fromDisk(name, target) : ts.createSourceFile(name, text, target, true);
  };
  const program = ts.createProgram(["types.ts", "rows.ts"], options, host);
  const rows = program.getSourceFile("rows.ts");
  if (rows !== undefined) found = trapsIn(program, [rows]);
});

test("each trap is found where it is, by its rule, and nothing else is", () => {
  const rules = ROWS.map(([statement], i) => {
    const here = found.filter((trap) => trap.startsWith(`rows.ts:${i + 1}:`));
    const names = here.map((trap) => trap.split(" ")[1]?.slice(0, -1));
    return [statement, [...new Set(names)].join()];
  });
  deepEqual(rules, ROWS);
});

test("a finding says where, what is wrong and what to write", () => {
  deepEqual(
    found[0],
    [
      "rows.ts:1:37 record-copied: Wide is copied to become Narrow (b)",
      "write: one type in both places, a class, or an object literal with the fields",
    ].join("; "),
  );
});

test("only a group that may be left out of a match is optional", () => {
  const patterns = [
    "(a)(b)",
    "(?:a)?(b)",
    "(a|b)",
    "\\((a)\\)?",
    "(?<name>a)*",
    "(?:x(a))?",
    "a|(b)",
    "((a)|b)",
    "(a){0,2}",
  ];
  deepEqual(patterns.map(optionalGroup), [
    undefined,
    undefined,
    undefined,
    undefined,
    "(?<name>a)",
    "(?:x(a))",
    "a|(b)",
    "((a)|b)",
    "(a)",
  ]);
});
