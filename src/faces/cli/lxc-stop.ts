// lxc-stop: stops or reboots a container.

import { LxcError } from "../../base/errors.ts";
import type { Container } from "../../container/container.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { type StopResult, stopContainer } from "../../lifecycle/stop.ts";
import { type Arguments, flag, Refusal, type Tool, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { withProgress } from "./progress.ts";
import { cgroupsFrom, checkRcFile, containerFrom, controlling } from "./target.ts";

const reboot = flag("reboot", "r", "Reboot it instead");
const noWait = flag("nowait", "W", "Ask for the shutdown or the reboot, and do not wait for it");
const timeout = valued(
  "timeout",
  "SECONDS",
  "t",
  "How long it may take before it is ended by force; 60 when not given",
);
const kill = flag("kill", "k", "End it by force at once");
const noKill = flag("nokill", "", "Do not end it by force when the time is over");
const noLock = flag("nolock", "", "Take no lock, together with -k");

export const lxcStop: Tool = {
  name: "lxc-stop",
  usage: "--name=NAME",
  doc: "lxc-stop stops the container NAME",
  options: [reboot, noWait, timeout, kill, noKill, noLock],
  named: true,
  run,
};

const DEFAULT_TIMEOUT_S = 60;
const EXIT_NOT_RUNNING = 2;

function run(args: Arguments): number {
  const kills = args.has(kill);
  const timeoutS = args.has(noWait) ? 0 : args.number(timeout, kills ? 0 : DEFAULT_TIMEOUT_S);
  checkCombination(args, timeoutS);
  const container = containerFrom(args);
  checkRcFile(args, container);
  const options = {
    timeoutS,
    kill: kills,
    noKill: args.has(noKill),
    reboot: args.has(reboot),
    environment: ownEnvironment(),
    cgroups: () => cgroupsFrom(args, container),
  };
  let result: StopResult = "stopped";
  withProgress(args, () => {
    result = controlling(container, () => stopContainer(container, options));
  });
  answer(args, container, result, timeoutS);
  return 0;
}

/** Tells what became of it. Throws when that is not what was wanted. */
function answer(args: Arguments, container: Container, result: StopResult, timeoutS: number): void {
  const name = container.name;
  const lxcpath = container.lxcpath;
  if (result === "not-running") {
    const hint = `see what runs: lxc-ls --running -P ${lxcpath}`;
    const error = new LxcError("wrong-state", `stop ${name}`, "it is not running", { hint });
    throw new Refusal(`${name} is not running`, error, EXIT_NOT_RUNNING);
  }
  if (result === "still-running") {
    const hint = `end it by force: lxc-stop -k ${name} -P ${lxcpath}`;
    throw new LxcError("timed-out", `stop ${name}`, `it still runs after ${timeoutS} seconds`, { hint });
  }
  if (isJson(args)) print(`${new JsonObject().text("name", name).text("result", result).encode()}\n`);
}

/** LXC's own checks, in its order and before it looks for the container. */
function checkCombination(args: Arguments, timeoutS: number): void {
  const kills = args.has(kill);
  if (!kills && timeoutS < -1) throw misuse("Invalid timeout");
  if (kills && args.has(noKill)) throw misuse("-k can't be used with --nokill");
  if (kills && args.has(reboot)) throw misuse("-k can't be used with -r");
  if (kills && timeoutS !== 0) throw misuse("-k doesn't allow timeouts");
  if (args.has(noLock) && !kills) throw misuse("--nolock may only be used with -k");
}

function misuse(message: string): Refusal {
  return new Refusal(message, new LxcError("config-invalid", "stop", message, { hint: "see `lxc-stop --help`" }));
}
