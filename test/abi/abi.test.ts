import { deepEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { errnoText } from "../../src/kernel/abi/errno.ts";
import { BytesField, Field } from "../../src/kernel/abi/struct.ts";
import { SYS } from "../../src/kernel/abi/syscalls.ts";
import { type StructRow, spellings, structs, unknownToHeaders } from "./probes.ts";

/** What one of our numbers is in C: `probe` is a line of the program. */
interface Probe {
  readonly name: string;
  readonly ours: number;
  readonly probe: string;
}

const PROGRAM = "dist/abi/abi";

type Exports = Readonly<Record<string, unknown>>;

const modules: Exports[] = [];
for (const file of globSync("src/kernel/abi/*.ts")) {
  if (!file.endsWith(".test.ts")) modules.push((await import(`../../${file}`)) as Exports);
}
const exported = modules.flatMap((module) => Object.entries(module));

test("every constant has the value of the kernel headers", () => {
  const probes: Probe[] = [];
  for (const [name, ours] of exported) {
    if (typeof ours === "number") probes.push({ name, ours, probe: `VALUE(${spellings[name] ?? name})` });
  }
  const unknown = disagreements(probes).filter(
    (line) => !unknownToHeaders.some((name) => line.startsWith(`${name} is`)),
  );
  deepEqual(unknown, []);
});

test("every system call has its number", () => {
  const probes = Object.entries(SYS).map(([name, ours]) => ({ name, ours, probe: `VALUE(__NR_${name})` }));
  deepEqual(disagreements(probes), []);
});

test("every error number has its name", () => {
  const probes: Probe[] = [];
  for (let ours = 1; ours < 200; ours++) {
    const name = /\((E\w+)\)$/.exec(errnoText(ours))?.[1];
    if (name !== undefined) probes.push({ name, ours, probe: `VALUE(${name})` });
  }
  deepEqual(disagreements(probes), []);
});

test("every struct has the size and the offsets of the kernel headers", () => {
  const probes: Probe[] = [];
  const rowless: string[] = [];
  for (const [name, table] of exported) {
    if (typeof table !== "object" || table === null) continue;
    if (!("size" in table) && !Object.values(table).some(isField)) continue;
    const row = structs[name];
    if (row === undefined) rowless.push(`${name} needs a row in test/abi/probes.ts`);
    else probes.push(...probesOf(name, table as Exports, row));
  }
  deepEqual([...rowless, ...disagreements(probes)], []);
});

function isField(value: unknown): value is Field | BytesField {
  return value instanceof Field || value instanceof BytesField;
}

function probesOf(name: string, table: Exports, row: StructRow): Probe[] {
  const probes: Probe[] = [];
  for (const [key, value] of Object.entries(table)) {
    // A table without Field objects gives offsets as `dataAt: 4`.
    const field = key.endsWith("At") ? key.slice(0, -2) : key;
    const member = row.fields?.[field] ?? `${row.prefix ?? ""}${snakeCase(field)}`;
    const at = isField(value) ? value.at : Number(value);
    if (key === "size") probes.push({ name, ours: at, probe: `VALUE(${row.size ?? `sizeof(${row.c})`})` });
    else if (member !== "") probes.push({ name: `${name}.${key}`, ours: at, probe: `OFFSET(${row.c}, ${member})` });
  }
  return probes;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** One line for each probe that the headers do not know, or know another number for. */
function disagreements(probes: readonly Probe[]): string[] {
  const unknown = unknownAmong(probes);
  const known = probes.filter((probe) => !unknown.has(probe));
  const errors = compile(known);
  if (errors.length > 0) return errors;
  const theirs = spawnSync(PROGRAM, { encoding: "utf8" }).stdout.split("\n");
  const lines = [...unknown].map(({ name, probe }) => `${name} is unknown to the kernel headers as ${probe}`);
  known.forEach(({ name, ours }, i) => {
    if (theirs[i] !== String(ours)) lines.push(`${name} is ${theirs[i]}, not ${ours}`);
  });
  return lines;
}

/** The probes on whose lines the compiler finds an error. */
function unknownAmong(probes: readonly Probe[]): Set<Probe> {
  const unknown = new Set<Probe>();
  for (const message of compile(probes)) {
    const probe = probes[Number(/probes\.h:(\d+):/.exec(message)?.[1] ?? 0) - 1];
    if (probe !== undefined) unknown.add(probe);
  }
  return unknown;
}

/** Builds the program with these probes. Returns the compiler's errors. */
function compile(probes: readonly Probe[]): string[] {
  mkdirSync("dist/abi", { recursive: true });
  writeFileSync("dist/abi/probes.h", probes.map(({ probe }) => `${probe}\n`).join(""));
  const architecture = process.arch === "x64" ? "x86_64" : "aarch64";
  const headers = ["-idirafter", "/usr/include", "-idirafter", `/usr/include/${architecture}-linux-gnu`];
  const options = ["-fmax-errors=0", "-ftrack-macro-expansion=0", '-DPROBES="../../dist/abi/probes.h"'];
  const run = spawnSync("musl-gcc", [...headers, ...options, "test/abi/abi.c", "-o", PROGRAM], { encoding: "utf8" });
  if (run.error !== undefined) throw run.error;
  return run.stderr.split("\n").filter((line) => line.includes(" error: "));
}
