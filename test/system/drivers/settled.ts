// "read" says how many pages of its data were written to while all things of a type were held, "change" what things are after changes.

import { print } from "../../../src/faces/cli/print.ts";
import { O_RDONLY } from "../../../src/kernel/abi/fs.ts";
import { SYS } from "../../../src/kernel/abi/syscalls.ts";
import { tryBytes } from "../../../src/kernel/call.ts";
import { closeFd, openFile, readText } from "../../../src/kernel/files.ts";
import { exitNow } from "../../../src/kernel/process.ts";
import {
  type Area,
  areas,
  byName,
  COUNT,
  counters,
  lists,
  names,
  points,
  type Row,
  rows,
  Square,
  said,
  shapes,
  texts,
  words,
} from "./parts/things.ts";

exitNow(main(process.argv[2] ?? ""));

function main(what: string): number {
  if (what === "read") readAll();
  if (what === "change") change();
  return 0;
}

function readAll(): void {
  // What looking takes is taken already.
  ownPages();
  report("rows", () => holdRows());
  report("points", () => holdTexts(points.slice().map((point) => point.name)));
  report("lists", () => holdTexts(textsOf(lists.slice())));
  report("shapes", () => holdTexts(shapes.slice().map((shape) => (shape instanceof Square ? shape.text() : ""))));
  report("areas", () => holdAreas());
  report("words", () => holdTexts(words.slice().map((word) => (typeof word === "string" ? word : ""))));
  report("counters", () => counters.slice().length);
  report("maps of lists", () => holdTexts([...byName.keys(), ...textsOf([...byName.values()])]));
  report("maps of numbers", () => holdTexts([...texts.values()]));
  report("sets", () => holdTexts([...names]));
}

function report(name: string, hold: () => number): void {
  const before = ownPages();
  const count = hold();
  print(`${name}: ${count} held, ${ownPages() - before} pages\n`);
}

function holdTexts(held: readonly string[]): number {
  return held.length;
}

function textsOf(from: readonly string[][]): string[] {
  const found: string[] = [];
  for (const list of from) for (const text of list) found.push(text);
  return found;
}

function holdRows(): number {
  const held: Row[] = [];
  for (const row of rows) if (row.following !== undefined) held.push(row, row.following);
  return held.length;
}

function holdAreas(): number {
  const held: Area[] = [...areas];
  const parts: Uint8Array[] = [];
  for (const area of held) parts.push(area.part());
  return held.length + parts.length;
}

/** How many pages of the program's data, its heap included, are no longer the file's. */
function ownPages(): number {
  const line =
    readText("/proc/self/maps")
      .split("\n")
      .find((text) => text.includes(" rw-p ")) ?? "";
  const [start = "", end = ""] = line.slice(0, line.indexOf(" ")).split("-");
  const first = Number(`0x${start}`) / 4096;
  const entries = new Uint8Array((Number(`0x${end}`) / 4096 - first) * 8);
  const fd = openFile("/proc/self/pagemap", O_RDONLY);
  tryBytes(SYS.pread64, fd, entries, entries.length, first * 8);
  closeFd(fd);
  let own = 0;
  // Bit 63: it is in memory; 61: it is of a file (Documentation/admin-guide/mm/pagemap.rst).
  for (let at = 7; at < entries.length; at += 8) if ((entries[at]! & 0xa0) === 0x80) own++;
  return own;
}

/** Often enough that what is given back by mistake is used again. */
function change(): void {
  for (let i = 0; i < 20 * COUNT; i++) {
    const row = rows[i % COUNT]!;
    row.following = i % 4 === 0 ? undefined : { name: `new ${i}`, following: rows[0] };
    points[i % COUNT] = { x: i, name: `point ${i}` };
    changeLists(i);
    shapes[i % COUNT] = new Square(i);
    words[i % COUNT] = i % 3 === 0 ? `changed ${i}` : i;
    texts.set(i % COUNT, `again ${i}`);
    names.delete(`name ${i}`);
    names.add(`other ${i % 7}`);
    said.text = said.text.length > 40 ? `${i}` : `${said.text},${i}`;
  }
  const last = rows[COUNT - 1]!;
  print(`${last.name} ${last.following?.name} ${last.following?.following?.name}; ${points[7]?.name}\n`);
  print(`${lists[1]?.join()}; ${lists[3]?.join()}; ${words[0]} ${words[1]} ${words[101]}\n`);
  print(`${shapes[2]?.name} ${shapes[2]?.size()}; ${areas[3]?.write(7)}; ${counters[4]!()}; ${counters[4]!()}\n`);
  print(
    `${byName.size} ${byName.get("key 970")?.join()}; ${texts.get(5)} ${texts.get(105)}; ${names.size}; ${said.text}\n`,
  );
}

function changeLists(i: number): void {
  const list = lists[i % COUNT]!;
  list.push(`more ${i}`);
  if (list.length > 4) list.splice(0, 3);
  if (i % 50 === 3) lists[i % COUNT] = [`new ${i}`];
  byName.set(`key ${i}`, list);
  byName.delete(`key ${i - COUNT}`);
}
