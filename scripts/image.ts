// image.ts PROGRAM HEADER RUN-TO OUTPUT: PROGRAM.linked with its modules loaded already.
//
// Loading 400 modules builds the same tables at each start of each tool. Here the program runs once, up to its function main, and what
// its modules made of its memory becomes its data: later it finds them loaded. Nothing is kept of the C library's memory, nor of
// what belongs to one process, its arguments and streams. PROGRAM.linked has its symbols, PROGRAM.map is the linker's, PROGRAM.c what
// was compiled, and HEADER the runtime's; OUTPUT is stripped.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Heap } from "./image-heap.ts";
import { Objects, SAYS_TYPE } from "./image-objects.ts";

/** The entry's function, and its mark that it is loaded: the one module to load again, as that is what calls main. */
const MAIN = "sc_f_main";
const ENTRY_LOADED = "sc_g_e__x25_loaded";
/** Objects of the runtime whose memory belongs to one process. */
const OF_A_PROCESS = ["scr_lib.o", "scr_console.o"];
const PT_LOAD = 1;
const WRITABLE = 2;
const LOWEST_STACK = 0x7f0000000000n;
const HIGHEST_STACK = 0x7fffffffffffn;
const WORD = 8;
const PAGE = 4096;
/** Of the runtime's ScrCycHdr, in front of an object that can be in a cycle: it is black, in no list of candidates, and old. */
const COLOR_AND_LIST = 16;
const SETTLED = 1n << 48n;
const LIST_INDEX = 24;
const CYCLE_HEADER = 32;
/** Pointer, count and room, in one variable or as the C compiler has split it. */
const LIST_OF_COLLECTOR = /^scr_(?:roots|cands|promote|white|xgen)(?:\.\d)?$/;
/** An object with so many references is never counted, walked or freed. */
const IMMORTAL = 0xffffffffffffffffn;

interface Symbol {
  readonly at: number;
  readonly size: number;
}

interface Segment {
  /** Where its header is in the file. */
  readonly header: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly size: number;
}

/** A section of an object file, where the linker put it. */
interface Part {
  readonly at: number;
  readonly size: number;
  readonly file: string;
}

const [path = "", runtime = "", runTo = "", output = ""] = process.argv.slice(2);
const program = `${path}.linked`;
const elf = readFileSync(program);
const segment = writableSegment();
const { symbols, names } = symbolsOf(program);
const image = imageOf(partsOf(readFileSync(`${path}.map`, "utf8")), memoryWhenLoaded());
const heap = heapOf(image);
settleObjects(readFileSync(`${path}.c`, "utf8"));
heap.settle();
image[offsetOf(ENTRY_LOADED)] = 0;
writeProgram();

function writableSegment(): Segment {
  const first = Number(elf.readBigUInt64LE(32));
  for (let at = 0; at < elf.readUInt16LE(56); at++) {
    const header = first + at * elf.readUInt16LE(54);
    if (elf.readUInt32LE(header) !== PT_LOAD || (elf.readUInt32LE(header + 4) & WRITABLE) === 0) continue;
    const number = (field: number) => Number(elf.readBigUInt64LE(header + field));
    return { header, offset: number(8), address: number(16), fileSize: number(32), size: number(40) };
  }
  throw new Error(`${program} has no writable segment`);
}

function symbolsOf(file: string): { symbols: Map<string, Symbol>; names: Map<number, string> } {
  const { stdout } = spawnSync("nm", ["-S", file], { encoding: "utf8", maxBuffer: 1 << 28 });
  const found = { symbols: new Map<string, Symbol>(), names: new Map<number, string>() };
  for (const line of stdout.split("\n")) {
    const [at = "", size = "", , name = ""] = line.split(" ");
    if (name === "") continue;
    const address = Number.parseInt(at, 16);
    if (SAYS_TYPE.test(name) && SAYS_TYPE.test(found.names.get(address) ?? ""))
      throw new Error(`${name} and ${found.names.get(address)} are one: what it is of cannot be told`);
    found.symbols.set(name, { at: address, size: Number.parseInt(size, 16) });
    found.names.set(address, name);
  }
  return found;
}

function symbol(name: string): Symbol {
  const found = symbols.get(name);
  if (found === undefined) throw new Error(`${program} has no symbol ${name}`);
  return found;
}

/** In the image. */
function offsetOf(name: string): number {
  return symbol(name).at - segment.address;
}

