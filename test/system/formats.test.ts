// What programs read: --format and --columns of every tool that lists or shows, and failures as JSON.

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseOpenMetrics } from "../open-metrics-parser.ts";
import { BIN, type Outcome, outcomeOf, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("formats");
const ours = (tool: string, ...words: string[]): Outcome => place.ours(tool, ...words);

/** Without a container path, for tools of the host. */
function bare(tool: string, ...words: string[]): Outcome {
  return outcomeOf(spawnSync(join(BIN, tool), words, { encoding: "utf8" }));
}

before(() => {
  if (skip !== false) return;
  place.create("lxcts-f1", "lxc.group = a", "lxc.group = b", "lxc.net.0.type = empty");
  place.create("lxcts-f2", "lxc.net.0.type = empty");
  equal(ours("lxc-start", "lxcts-f1").code, 0);
});

after(() => {
  place.remove();
});

/** The lines of csv as cells; none of what is read here has a line feed in a cell. */
function cellsOf(csv: string): string[][] {
  const lines = csv.split("\r\n");
  equal(lines.pop(), "");
  return lines.map((line) => {
    const cells: string[] = [];
    for (const found of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)) {
      cells.push((found[1] ?? found[2] ?? "").replaceAll('""', '"'));
    }
    return cells;
  });
}

test("lxc-ls: all formats say the same, and only what is asked for", { skip }, () => {
  const columns = ["-f", "--columns=name,state,groups,autostart"];
  const rows = [
    { name: "lxcts-f1", state: "RUNNING", groups: ["a", "b"], autostart: false },
    { name: "lxcts-f2", state: "STOPPED", groups: [], autostart: false },
  ];
  deepEqual(JSON.parse(ours("lxc-ls", ...columns, "--format=json").out), rows);
  deepEqual(
    ours("lxc-ls", ...columns, "--format=ndjson")
      .out.trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
    rows,
  );
  equal(
    ours("lxc-ls", ...columns, "--format=csv").out,
    'name,state,groups,autostart\r\nlxcts-f1,RUNNING,"a, b",false\r\nlxcts-f2,STOPPED,,false\r\n',
  );
  equal(
    ours("lxc-ls", "--columns=NAME,state,GROUPS").out,
    "NAME     STATE   GROUPS \nlxcts-f1 RUNNING a, b   \nlxcts-f2 STOPPED -      \n",
  );
});

test("lxc-ls: amounts are numbers for programs, null where there is none", { skip }, () => {
  const rows = JSON.parse(ours("lxc-ls", "--columns=ram_bytes,SWAP,pid", "--format=json").out);
  deepEqual(Object.keys(rows[0]), ["ram_bytes", "swap_bytes", "pid"]);
  equal(rows[0].ram_bytes > 4096 && Number.isInteger(rows[0].swap_bytes) && rows[0].pid > 1, true);
  deepEqual(rows[1], { ram_bytes: null, swap_bytes: null, pid: null });
  match(ours("lxc-ls", "-f", "-F", "NAME,RAM").out, /^NAME +RAM +\nlxcts-f1 \d+\.\d\dMB \nlxcts-f2 - +\n$/);
});

test("lxc-ls: an empty list is an empty array, no line, or heads alone", { skip }, () => {
  deepEqual(
    ["json", "ndjson", "csv", "table"].map((format) => ours("lxc-ls", "--frozen", `--format=${format}`).out),
    ["[]\n", "", "name,state\r\n", ""],
  );
});

test("lxc-info: one object, a row of csv, or a table, of which only what is named is asked", { skip }, () => {
  const whole = JSON.parse(ours("lxc-info", "lxcts-f1", "--format=json").out);
  deepEqual(Object.keys(whole), [
    "name",
    "state",
    "pid",
    "ips",
    "cpu_ns",
    "io_bytes",
    "memory_bytes",
    "kernel_memory_bytes",
    "pressure",
    "links",
    "ports",
    "config",
  ]);
  const [heads = [], cells = []] = cellsOf(ours("lxc-info", "lxcts-f1", "--format=csv").out);
  deepEqual(heads, Object.keys(whole));
  deepEqual([cells[0], cells[1], cells[2], cells.length], ["lxcts-f1", "RUNNING", String(whole.pid), heads.length]);
  deepEqual(JSON.parse(ours("lxc-info", "lxcts-f1", "--format=json", "--columns=state,name").out), {
    state: "RUNNING",
    name: "lxcts-f1",
  });
  equal(ours("lxc-info", "lxcts-f2", "--columns=name,pid").out, "NAME     PID \nlxcts-f2 -   \n");
});

