// Lists for people and programs: which columns there are, which are wanted, and how they are printed. Used by every tool that lists.
//
// A tool writes down its columns once, each with what it shows of row number `at`; `columnsFrom` chooses by --columns, and
// `printListing` prints them in the format of --format. The tool says `rows: true`, or csv is refused by name. Rows have numbers
// because the compiler wants no arrow functions over a type parameter.

import { LxcError } from "../../base/errors.ts";
import { upperCase, visible } from "../../base/text.ts";
import { isColored, paintedState } from "./color.ts";
import { type Arguments, badValue, columns, Refusal } from "./command.ts";
import { type JsonObject, quoted } from "./json.ts";
import { type Format, formatOf } from "./output.ts";
import { print, table } from "./print.ts";

/** One value, as programs read it. */
export interface Value {
  /** As JSON. */
  readonly json: string;
  /** As a cell of csv, before it is quoted; "" for none. */
  readonly plain: string;
}

export function textValue(text: string): Value {
  return { json: quoted(text), plain: text };
}

/** Undefined for what is not known. */
export function numberValue(number: number | undefined): Value {
  return number === undefined ? NOTHING : { json: String(number), plain: String(number) };
}

export function flagValue(flag: boolean): Value {
  return flag ? { json: "true", plain: "true" } : { json: "false", plain: "false" };
}

/** In csv with a comma and a blank between, as in LXC's tables. */
export function listValue(texts: readonly string[]): Value {
  return { json: `[${texts.map((text) => quoted(text)).join(",")}]`, plain: texts.join(", ") };
}

/** In csv as JSON, too. */
export function objectValue(object: JsonObject): Value {
  return jsonValue(object.encode());
}

/** What is JSON already. */
export function jsonValue(json: string): Value {
  return { json, plain: json };
}

export const NOTHING: Value = { json: "null", plain: "" };

/** One column of a list. */
export interface Column {
  /** The word of --columns, the field of JSON, and the head of csv. */
  readonly name: string;
  /** The head of the table, which --columns takes as well. */
  readonly head: string;
  /** Whether it is an amount, which stands at the right of its column. */
  readonly isAmount: boolean;
  /** What row number `at` has there. */
  readonly value: (at: number) => Value;
  /** The same in a table; "" is shown as `-`. */
  readonly text: (at: number) => string;
}

/** A column whose table says what csv does. */
export function column(name: string, value: (at: number) => Value): Column {
  return { name, head: upperCase(name), isAmount: false, value, text: (at) => value(at).plain };
}

/** A column of texts, of which a table needs no JSON. */
export function textColumn(name: string, text: (at: number) => string): Column {
  return { name, head: upperCase(name), isAmount: false, value: (at) => textValue(text(at)), text };
}

/** A column of lists, in the same way. */
export function listColumn(name: string, list: (at: number) => readonly string[]): Column {
  const value = (at: number): Value => listValue(list(at));
  return { name, head: upperCase(name), isAmount: false, value, text: (at) => list(at).join(", ") };
}

/** A column with words of its own for people. */
export function shownColumn(
  name: string,
  head: string,
  value: (at: number) => Value,
  text: (at: number) => string,
): Column {
  return { name, head, isAmount: false, value, text };
}

/** A column of amounts. */
export function amountColumn(
  name: string,
  head: string,
  value: (at: number) => Value,
  text: (at: number) => string,
): Column {
  return { name, head, isAmount: true, value, text };
}

/** The columns that --columns names, or else `usual`. */
export function columnsFrom(args: Arguments, all: readonly Column[], usual: readonly Column[]): readonly Column[] {
  if (!args.has(columns)) return usual;
  const list = args.text(columns, "");
  const wanted = columnsNamed(all, list);
  if (wanted.length > 0) return wanted;
  throw badValue(columns, list, "it names no column", `the columns are ${all.map((each) => each.name).join(", ")}`);
}

/** The columns of a list with commas, in its order. Throws in LXC's words when one is not there. */
export function columnsNamed(all: readonly Column[], list: string): Column[] {
  const wanted: Column[] = [];
  for (const part of list.split(",")) {
    const word = part.trim();
    if (word === "") continue;
    const found = all.find((each) => each.head.trim() === upperCase(word) || upperCase(each.name) === upperCase(word));
    if (found === undefined)
      throw noColumn(
        word,
        all.map((each) => each.name),
      );
    wanted.push(found);
  }
  return wanted;
}