function memoryWhenLoaded(): Buffer {
  const numbers = [symbol(MAIN).at, segment.address, segment.size].map((number) => number.toString(16));
  const { status, stdout, stderr } = spawnSync(runTo, [program, ...numbers], { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`cannot load the modules of ${program}: ${stderr}`);
  return stdout;
}

/** The map has ` SECTION ADDRESS SIZE FILE` for each; a long section has a line of its own. */
function partsOf(text: string): Part[] {
  const found: Part[] = [];
  const line = /^ (?:\.(?:data|bss)\S*|COMMON)\s+(0x\w+)\s+(0x\w+) (\S.*)$/gm;
  for (const [, address = "", length = "", file = ""] of text.matchAll(line)) {
    const at = Number(address);
    const size = Number(length);
    if (at >= segment.address && size > 0) found.push({ at, size, file });
  }
  if (found.length === 0) throw new Error(`${path}.map names no part of the writable segment`);
  return found;
}

function isOfAProcess(file: string): boolean {
  return OF_A_PROCESS.some((name) => file.endsWith(`(${name})`));
}

/** Whether it is of the C library, or of what the compiler of C adds. */
function isOfC(file: string): boolean {
  return /libc\.a\(|\/S?crt\w*\.o$/.test(file);
}

function imageOf(parts: readonly Part[], loaded: Buffer): Buffer {
  const made = Buffer.alloc(segment.size);
  elf.copy(made, 0, segment.offset, segment.offset + segment.fileSize);
  for (const { at, size, file } of parts) {
    const from = at - segment.address;
    const isKept = !isOfC(file) && !isOfAProcess(file);
    check(loaded.subarray(from, from + size), isKept, file);
    if (isKept) loaded.copy(made, from, from, from + size);
  }
  return made;
}

/** What is kept may not point to a stack; what is not may not point to the heap, but for the arguments, made anew each time. */
function check(bytes: Buffer, isKept: boolean, file: string): void {
  const heap = symbol("first_area");
  for (let at = 0; at + WORD <= bytes.length; at += WORD) {
    const word = bytes.readBigUInt64LE(at);
    if (isKept && word >= LOWEST_STACK && word <= HIGHEST_STACK) throw new Error(`${file} points to a stack`);
    if (isKept || isOfAProcess(file)) continue;
    if (word >= heap.at && word < heap.at + heap.size) throw new Error(`${file} points to the heap`);
  }
}

function heapOf(loaded: Buffer): Heap {
  const rangeOf = (name: string) => ({ at: offsetOf(name), size: symbol(name).size });
  return new Heap(loaded, segment.address, {
    firstArea: offsetOf("first_area"),
    top: offsetOf("top"),
    unused: offsetOf("unused"),
    lists: rangeOf("lists"),
    hasChunks: rangeOf("has_chunks"),
    resting: rangeOf("resting"),
  });
}

/** Makes what is there immortal: memory that is only read stays the file's, and one in all processes. */
function settleObjects(text: string): void {
  const rooms = new Map<number, number>();
  for (const { at, size } of heap.rooms()) {
    const header = canBeInCycle(at) ? CYCLE_HEADER : 0;
    rooms.set(at + header, size - header);
    if (header > 0) settleInCycle(at);
  }
  for (const object of findObjects(text, rooms)) image.writeBigUInt64LE(IMMORTAL, object - segment.address);
  // Nobody is a candidate any more; a process makes these lists where it makes everything else.
  for (const [name, { at, size }] of symbols) {
    if (LIST_OF_COLLECTOR.test(name)) image.fill(0, at - segment.address, at - segment.address + size);
  }
  image.writeBigUInt64LE(0n, offsetOf("scr_cyc_nbuffered"));
}

/** `rooms` says how many bytes there are for what is at a place of the image. */
function findObjects(text: string, rooms: ReadonlyMap<number, number>): ReadonlySet<number> {
  const start = symbol("first_area").at;
  const end = heap.end() + segment.address;
  const memory = {
    word: (address: number) => image.readBigUInt64LE(address - segment.address),
    half: (address: number) => image.readUInt32LE(address - segment.address),
    byte: (address: number) => image.readUInt8(address - segment.address),
    room: (address: number) => rooms.get(address - segment.address),
    isOfHeap: (address: number) => address >= start && address < end,
  };
  const named = {
    addressOf: (name: string) => symbols.get(name)?.at,
    nameAt: (address: number) => names.get(address),
  };
  return new Objects(memory, named, text, readFileSync(runtime, "utf8")).find(text);
}

/** Its first two words are then the functions by which the runtime walks and frees it. */
function canBeInCycle(at: number): boolean {
  const walks = names.get(Number(image.readBigUInt64LE(at))) ?? "";
  return /^scr?_.*trace/.test(walks) && names.has(Number(image.readBigUInt64LE(at + WORD)));
}

function settleInCycle(at: number): void {
  image.writeBigUInt64LE(SETTLED, at + COLOR_AND_LIST);
  image.writeBigUInt64LE(0n, at + LIST_INDEX);
  image.writeBigUInt64LE(IMMORTAL, at + CYCLE_HEADER);
}

/**
 * The segment is the last one: what follows in the file, symbols and section headers, is left out. It ends with a page, so that nothing of a page is
 * to be cleared when the program begins.
 */
function writeProgram(): void {
  let used = image.length;
  while (used > 0 && image[used - 1] === 0) used--;
  const end = Math.min(image.length, Math.ceil((segment.address + used) / PAGE) * PAGE - segment.address);
  const head = Buffer.from(elf.subarray(0, segment.offset));
  head.writeBigUInt64LE(BigInt(end), segment.header + 32);
  head.writeBigUInt64LE(0n, 40);
  head.writeUInt32LE(0, 60);
  writeFileSync(output, Buffer.concat([head, image.subarray(0, end)]), { mode: 0o755 });
}
