// lxc-top: what the containers that run use, now and again.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { containerOf } from "../../container/container.ts";
import { EPIPE } from "../../kernel/abi/errno.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { columnsOf, isTerminal, rowsOf } from "../../kernel/terminals.ts";
import { pause } from "../../kernel/waiting.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { activeContainers } from "../../lifecycle/list.ts";
import { type Usage, UsageWatch } from "../../lifecycle/usage-watch.ts";
import { type Arguments, badValue, flag, format as formatOption, Refusal, type Tool, valued } from "./command.ts";
import { type Measured, measure, metricsOf } from "./container-metrics.ts";
import { type JsonObject, listed } from "./json.ts";
import { type Format, formatOf } from "./output.ts";
import { print, printError, printLines, warn } from "./print.ts";
import { lxcpathFrom } from "./target.ts";
import { watchScreen } from "./top-screen.ts";
import {
  batchHead,
  batchLine,
  type Extras,
  extrasFor,
  frameOf,
  HEAD_LINES,
  type SortKey,
  sorted,
  sortKeyIn,
  tableOf,
  usageJson,
} from "./top-table.ts";

const delay = valued("delay", "SECONDS", "d", "Seconds from one look to the next: 3, or 300 with -b");
const batch = flag("batch", "b", "Print one row a container each time, with commas, for a program");
const sort = valued("sort", "KEY", "s", "By n name, c cpu, b block io, m memory, s memory and swap, k kernel memory");
const reverse = flag("reverse", "r", "The other way round");
const once = flag("once", "", "Print the table once, and end; needs no terminal");
const metrics = flag("metrics", "", "Print what all of them use as OpenMetrics text, once");
const columns = valued(
  "columns",
  "LIST",
  "",
  "Also these, with commas: pids, pressure (share of 10 seconds spent waiting)",
);

export const lxcTop: Tool = {
  name: "lxc-top",
  usage: "",
  doc: "lxc-top shows what the containers that run use; keys: q ends, n c b m s k sort, r turns round, p pids, P pressure",
  options: [delay, batch, sort, reverse, once, metrics, columns],
  named: false,
  rows: true,
  run,
};

const DELAY_S = 3;
const BATCH_DELAY_S = 300;

/** What to show, which keys change. */
class View {
  key: SortKey;
  reverse: boolean;
  extras: Extras;
  usages: readonly Usage[] = [];

  constructor(key: SortKey, isReverse: boolean, extras: Extras) {
    this.key = key;
    this.reverse = isReverse;
    this.extras = extras;
  }

  /** Returns whether the key means anything. */
  press(key: string): boolean {
    const sortKey = sortKeyIn(key);
    if (key === "r") this.reverse = !this.reverse;
    else if (key === "p") this.extras = { processes: !this.extras.processes, pressure: this.extras.pressure };
    else if (key === "P") this.extras = { processes: this.extras.processes, pressure: !this.extras.pressure };
    else if (sortKey !== undefined) this.key = sortKey;
    else return false;
    return true;
  }

  sorted(): Usage[] {
    return sorted(this.usages, this.key, this.reverse);
  }
}

function run(args: Arguments): number {
  if (args.has(metrics)) return printMetrics(args);
  const delayMs = 1000 * delayFrom(args);
  const word = args.text(sort, "n");
  const key = sortKeyIn(word);
  if (key === undefined) throw badValue(sort, word, "there is no such order", "it is one of n, c, b, m, s and k");
  const isBatch = args.has(batch);
  const onScreen = !isBatch && !args.has(once);
  if (onScreen && !(isTerminal(0) && isTerminal(1))) throw noTerminal();
  const view = new View(key, args.has(reverse), extrasFrom(args, onScreen || !isBatch));
  const format = formatOf(args);
  if (onScreen) {
    if (format !== "table")
      throw badValue(formatOption, format, "on a terminal there is only the table", "add --once, or -b");
    showOnScreen(args, view, delayMs);
  } else if (args.has(once)) printOnce(args, view, format);
  else printAgain(args, view, format, delayMs);
  return 0;
}

