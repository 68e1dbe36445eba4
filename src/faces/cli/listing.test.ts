import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { Arguments, columns, format, Refusal } from "./command.ts";
import { JsonObject } from "./json.ts";
import {
  amountColumn,
  type Column,
  column,
  columnsFrom,
  columnsNamed,
  flagValue,
  listingText,
  listValue,
  numberValue,
  objectValue,
  shownColumn,
  textValue,
} from "./listing.ts";

test("a state has its colour, which takes no room in the table", () => {
  const states = ["RUNNING", "STOPPED"];
  const wanted = [
    column("name", () => textValue("c")),
    column("state", (at) => textValue(states[at] ?? "")),
    column("x", () => textValue("y")),
  ];
  equal(
    listingText("table", wanted, 2, true),
    "NAME STATE   X \nc    \x1b[1;32mRUNNING\x1b[0;39m y \nc    STOPPED y \n",
  );
});

interface Box {
  readonly name: string;
  readonly size: number | undefined;
  readonly groups: readonly string[];
}

function columnsOf(boxes: readonly Box[]): Column[] {
  const of = (at: number): Box => boxes[at]!;
  return [
    column("name", (at) => textValue(of(at).name)),
    amountColumn(
      "size_bytes",
      "SIZE",
      (at) => numberValue(of(at).size),
      (at) => (of(at).size === undefined ? "" : `${of(at).size}MB`),
    ),
    column("groups", (at) => listValue(of(at).groups)),
    shownColumn(
      "big",
      "BIG",
      (at) => flagValue((of(at).size ?? 0) > 9),
      () => "",
    ),
    column("more", (at) => objectValue(new JsonObject().text("n", of(at).name))),
  ];
}

const boxes: Box[] = [
  { name: 'a "b"', size: 12345, groups: ["x", "y"] },
  { name: "line\nfeed", size: undefined, groups: [] },
];

const all = columnsOf(boxes);

test("json and ndjson have a field for each column, by its name and with its type", () => {
  const expected = [
    { name: 'a "b"', size_bytes: 12345, groups: ["x", "y"], big: true, more: { n: 'a "b"' } },
    { name: "line\nfeed", size_bytes: null, groups: [], big: false, more: { n: "line\nfeed" } },
  ];
  deepEqual(JSON.parse(listingText("json", all, 2, false)), expected);
  const lines = listingText("ndjson", all, 2, false).split("\n");
  deepEqual([lines.slice(0, 2).map((line) => JSON.parse(line)), lines[2]], [expected, ""]);
});

test("csv is that of RFC 4180: heads first, CR LF, and quotes where a cell has a sign that means something", () => {
  equal(
    listingText("csv", all, 2, false),
    'name,size_bytes,groups,big,more\r\n"a ""b""",12345,"x, y",true,"{""n"":""a \\""b\\""""}"\r\n' +
      '"line\nfeed",,,false,"{""n"":""line\\nfeed""}"\r\n',
  );
  equal(listingText("csv", all.slice(0, 2), 0, false), "name,size_bytes\r\n");
});

test("a table has LXC's heads, amounts at the right and a sign for none; without rows it is nothing", () => {
  const rows = [
    { name: "b", size: 3, groups: [] },
    { name: "c1", size: undefined, groups: ["g"] },
    ...boxes.slice(0, 1),
  ];
  equal(
    listingText("table", columnsOf(rows).slice(0, 3), 3, false),
    'NAME  SIZE    GROUPS \nb         3MB -      \nc1    -       g      \na "b" 12345MB x, y   \n',
  );
  deepEqual([listingText("table", all, 0, false), listingText("json", all, 0, false)], ["", "[]\n"]);
});

function argumentsWith(list: string): Arguments {
  const args = new Arguments("lxc-x");
  args.add(columns, list);
  args.add(format, "csv");
  return args;
}

test("--columns takes heads and names in any case and their order; what is no column is refused in LXC's words", () => {
  const names = (list: string): string[] => columnsFrom(argumentsWith(list), all, []).map((each) => each.name);
  deepEqual(
    [names("SIZE, name,"), names("size_bytes,Groups"), columnsFrom(new Arguments("lxc-x"), all, all).length],
    [["size_bytes", "name"], ["size_bytes", "groups"], 5],
  );
  throws(
    () => columnsNamed(all, "name,nope\x1b"),
    (error: unknown) =>
      error instanceof Refusal &&
      error.message === "Invalid key: nope\\x1b" &&
      error.error.hint === "the columns are name, size_bytes, groups, big, more",
  );
});
