import { deepEqual, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Objects } from "./image-objects.ts";

const header = readFileSync("node_modules/@scriptc/runtime/src/scr_runtime.h", "utf8");
const TEXT = `struct sc_rs_r1 { /* record r1 { name; number } */
  size_t rc;
  double sc_fld_number; /* number */
  ScrStr *sc_fld_name; /* name */
};
struct sc_o__x25_m1_Shape { /* class %m1.Shape */
  size_t rc;
  const ScrVt *vt;
};
struct sc_o__x25_m1_Square { /* class %m1.Square */
  size_t rc;
  const ScrVt *vt;
  sc_rs_r1 *sc_fld_row; /* row */
};
static sc_rs_r1 *sc_g_m1_row; /* row */
static sc_o__x25_m1_Shape *sc_g_m1_shape; /* shape */
static double sc_g_m1_count; /* count */
static ScrUnknown *sc_g_m1_unknown; /* unknown */
static ScrStr *sc_g_m1_gone; /* no symbol: the linker left it out */
`;
const HEAP = 0x1000;
const SYMBOLS: Readonly<Record<string, number>> = {
  sc_g_m1_row: 0x100,
  sc_g_m1_shape: 0x108,
  sc_g_m1_count: 0x110,
  sc_g_m1_unknown: 0x118,
  sc_vtable__x25_m1_Square: 0x200,
};

/** The objects in a memory of words; from HEAP on `rooms` says how large what is at an address is. */
function find(words: Readonly<Record<number, number>>, rooms: Readonly<Record<number, number>>): number[] {
  const word = (address: number) => BigInt(words[address] ?? 0);
  const byte = (address: number) => Number(word(address - (address % 8)) >> BigInt((address % 8) * 8)) & 0xff;
  const memory = {
    word,
    half: (address: number) => Number(word(address)),
    byte,
    room: (address: number) => rooms[address],
    isOfHeap: (address: number) => address >= HEAP,
  };
  const nameAt = (address: number) => Object.keys(SYMBOLS).find((name) => SYMBOLS[name] === address);
  return [...new Objects(memory, { addressOf: (name) => SYMBOLS[name], nameAt }, TEXT, header).find(TEXT)].sort();
}

test("a record and what its fields point to are found, but not numbers that look like addresses", () => {
  deepEqual(find({ 256: 0x1000, 4104: 0x3000, 4112: 0x2000, 272: 0x2000 }, { 4096: 24, 8192: 32 }), [0x1000, 0x2000]);
});

test("what the compiler made itself, and what has a type that is not known, are left alone", () => {
  deepEqual(find({ 256: 0x800, 280: 0x3000 }, { 12288: 64 }), []);
});

test("an object's class is what its table of functions says, not the one that holds it", () => {
  const words = { 264: 0x1000, 4104: 0x200, 4112: 0x2000 };
  deepEqual(find(words, { 4096: 24, 8192: 24 }), [0x1000, 0x2000]);
});

test("what cannot be an object stops the build", () => {
  throws(() => find({ 256: 0x1000 }, {}), /there is no sc_rs_r1 at 1000/);
  throws(() => find({ 256: 0x1000 }, { 4096: 23 }), /there is no sc_rs_r1 at 1000/);
  throws(() => find({ 264: 0x1000, 4104: 0x208 }, { 4096: 24 }), /at 1000 is of no class/);
});
