// lxc-checkpoint: saves a running container to files, and starts it from them.

import { asLxcError, LxcError } from "../../base/errors.ts";
import type { LoadedConfig } from "../../container/config/load.ts";
import { type Container, isDefined } from "../../container/container.ts";
import { isTerminal } from "../../kernel/terminals.ts";
import { dumpContainer, refuseWhatCriuCannot } from "../../lifecycle/checkpoint.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { type CheckpointFiles, checkCriu } from "../../lifecycle/criu.ts";
import { startContainer } from "../../lifecycle/start.ts";
import { absolute, environment } from "./caller.ts";
import { type Arguments, flag, quiet, Refusal, refusedBecause, type Tool, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print, printError, warn } from "./print.ts";
import { configFrom, containerFrom, controlling, missing } from "./target.ts";

const restore = flag("restore", "r", "Start the container from the files");
const folder = valued("checkpoint-dir", "DIR", "D", "The folder of the files; for a checkpoint a new one");
const verbose = flag("verbose", "v", "Have criu write more into its log, in that folder");
const actionScript = valued("action-script", "PATH", "A", "A program that criu runs at each step");
const stop = flag("stop", "s", "Stop the container once it is saved");
const preDump = flag(
  "pre-dump",
  "p",
  "Save its memory only, in advance; it goes on, and a later checkpoint is smaller",
);
const predumpDir = valued("predump-dir", "DIR", "", "The files of an earlier --pre-dump, as seen from -D");
const daemon = flag("daemon", "d", "After a restore leave the container running, which is the default");
const foreground = flag("foreground", "F", "After a restore stay until the container has stopped");

export const lxcCheckpoint: Tool = {
  name: "lxc-checkpoint",
  usage: "--name=NAME",
  doc: "lxc-checkpoint saves the running container NAME to files, or starts it from them, by criu",
  options: [restore, folder, verbose, actionScript, stop, preDump, predumpDir, daemon, foreground],
  named: true,
  run,
};

function run(args: Arguments): number {
  const problem = conflictIn(args);
  if (problem !== "") throw misused(problem);
  const container = containerFrom(args);
  if (!isDefined(container)) throw missing(container, `use ${container.name}`, `${container.name} is not defined`);
  const loaded = configFrom(args, container);
  const runs = controlling(container, () => stateOf(container)) !== "STOPPED";
  const files = {
    folder: absolute(args.text(folder, "")),
    verbose: args.has(verbose),
    actionScript: args.has(actionScript) ? absolute(args.text(actionScript, "")) : "",
  };
  if (args.has(restore)) bringBack(args, container, loaded, files, runs);
  else save(args, container, loaded, files, runs);
  if (isJson(args)) {
    const state = controlling(container, () => stateOf(container));
    print(
      `${new JsonObject().text("name", container.name).text("folder", files.folder).text("state", state).encode()}\n`,
    );
  }
  return 0;
}

/** In LXC's words and order; "" for none. */
function conflictIn(args: Arguments): string {
  const restores = args.has(restore);
  if (restores && args.has(stop)) return "-s not compatible with -r";
  if (!restores && (args.has(daemon) || args.has(foreground))) return "-d/-F not compatible with -r";
  if (!args.has(folder)) return "-D is required";
  if (restores && args.has(preDump)) return "-p not compatible with -r";
  if (args.text(predumpDir, "").startsWith("/")) return "--predump-dir is a path relative to -D";
  return "";
}

function misused(problem: string): Refusal {
  const because = new LxcError("config-invalid", "run lxc-checkpoint", problem, {
    hint: "save: lxc-checkpoint NAME -s -D DIR; bring back: lxc-checkpoint NAME -r -D DIR",
  });
  const error = new LxcError("config-invalid", "read the command line", problem, { because });
  return new Refusal("could not parse command line", error);
}

function save(
  args: Arguments,
  container: Container,
  loaded: LoadedConfig,
  files: CheckpointFiles,
  runs: boolean,
): void {
  const doing = `save ${container.name}`;
  if (!runs) {
    const error = new LxcError("wrong-state", doing, "it is not running", {
      hint: `start it: lxc-start ${container.name}`,
    });
    throw new Refusal(`${container.name} not running, not checkpointing`, error);
  }
  tell(args, `saving ${container.name} to ${files.folder} …`);
  try {
    dumpContainer(container, loaded.config, {
      files,
      preDump: args.has(preDump),
      earlier: args.text(predumpDir, ""),
      stop: args.has(stop),
      environment: environment(),
    });
  } catch (caught) {
    throw refusedBecause(`Checkpointing ${container.name} failed`, doing, asLxcError(caught as Error));
  }
}

function bringBack(
  args: Arguments,
  container: Container,
  loaded: LoadedConfig,
  files: CheckpointFiles,
  runs: boolean,
): void {
  const doing = `restore ${container.name}`;
  if (runs) {
    const error = new LxcError("wrong-state", doing, "it is running", {
      hint: `stop it first: lxc-stop ${container.name}`,
    });
    throw new Refusal(`${container.name} is running, not restoring`, error);
  }
  tell(args, `restoring ${container.name} from ${files.folder} …`);
  try {
    refuseWhatCriuCannot(loaded.config, doing);
    refuseOtherRoots(loaded, doing);
    checkCriu(environment());
    restoreBy(args, container, loaded, files);
  } catch (caught) {
    throw refusedBecause(`Restoring ${container.name} failed`, doing, asLxcError(caught as Error));
  }
}

function restoreBy(args: Arguments, container: Container, loaded: LoadedConfig, files: CheckpointFiles): void {
  const leaves = args.isOn(daemon, foreground, true);
  startContainer({
    container,
    config: loaded.config,
    configFile: loaded.path,
    sources: loaded.sources,
    daemon: leaves,
    command: [],
    useInit: false,
    pidFile: "",
    closeAllFds: leaves,
    logFd: args.log.fd,
    environment: environment(),
    restore: files,
    warn: (text) => warn(args, text),
    inform: (text) => args.log.info("lxc", text),
  });
}

function refuseOtherRoots(loaded: LoadedConfig, doing: string): void {
  const type = loaded.config.rootfsPath.value?.type ?? "";
  if (type === "dir") return;
  throw new LxcError(
    "unsupported",
    doing,
    `its root file system is ${type === "" ? "the host's" : `of type ${type}`}`,
    {
      hint: "only a folder (lxc.rootfs.path = dir:PATH) can be restored yet",
    },
  );
}

/** It takes as long as there is memory. */
function tell(args: Arguments, text: string): void {
  if (!args.has(quiet) && !isJson(args) && isTerminal(2)) printError(`${args.tool}: ${text}\n`);
}
