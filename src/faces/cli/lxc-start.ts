// lxc-start: starts a container.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { applyDefinition, type LoadedConfig } from "../../container/config/load.ts";
import { type Container, isDefined } from "../../container/container.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { dryRun } from "../../lifecycle/dry-run.ts";
import type { StartOptions } from "../../lifecycle/plan.ts";
import { planText } from "../../lifecycle/plan-text.ts";
import { startContainer } from "../../lifecycle/start.ts";
import { absolute, environment } from "./caller.ts";
import { type Arguments, flag, Refusal, shareOptions, type Tool, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { openConfiguredLog } from "./log-file.ts";
import { isJson } from "./output.ts";
import { print, warn } from "./print.ts";
import { withProgress } from "./progress.ts";
import {
  applyDefinitions,
  applyShares,
  checkDefinitions,
  configFrom,
  containerFrom,
  controlling,
  missing,
} from "./target.ts";

const daemon = flag("daemon", "d", "Leave it in the background, which is the default");
const foreground = flag("foreground", "F", "Stay, with this terminal as its console");
const pidFile = valued("pidfile", "FILE", "p", "Write the monitor's process id to FILE");
const rcFile = valued("rcfile", "FILE", "f", "Read FILE instead of the container's configuration");
const console_ = valued("console", "FILE", "c", "The container's console, or none");
const consoleLog = valued("console-log", "FILE", "L", "Write what appears on the console to FILE");
const closeAll = flag("close-all-fds", "C", "Close descriptors that were inherited; implied by -d");
const dryRun_ = flag("dry-run", "", "Say what a start would do, step by step, and do nothing");
const define = valued("define", "KEY=VAL", "s", "Set a configuration key for this start");

export const lxcStart: Tool = {
  name: "lxc-start",
  usage: "--name=NAME -- COMMAND",
  doc: "lxc-start starts the container NAME, with COMMAND in place of its init",
  options: [daemon, foreground, pidFile, rcFile, console_, consoleLog, closeAll, define, dryRun_, ...shareOptions],
  entersContainers: true,
  named: true,
  run,
};

const EXIT_ALREADY_RUNNING = 0;

function run(args: Arguments): number {
  checkDefinitions(args.all(define));
  const container = containerFrom(args);
  const loaded = configurationOf(args, container);
  // As in LXC: whether these could be used does not matter then.
  if (isChanged(args) && !args.has(dryRun_)) refuseRunning(container);
  applyDefinitions(loaded.config, args.all(define));
  applyShares(args, loaded.config);
  if (args.has(console_)) applyDefinition(loaded.config, `lxc.console.path=${consolePath(args.text(console_, ""))}`);
  if (args.has(consoleLog))
    applyDefinition(loaded.config, `lxc.console.logfile=${absolute(args.text(consoleLog, ""))}`);
  if (args.has(dryRun_)) return explain(args, container, loaded);
  args.log = openConfiguredLog(args, loaded.config) ?? args.log;
  const leaves = args.isOn(daemon, foreground, true);
  const code = start(args, container, loaded, leaves);
  if (isJson(args) && leaves) {
    print(`${new JsonObject().text("name", container.name).text("state", "RUNNING").encode()}\n`);
  }
  return code;
}

/** Whether the start is another one than that of the configuration. */
function isChanged(args: Arguments): boolean {
  return args.has(define) || shareOptions.some((option): boolean => args.has(option));
}

/** The monitor is in no folder of the caller's. */
function consolePath(word: string): string {
  return word === "none" ? word : absolute(word);
}

function explain(args: Arguments, container: Container, loaded: LoadedConfig): number {
  const steps = dryRun(optionsFrom(args, container, loaded, args.isOn(daemon, foreground, true)));
  if (!isJson(args)) {
    print(planText(steps));
    return 0;
  }
  const objects = steps.map((step) => new JsonObject().text("part", step.part).text("does", step.does));
  print(`${new JsonObject().text("name", container.name).objects("steps", objects).encode()}\n`);
  return 0;
}

function optionsFrom(args: Arguments, container: Container, loaded: LoadedConfig, leaves: boolean): StartOptions {
  return {
    container,
    config: loaded.config,
    configFile: loaded.path,
    sources: loaded.sources,
    daemon: leaves,
    command: args.operands,
    useInit: false,
    pidFile: args.has(pidFile) ? absolute(args.text(pidFile, "")) : "",
    closeAllFds: leaves || args.has(closeAll),
    logFd: args.log.fd,
    environment: environment(),
    warn: (text) => warn(args, text),
    inform: (text) => args.log.info("lxc", text),
  };
}

/** Starts it in the background as its configuration says, for lxc-autostart. `args` are those of a tool for this one. */
export function startAsConfigured(args: Arguments, container: Container): number {
  const loaded = configurationOf(args, container);
  args.log = openConfiguredLog(args, loaded.config) ?? args.log;
  return start(args, container, loaded, true);
}

function start(args: Arguments, container: Container, loaded: LoadedConfig, leaves: boolean): number {
  try {
    const options = optionsFrom(args, container, loaded, leaves);
    if (!leaves) return startContainer(options);
    withProgress(args, () => {
      startContainer(options);
    });
    return 0;
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.reason === ALREADY_RUNNING) throw alreadyRunning(container);
    throw error;
  }
}

const ALREADY_RUNNING = "Container is already running";

function alreadyRunning(container: Container): Refusal {
  const hint = `stop it first: lxc-stop ${container.name} -P ${container.lxcpath}`;
  const error = new LxcError("wrong-state", `start ${container.name}`, ALREADY_RUNNING, { hint });
  return new Refusal(ALREADY_RUNNING, error, EXIT_ALREADY_RUNNING);
}

function refuseRunning(container: Container): void {
  if (controlling(container, () => stateOf(container)) !== "STOPPED") throw alreadyRunning(container);
}

function configurationOf(args: Arguments, container: Container): LoadedConfig {
  if (args.has(rcFile) || isDefined(container)) return configFrom(args, container, rcFile);
  refuseRunning(container);
  throw missing(container, `start ${container.name}`, "No container config specified");
}
