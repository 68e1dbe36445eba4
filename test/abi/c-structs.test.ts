import { deepEqual, equal, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { enumOfHeader, type Struct, structOfHeader, structsOfProgram } from "../../scripts/c-structs.ts";

const RUNTIME = "node_modules/@scriptc/runtime";
const header = readFileSync(`${RUNTIME}/src/scr_runtime.h`, "utf8");

/** Of each field its place, then the size, as the compiler of C has them. */
function placesIn(before: string, structs: ReadonlyMap<string, Struct>): string[] {
  mkdirSync("dist/abi", { recursive: true });
  const prints: string[] = [];
  for (const [name, { fields }] of structs) {
    for (const field of fields.keys()) prints.push(`printf("${name}.${field} %zu\\n", offsetof(${name}, ${field}));`);
    prints.push(`printf("${name} %zu\\n", sizeof(${name}));`);
  }
  const main = `#include <stddef.h>\n#include <stdio.h>\n${before}\nint main(void) {\n${prints.join("\n")}\nreturn 0;\n}\n`;
  writeFileSync("dist/abi/structs.c", main);
  const folders = [`-I${RUNTIME}/src`, `-I${RUNTIME}/vendor/quickjs-ng`];
  const words = [
    "-static",
    "-D_GNU_SOURCE",
    "-DSCR_MUSL",
    "-w",
    ...folders,
    "dist/abi/structs.c",
    "-o",
    "dist/abi/structs",
  ];
  const { status, stderr } = spawnSync("musl-gcc", words, { encoding: "utf8" });
  equal(status, 0, stderr);
  return spawnSync("dist/abi/structs", { encoding: "utf8" }).stdout.trimEnd().split("\n");
}

function said(structs: ReadonlyMap<string, Struct>): string[] {
  const lines: string[] = [];
  for (const [name, { size, fields }] of structs) {
    for (const [field, { at }] of fields) lines.push(`${name}.${field} ${at}`);
    lines.push(`${name} ${size}`);
  }
  return lines;
}

test("fields of the runtime's structs are where the compiler of C has them", () => {
  const names = ["ScrStr", "ScrArr", "ScrMapEntry", "ScrMap", "ScrBox", "ScrClosure", "ScrUnion", "ScrBytes"];
  const structs = new Map(names.map((name) => [name, structOfHeader(header, name)]));
  deepEqual(said(structs), placesIn('#include "scr_runtime.h"', structs));
});

test("fields of records are where the compiler of C has them", () => {
  const text = `typedef struct sc_rs_r1 sc_rs_r1; /* record r1 { a; b } */
struct sc_rs_r1 { /* record r1 { a; b } */
  size_t rc;
  bool sc_fld_a; /* a; /* b */
  bool sc_fld_b; /* b */
  ScrStr *sc_fld_c; /* c */
  bool sc_fld_d; /* d */
};
typedef struct sc_o__x25_m1_A sc_o__x25_m1_A;
struct sc_o__x25_m1_A { /* class %m1.A */
  size_t rc;
  const ScrVt *vt;
  bool sc_fld_a; /* a */
  double sc_fld_b; /* b */
  sc_rs_r1 *sc_fld_c; /* c */
};
`;
  const structs = structsOfProgram(text);
  deepEqual([...structs.keys()], ["sc_rs_r1", "sc_o__x25_m1_A"]);
  deepEqual(said(structs), placesIn(`#include "scr_runtime.h"\n${text}`, structs));
  equal(structs.get("sc_o__x25_m1_A")?.fields.get("sc_fld_c")?.type, "sc_rs_r1 *");
});

test("enumerators have their numbers", () => {
  const text = "typedef enum {\n  A, /* first, } */\n  B,\n} AKind;\n";
  deepEqual(
    [...enumOfHeader(text, "AKind")],
    [
      ["A", 0],
      ["B", 1],
    ],
  );
  equal(enumOfHeader(header, "ScrElemKind").get("SCR_ELEM_REF"), 5);
});

test("what is not understood stops the build", () => {
  throws(() => structOfHeader("typedef struct A {\n  long a;\n} A;\n", "A"), /how long is long\?/);
  throws(() => structOfHeader("", "A"), /the header has no struct A/);
  throws(() => enumOfHeader("typedef enum { A = 3 } AKind;", "AKind"), /enumerator of AKind/);
});
