// lxc-autostart: starts, restarts or ends the containers that belong to the start of the system, in their order.

import { asLxcError, describe, LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { Glance } from "../../container/config/glance.ts";
import { loadConfig } from "../../container/config/load.ts";
import { getItem } from "../../container/config/values.ts";
import { type Container, configFileOf, containerOf } from "../../container/container.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { closeFd, isDirectory } from "../../kernel/files.ts";
import { cloneProcess, exitNow, waitForEnd } from "../../kernel/process.ts";
import { pause } from "../../kernel/waiting.ts";
import {
  type AutostartAction,
  type Candidate,
  exitCodeOf,
  groupsIn,
  type Turn,
  turnsFor,
} from "../../lifecycle/autostart.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { activeContainers, definedContainers } from "../../lifecycle/list.ts";
import { stopContainer } from "../../lifecycle/stop.ts";
import { protect } from "./caller.ts";
import { Arguments, columns, flag, format, quiet, refusalIn, type Tool, unusedRcFile, valued } from "./command.ts";
import { JsonObject, listed } from "./json.ts";
import { column, columnsFrom, listValue, numberValue, printListing, textValue } from "./listing.ts";
import { startAsConfigured } from "./lxc-start.ts";
import { formatOf, isJson } from "./output.ts";
import { failureJson, failureLines, print, printError, printLines, warn } from "./print.ts";
import { cgroupsFrom, lxcpathFrom } from "./target.ts";

const kill = flag("kill", "k", "End them by force instead of starting them");
const list = flag("list", "L", "Only say which are meant, and how long is waited after each");
const reboot = flag("reboot", "r", "Reboot them instead of starting them");
const shutdown = flag("shutdown", "s", "Shut them down instead of starting them");
const all = flag("all", "a", "Whatever their groups");
const ignoreAuto = flag("ignore-auto", "A", "Also those without lxc.start.auto = 1");
const groups = valued(
  "groups",
  "GROUPS",
  "g",
  "Those that are in these groups, with commas, one group after the other; nothing between two commas stands for those in no group",
);
const timeout = valued(
  "timeout",
  "SECONDS",
  "t",
  "How long a shutdown may take before it is done by force; 60 when not given",
);

export const lxcAutostart: Tool = {
  name: "lxc-autostart",
  usage: "[-k] [-L] [-r] [-s] [-a] [-A] [-g groups] [-t timeout]",
  doc: "lxc-autostart starts, reboots or ends the containers that have lxc.start.auto, in their order",
  options: [kill, list, reboot, shutdown, all, ignoreAuto, groups, timeout, unusedRcFile],
  named: false,
  rows: true,
  run,
};

const DEFAULT_TIMEOUT_S = 60;
/** So many are shut down at the same time. */
const MOST_AT_ONCE = 64;

/** In the order of the table of keys, which is that of a glance. */
const KEYS: readonly string[] = ["lxc.start.auto", "lxc.start.delay", "lxc.start.order", "lxc.group"];

const FAILED: Readonly<Record<AutostartAction, string>> = {
  start: "Error starting container",
  reboot: "Error rebooting container",
  shutdown: "Error shutting down container",
  kill: "Error killing container",
};

function run(args: Arguments): number {
  if (!args.has(list)) protect();
  const lxcpath = lxcpathFrom(args);
  const timeoutS = args.number(timeout, DEFAULT_TIMEOUT_S);
  const action = actionOf(args);
  const turns = turnsOf(args, lxcpath);
  if (!args.has(list)) return new Autostart(args, lxcpath, action, timeoutS).run(turns);
  printList(args, lxcpath, action, turns);
  return 0;
}

/** The containers that the options mean, in the order in which they are acted on. */
export function turnsOf(args: Arguments, lxcpath: string): Turn[] {
  return turnsFor(candidatesIn(args, lxcpath), {
    action: actionOf(args),
    groups: groupsIn(args.all(groups)),
    all: args.has(all),
    ignoreAuto: args.has(ignoreAuto),
  });
}

/** As in LXC, whatever the order of the options. */
function actionOf(args: Arguments): AutostartAction {
  if (args.has(shutdown)) return "shutdown";
  if (args.has(kill)) return "kill";
  return args.has(reboot) ? "reboot" : "start";
}

/** One whose configuration cannot be read is told of, and left out as in LXC. */
function candidatesIn(args: Arguments, lxcpath: string): Candidate[] {
  if (!isDirectory(lxcpath)) {
    throw new LxcError("not-found", "look for containers", `there is no folder ${lxcpath}`, {
      hint: "name the folder of the containers with -P, or set lxc.lxcpath in lxc.conf",
    });
  }
  const glance = new Glance(KEYS);
  const candidates: Candidate[] = [];
  for (const name of definedContainers(lxcpath)) {
    try {
      const file = configFileOf(containerOf(name, lxcpath));
      candidates.push(candidateFrom(name, glance.read(file) ?? readWhole(file)));
    } catch (caught) {
      warn(args, `${name} is left out: ${describe(asLxcError(caught as Error)).join("\n")}`);
    }
  }
  return candidates;
}

function readWhole(file: string): string[] {
  const { config } = loadConfig(file, ownEnvironment());
  return KEYS.map((key) => getItem(config, key) ?? "");
}

function candidateFrom(name: string, items: readonly string[]): Candidate {
  const [auto = "", delay = "", order = "", inGroups = ""] = items;
  return {
    name,
    isAuto: auto === "1",
    delayS: wholeNumberIn(delay) ?? 0,
    order: wholeNumberIn(order) ?? 0,
    groups: inGroups.split("\n").filter((group): boolean => group !== ""),
  };
}

/** Those that would be started, or that run and would be something else; the delay where one is waited. */
function printList(args: Arguments, lxcpath: string, action: AutostartAction, turns: readonly Turn[]): void {
  const running = activeContainers(lxcpath).names;
  const found: Candidate[] = [];
  for (const turn of turns)
    for (const each of turn) if (running.includes(each.name) !== (action === "start")) found.push(each);
  const every = [
    column("name", (at) => textValue(found[at]!.name)),
    column("action", () => textValue(action)),
    column("order", (at) => numberValue(found[at]!.order)),
    column("delay", (at) => numberValue(found[at]!.delayS)),
    column("groups", (at) => listValue(found[at]!.groups)),
  ];
  const wanted = columnsFrom(args, every, every);
  const waits = action === "start" || action === "reboot";
  if (formatOf(args) !== "table" || args.has(columns)) printListing(args, wanted, found.length);
  else printLines(found.map((each) => (waits ? `${each.name} ${each.delayS}` : each.name)));
}

type Result = "done" | "failed" | "nothing";

/** Acts on one turn after the other. */
class Autostart {
  readonly #args: Arguments;
  readonly #lxcpath: string;
  readonly #action: AutostartAction;
  readonly #timeoutS: number;
  readonly #told: JsonObject[] = [];
  #tried = 0;
  #failed = 0;

  constructor(args: Arguments, lxcpath: string, action: AutostartAction, timeoutS: number) {
    this.#args = args;
    this.#lxcpath = lxcpath;
    this.#action = action;
    this.#timeoutS = timeoutS;
  }

  run(turns: readonly Turn[]): number {
    for (const turn of turns) {
      for (let at = 0; at < turn.length; at += MOST_AT_ONCE) this.#take(turn.slice(at, at + MOST_AT_ONCE));
    }
    if (formatOf(this.#args) === "json") print(`${listed(this.#told)}\n`);
    return exitCodeOf(this.#tried, this.#failed);
  }

  /** A process for each: what one start leaves in it cannot be in the way of the next, and several shut down at once. */
  #take(turn: Turn): void {
    const pids: number[] = [];
    for (const { name } of turn) pids.push(this.#needs(name) ? this.#begin(name) : 0);
    let at = 0;
    for (const { name, delayS } of turn) {
      const pid = pids[at++]!;
      const end = pid > 0 ? waitForEnd(pid) : undefined;
      const result = end === undefined ? "nothing" : end.code === 0 && end.signal === 0 ? "done" : "failed";
      this.#count(name, result);
      if (result === "done" && (this.#action === "start" || this.#action === "reboot")) pause(delayS * 1000);
    }
  }

  #count(name: string, result: Result): void {
    this.#tried++;
    if (result === "failed") this.#failed++;
    const object = new JsonObject().text("name", name).text("action", this.#action).text("result", result);
    if (formatOf(this.#args) === "ndjson") print(`${object.encode()}\n`);
    else this.#told.push(object);
  }

  /** Whether it is not already what it should become. Another user's is left alone, as in LXC. */
  #needs(name: string): boolean {
    try {
      return (stateOf(containerOf(name, this.#lxcpath)) === "STOPPED") === (this.#action === "start");
    } catch (caught) {
      // A monitor that does not answer is one that runs.
      return asLxcError(caught as Error).code !== "not-permitted" && this.#action !== "start";
    }
  }

  #begin(name: string): number {
    const child = cloneProcess(0, -1);
    if (child.pid === 0) exitNow(this.#work(containerOf(name, this.#lxcpath)));
    closeFd(child.pidfd);
    return child.pid;
  }

  /** Runs in the process for one container. Returns its exit code. */
  #work(container: Container): number {
    const args = argumentsFor(this.#args, container);
    try {
      if (this.#action === "start") return startAsConfigured(args, container);
      const result = stopContainer(container, {
        timeoutS: this.#action === "shutdown" ? this.#timeoutS : 0,
        kill: this.#action === "kill",
        noKill: false,
        environment: ownEnvironment(),
        reboot: this.#action === "reboot",
        cgroups: () => cgroupsFrom(args, container),
      });
      return result === "still-running" ? 1 : 0;
    } catch (caught) {
      const refusal = refusalIn(caught as Error);
      // Somebody else has just started it.
      if (refusal !== undefined && refusal.exitCode === 0) return 0;
      this.#tell(args, refusal === undefined ? asLxcError(caught as Error) : refusal.error);
      return 1;
    }
  }

  #tell(args: Arguments, error: LxcError): void {
    const headline = `${FAILED[this.#action]}: ${args.name}`;
    const { code, errno } = error;
    const whole = new LxcError(code, `${this.#action} ${args.name}`, headline, { errno, because: error });
    args.log.error("autostart", failureLines(args.tool, headline, whole).join("; "));
    if (isJson(args)) printError(`${failureJson(args.tool, args.name, headline, whole)}\n`);
    else if (!args.has(quiet)) printError(`${failureLines(args.tool, headline, whole).join("\n")}\n`);
  }
}

/** What a tool for this one container would have been given. */
function argumentsFor(given: Arguments, container: Container): Arguments {
  const args = new Arguments(given.tool);
  args.name = container.name;
  args.log = given.log;
  if (given.has(quiet)) args.add(quiet, "");
  if (given.has(format)) args.add(format, given.text(format, ""));
  return args;
}