test("lxc-config: values, keys, settings and findings", { skip }, () => {
  const got = cellsOf(ours("lxc-config", "get", "lxcts-f1", "lxc.uts.name", "lxc.autodev", "--format=csv").out);
  deepEqual(got, [
    ["key", "value"],
    ["lxc.uts.name", "lxcts-f1"],
    ["lxc.autodev", "1"],
  ]);
  equal(
    ours("lxc-config", "get", "lxcts-f1", "lxc.autodev", "--format=json", "--columns=value").out,
    '[{"value":true}]\n',
  );
  deepEqual(cellsOf(bare("lxc-config", "keys", "lxc.start", "--format=csv").out)[0], ["key"]);
  match(bare("lxc-config", "keys", "lxc.tty", "--format=ndjson").out, /^\{"key":"[^"]+"\}\n/);
  match(bare("lxc-config", "-l").out, /^lxc\.default_config\nlxc\.lxcpath\n/);
  deepEqual(Object.keys(JSON.parse(bare("lxc-config", "-l", "--format=json").out)[0]), ["key", "value"]);
  const file = join(place.folder, "broken.conf");
  writeFileSync(file, "lxc.autodev = 5\n");
  const [heads, finding] = cellsOf(bare("lxc-config", "check", file, "--format=csv").out);
  deepEqual(
    [heads, finding?.slice(0, 3)],
    [
      ["severity", "file", "line", "column", "key", "problem", "hint"],
      ["error", file, "1"],
    ],
  );
  equal(bare("lxc-config", "check", file, "--columns=severity,line").out, "SEVERITY LINE \nerror    1    \n");
});

test("lxc-checkconfig and lxc-doctor: a row for each item", () => {
  deepEqual(cellsOf(bare("lxc-checkconfig", "--format=csv").out)[0], ["section", "item", "status", "detail", "fix"]);
  match(bare("lxc-checkconfig", "--columns=status,item").out, /^STATUS +ITEM +\nenabled +Namespaces +\n/);
  match(bare("lxc-doctor", "--format=csv").out, /^id,weight,what,detail,fix,commands,automatic\r\n/);
  match(bare("lxc-doctor", "--format=ndjson", "--columns=id").out, /^\{"id":"[^"]+"\}\n/);
});

test("a column that is none is refused in LXC's words, with those that there are", () => {
  const lists = [
    ["lxc-ls"],
    ["lxc-info", "lxcts-f1"],
    ["lxc-config", "get", "lxcts-f1"],
    ["lxc-config", "keys"],
    ["lxc-config", "list"],
    ["lxc-config", "check"],
    ["lxc-checkconfig"],
    ["lxc-doctor"],
  ];
  for (const [tool = "", ...words] of lists) {
    const where = tool === "lxc-checkconfig" ? [] : ["-P", place.lxcpath];
    const said = bare(tool, ...words, ...where, "--columns=nope");
    equal(said.code, 1, tool);
    match(
      said.err,
      new RegExp(
        `^${tool}: Invalid key: nope\n  because: .*no column nope\n  hint: the columns are |^${tool}: Invalid key: nope\n  hint: the columns are `,
      ),
    );
  }
});

test("a tool that lists nothing refuses csv and --columns by name", () => {
  for (const tool of ["lxc-start", "lxc-stop", "lxc-create", "lxc-destroy", "lxc-freeze", "lxc-wait", "lxc-attach"]) {
    const csv = bare(tool, "-n", "x", "--format=csv");
    deepEqual([csv.code, csv.err.includes(`${tool} prints no rows`)], [1, true], tool);
    match(bare(tool, "-n", "x", "--columns=name").err, /unrecognized option '--columns'/);
  }
  match(bare("lxc-config", "schema", "--format=csv").err, /lxc-config schema prints no rows/);
  match(ours("lxc-config", "set", "lxcts-f2", "lxc.start.auto", "1", "--format=csv").err, /prints no rows/);
  equal(ours("lxc-config", "get", "lxcts-f2", "lxc.start.auto").out.trim() === "1", false);
});

test("lxc-info --metrics is OpenMetrics, with what lxc-info shows", { skip }, () => {
  const families = parseOpenMetrics(ours("lxc-info", "lxcts-f1", "--metrics").out);
  const first = (name: string): number => families.get(name)?.samples[0]?.value ?? -1;
  const info = JSON.parse(ours("lxc-info", "lxcts-f1", "--format=json").out);
  equal(first("lxc_container_tasks") >= 1, true);
  equal(first("lxc_container_memory_bytes") > 4096, true);
  const seconds = first("lxc_container_cpu_seconds");
  equal(seconds > 0 && seconds <= info.cpu_ns / 1e9, true);
  deepEqual(families.get("lxc_container_state")?.samples.filter((each) => each.value === 1)[0]?.labels, {
    container: "lxcts-f1",
    lxc_container_state: "RUNNING",
  });
  const stopped = parseOpenMetrics(ours("lxc-info", "lxcts-f2", "--metrics").out);
  deepEqual([...stopped.keys()], ["lxc_container_state"]);
  equal(ours("lxc-info", "lxcts-f2", "--metrics", "--format=json").code, 1);
});

test("lxc-autostart -L and lxc-snapshot -L have rows and columns", { skip }, () => {
  const list = (...words: string[]) => ours("lxc-autostart", "-L", "-a", "-A", ...words).out;
  deepEqual(JSON.parse(list("--format=json")), [{ name: "lxcts-f2", action: "start", order: 0, delay: 0, groups: [] }]);
  equal(list("--format=csv", "--columns=name,action"), "name,action\r\nlxcts-f2,start\r\n");
  equal(list(), "lxcts-f2 0\n");
  equal(ours("lxc-snapshot", "lxcts-f2", "-L", "--format=csv").out, "name,comment,timestamp,path\r\n");
  equal(ours("lxc-snapshot", "lxcts-f2", "-L").out, "No snapshots\n");
});

test("lxc-top --metrics is OpenMetrics text of all that run, and of each as lxc-info has it", { skip }, () => {
  const all = parseOpenMetrics(ours("lxc-top", "--metrics").out);
  const one = parseOpenMetrics(ours("lxc-info", "lxcts-f1", "--metrics").out);
  deepEqual([...all.keys()], [...one.keys()]);
  const text = ours("lxc-top", "--metrics").out;
  match(text, /^lxc_container_state\{container="lxcts-f1",lxc_container_state="RUNNING"\} 1$/m);
  equal(text.includes("lxcts-f2"), false);
  match(ours("lxc-top", "--metrics", "--format=json").err, /a format of its own/);
});