function noColumn(word: string, names: readonly string[]): Refusal {
  const hint = `the columns are ${names.join(", ")}`;
  const error = new LxcError("config-invalid", "choose the columns", `there is no column ${visible(word)}`, { hint });
  return new Refusal(`Invalid key: ${visible(word)}`, error);
}

/** Prints rows in the format of --format, a table with heads for people. */
export function printListing(args: Arguments, wanted: readonly Column[], count: number): void {
  const format = formatOf(args);
  print(listingText(format, wanted, count, format === "table" && isColored(1)));
}

/** Prints the one thing that a tool is asked about: an object, a table or csv of one row. */
export function printThing(args: Arguments, wanted: readonly Column[]): void {
  const format = formatOf(args);
  print(listingText(format === "json" ? "ndjson" : format, wanted, 1, format === "table" && isColored(1)));
}

/** The same as text; `paint` is whether a table may have colour. A list without rows has no table, as in LXC. */
export function listingText(format: Format, wanted: readonly Column[], count: number, paint: boolean): string {
  switch (format) {
    case "json":
      return `${rowsJson(wanted, count)}\n`;
    case "ndjson":
      return rowsOf(count, (at) => `${rowJson(wanted, at)}\n`).join("");
    case "csv":
      return csvText(wanted, count);
    default:
      return count === 0 ? "" : `${tableLines(wanted, count, paint).join("\n")}\n`;
  }
}

function rowsOf(count: number, text: (at: number) => string): string[] {
  const texts: string[] = [];
  for (let at = 0; at < count; at++) texts.push(text(at));
  return texts;
}

/** All rows as one array. */
export function rowsJson(wanted: readonly Column[], count: number): string {
  return `[${rowsOf(count, (at) => rowJson(wanted, at)).join(",")}]`;
}

function rowJson(wanted: readonly Column[], at: number): string {
  const fields: string[] = [];
  for (const each of wanted) fields.push(`${quoted(each.name)}:${each.value(at).json}`);
  return `{${fields.join(",")}}`;
}

/** RFC 4180: a line of heads, every line with CR LF at its end. */
function csvText(wanted: readonly Column[], count: number): string {
  const heads = wanted.map((each) => csvCell(each.name)).join(",");
  const rows = rowsOf(count, (at) => wanted.map((each) => csvCell(each.value(at).plain)).join(","));
  const lines = [heads].concat(rows);
  return `${lines.join("\r\n")}\r\n`;
}

/** A cell of csv: in quotes when it has a sign that means something there. */
export function csvCell(text: string): string {
  const isPlain = !text.includes(",") && !text.includes('"') && !text.includes("\n") && !text.includes("\r");
  return isPlain ? text : `"${text.split('"').join('""')}"`;
}

/** A table as lxc-ls prints it. */
export function tableLines(wanted: readonly Column[], count: number, paint: boolean): string[] {
  const cells: string[][] = [wanted.map((each) => each.head)];
  for (let row = 0; row < count; row++) cells.push(wanted.map((each) => cellOf(each.text(row))));
  let at = 0;
  for (const each of wanted) {
    if (each.isAmount) alignRight(cells, at);
    at++;
  }
  const lines = table(cells);
  return paint ? paintedLines(wanted, cells, lines) : lines;
}

/** The same lines with each state in its colour, which takes no room. */
function paintedLines(wanted: readonly Column[], cells: readonly string[][], lines: readonly string[]): string[] {
  const state = wanted.findIndex((each) => each.name === "state");
  if (state < 0) return lines.slice();
  let start = 0;
  for (let at = 0; at < state; at++) start += widthOf(cells, at) + 1;
  return lines.map((line, row): string => {
    const cell = (cells[row] ?? []).slice(state, state + 1).join("");
    return row === 0 ? line : line.slice(0, start) + paintedState(cell) + line.slice(start + cell.length);
  });
}

function widthOf(cells: readonly string[][], at: number): number {
  let width = 0;
  for (const row of cells) width = Math.max(width, row.slice(at, at + 1).join("").length);
  return width;
}

function cellOf(text: string): string {
  return text === "" ? "-" : text;
}

/** Amounts stand below each other, the head and the sign for none at the left. */
function alignRight(cells: string[][], at: number): void {
  const width = widthOf(cells, at);
  let isHead = true;
  for (const row of cells) {
    const cell = row.slice(at, at + 1).join("");
    if (!isHead && cell !== "-") row.splice(at, 1, cell.padStart(width));
    isHead = false;
  }
}