function printMetrics(args: Arguments): number {
  if (formatOf(args) !== "table") {
    const hint = "leave --format out";
    throw badValue(formatOption, args.text(formatOption, ""), "--metrics has a format of its own", hint);
  }
  const lxcpath = lxcpathFrom(args);
  const socket = new NetlinkSocket();
  const all: Measured[] = [];
  for (const name of activeContainers(lxcpath).names) {
    const container = containerOf(name, lxcpath);
    try {
      all.push(measure(container, stateOf(container), socket));
    } catch (caught) {
      warn(args, asLxcError(caught as Error).message);
    }
  }
  print(metricsOf(all));
  return 0;
}

function delayFrom(args: Arguments): number {
  const seconds = args.number(delay, args.has(batch) ? BATCH_DELAY_S : DELAY_S);
  if (seconds < 0) throw badValue(delay, args.text(delay, ""), "time does not go back");
  return seconds;
}

/** For a person there are as many columns as there is room for. */
function extrasFrom(args: Arguments, byWidth: boolean): Extras {
  const room = extrasFor(byWidth ? columnsOf(1) : 0);
  let processes = room.processes;
  let pressure = room.pressure;
  for (const word of args.text(columns, "").split(",")) {
    if (word === "pids") processes = true;
    else if (word === "pressure") pressure = true;
    else if (word !== "") throw badValue(columns, word, "there is no such column", "it is pids or pressure");
  }
  return { processes, pressure };
}

function watchFor(args: Arguments, view: View, format: Format): UsageWatch {
  const isJson = format === "json" || format === "ndjson";
  const processes = isJson || view.extras.processes;
  const pressure = isJson || view.extras.pressure;
  const wish = { ioOperations: format !== "table" || !args.has(once), processes, pressure };
  return new UsageWatch(lxcpathFrom(args), wish, !args.has(once), (text) => warn(args, text));
}

function printOnce(args: Arguments, view: View, format: Format): void {
  const watch = watchFor(args, view, format);
  view.usages = watch.look();
  if (format === "table") {
    printLines(tableOf(view.sorted(), view.extras, view.usages.length));
    return;
  }
  if (format === "csv") print(`${batchHead(view.extras)}\n`);
  printRows(view, format);
}

/** LXC's rows, or JSON; without a terminal too, which LXC's lxc-top needs for its keys alone. */
function printAgain(args: Arguments, view: View, format: Format, delayMs: number): void {
  const watch = watchFor(args, view, format);
  if (format === "table" || format === "csv") print(`${batchHead(view.extras)}\n`);
  const show = (): void => {
    view.usages = watch.look();
    printRows(view, format);
  };
  if (isTerminal(0)) {
    watchScreen({ delayMs, draw: (isNew) => (isNew ? show() : undefined), key: () => false });
    return;
  }
  try {
    for (;;) {
      show();
      pause(Math.max(delayMs, 1));
    }
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.errno !== EPIPE) throw error;
  }
}

function printRows(view: View, format: Format): void {
  const timeMs = Date.now();
  if (format === "json" || format === "ndjson") {
    const objects: JsonObject[] = [];
    for (const usage of view.sorted()) objects.push(usageJson(usage, timeMs));
    if (format === "json") print(`${listed(objects)}\n`);
    else printLines(objects.map((object): string => object.encode()));
    return;
  }
  const lines: string[] = [];
  for (const usage of view.sorted()) lines.push(batchLine(usage, timeMs, view.extras));
  printLines(lines);
}

function showOnScreen(args: Arguments, view: View, delayMs: number): void {
  const all = { ioOperations: false, processes: true, pressure: true };
  const watch = new UsageWatch(lxcpathFrom(args), all, true, (text) => args.log.warn("top", text));
  watchScreen({
    delayMs,
    draw: (isNew) => {
      if (isNew) view.usages = watch.look();
      const most = rowsOf(1) - HEAD_LINES - 1;
      print(frameOf(tableOf(view.sorted(), view.extras, most), columnsOf(1)));
    },
    key: (key) => view.press(key),
  });
  // What comes next begins below the table.
  printError("\n");
}

function noTerminal(): Refusal {
  const error = new LxcError("unsupported", "draw the table", "the input or the output is no terminal", {
    hint: "print it once: lxc-top --once, or again and again: lxc-top -b",
  });
  return new Refusal("Failed to setup terminal", error);
}
