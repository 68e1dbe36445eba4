// lxc-run: one command that creates a container, starts it, runs a program in it, and clears it away.

import { asLxcError, describe, LxcError } from "../../base/errors.ts";
import { loadConfig } from "../../container/config/load.ts";
import { type Container, configFileOf, containerOf } from "../../container/container.ts";
import { type CreateOptions, createContainer } from "../../container/create.ts";
import {
  type RunNetwork,
  runBase,
  runMountIn,
  runMountLine,
  runName,
  runNetworkLines,
} from "../../container/run-config.ts";
import { EINTR } from "../../kernel/abi/errno.ts";
import { call } from "../../kernel/call.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { exists, isDirectory } from "../../kernel/files.ts";
import { currentPid } from "../../kernel/process.ts";
import { attachTo } from "../../lifecycle/attach.ts";
import { plainAttach } from "../../lifecycle/attach-options.ts";
import type { StartOptions } from "../../lifecycle/plan.ts";
import {
  clearDeadRuns,
  clearRun,
  markOf,
  monitorMarkOf,
  RunGuard,
  type RunOptions,
  runLines,
} from "../../lifecycle/run-guard.ts";
import { startContainer } from "../../lifecycle/start.ts";
import { absolute, environment, isArchiveWord, runFolder } from "./caller.ts";
import { type Arguments, badValue, flag, quiet, Refusal, type Tool, valued } from "./command.ts";
import { isJson } from "./output.ts";
import { warn } from "./print.ts";
import { withProgress } from "./progress.ts";
import { cgroupsFrom, defaultConfigFile, lxcpathFrom } from "./target.ts";
import { withoutOutput } from "./template-output.ts";

const template = valued("template", "TEMPLATE", "t", "What fills it, so that every word is of COMMAND");
const config = valued(
  "config",
  "FILE",
  "f",
  "What its configuration begins with; with lxc.rootfs.path no template is needed",
);
const templateOption = valued("option", "ARG", "O", "An argument for the template");
const keep = flag("keep", "", "Leave the container when COMMAND has ended, stopped");
const variable = valued("env", "NAME=VALUE", "e", "Set a variable for COMMAND, or hand on the caller's NAME");
const mount = valued(
  "mount",
  "SOURCE:TARGET",
  "m",
  "Show a folder or file of the host inside; with :ro at its end only to be read",
);
const network = valued(
  "network",
  "NETWORK",
  "",
  "empty for none, host for the host's own; the default configuration's when not given",
);

export const lxcRun: Tool = {
  name: "lxc-run",
  usage: "[-n NAME] [OPTION...] TEMPLATE|ARCHIVE|FOLDER [-- COMMAND]",
  doc: "lxc-run makes a container from TEMPLATE or from the root file system in ARCHIVE, or on top of the root file system in FOLDER, runs COMMAND or a shell in it, and removes it again",
  options: [template, config, templateOption, keep, variable, mount, network],
  entersContainers: true,
  named: false,
  run,
};

const EXIT_INTERRUPTED = 130;
/** What COMMAND finds before -e says otherwise: nothing of the host's but how its terminal is spoken to. */
const HANDED_ON: readonly string[] = ["TERM", "COLORTERM", "LANG", "LC_ALL"];
const HOME = "HOME=/root";
const COMMON_CONFIG = "/usr/share/lxc/config/common.conf";

/** What is to be run, and where. */
interface Wanted {
  readonly source: string;
  readonly isFolder: boolean;
  readonly command: readonly string[];
}

function run(args: Arguments): number {
  const wanted = wantedFrom(args);
  const variables = variablesFrom(args);
  const lxcpath = lxcpathFrom(args);
  clearDeadRuns(lxcpath, args.name, (dead) => optionsFor(args, dead, false));
  const container = args.name === "" ? unusedContainer(wanted, lxcpath) : containerOf(args.name, lxcpath);
  const creation = creationFrom(args, wanted, container);
  const options = optionsFor(args, container, args.has(keep));
  const guard = new RunGuard(options);
  let monitor = "";
  try {
    withProgress(args, () => create(creation));
    start(args, container);
    monitor = monitorMarkOf(container);
    return enter(args, container, wanted.command, variables);
  } finally {
    clear(args, options, monitor);
    guard.dismiss();
  }
}

function optionsFor(args: Arguments, container: Container, keeps: boolean): RunOptions {
  return {
    container,
    runDir: runFolder(),
    environment: environment(),
    cgroups: () => cgroupsFrom(args, container),
    keep: keeps,
  };
}

/** What goes wrong then does not hide what went wrong before. */
function clear(args: Arguments, options: RunOptions, monitor: string): void {
  try {
    clearRun(options, markOf(currentPid()), monitor);
  } catch (caught) {
    warn(args, describe(asLxcError(caught as Error)).join("\n"));
  }
}

function wantedFrom(args: Arguments): Wanted {
  const given = args.text(template, "");
  if (given !== "") return { source: given, isFolder: false, command: args.operands };
  const first = args.before > 0 ? (args.operands[0] ?? "") : "";
  if (first === "" && !args.has(config)) {
    const hint = "such as: lxc run busybox -- uname -n";
    const error = new LxcError("config-invalid", "run a container", "no template, archive or folder was given", {
      hint,
    });
    throw new Refusal("A template must be specified", error);
  }
  const command = first === "" ? args.operands : args.operands.slice(1);
  if (first === "") return { source: "none", isFolder: false, command };
  const path = absolute(first);
  const isFolder = first.includes("/") && isDirectory(`${path}`);
  return { source: isFolder || isArchiveWord(first) ? path : first, isFolder, command };
}

function unusedContainer(wanted: Wanted, lxcpath: string): Container {
  const base = runBase(wanted.source === "none" ? "run" : wanted.source);
  const random = new Uint8Array(2);
  for (;;) {
    call("draw a name", "getrandom", random, random.length, 0);
    const container = containerOf(runName(base, random), lxcpath);
    if (!exists(`${lxcpath}/${container.name}`)) return container;
  }
}

function creationFrom(args: Arguments, wanted: Wanted, container: Container): CreateOptions {
  const overlay = wanted.isFolder
    ? [
        ...(exists(COMMON_CONFIG) ? [`lxc.include = ${COMMON_CONFIG}`] : []),
        `lxc.rootfs.path = overlay:${wanted.source}:${container.lxcpath}/${container.name}/overlay/delta`,
        `lxc.uts.name = ${container.name}`,
      ]
    : [];
  // A root file system that the configuration names is not ours to remove.
  const own = wanted.source === "none" ? ["lxc.rootfs.managed = 0"] : [];
  return {
    container,
    template: wanted.isFolder ? "none" : wanted.source,
    templateArgs: args.all(templateOption),
    configFile: args.has(config) ? absolute(args.text(config, "")) : "",
    defaultConfigFile: defaultConfigFile(),
    lines: runLines(args.has(keep)).concat(runNetworkLines(networkFrom(args)), overlay, own, mountLines(args)),
    backing: "",
    dir: "",
    quiet: args.has(quiet) || isJson(args),
    runDir: runFolder(),
    environment: environment(),
  };
}

function networkFrom(args: Arguments): RunNetwork {
  const word = args.text(network, "default");
  if (word === "default" || word === "empty" || word === "host") return word;
  const hint =
    word === "none"
      ? "lxc.net.N.type = none is the host's own network, which is --network=host; for none at all say --network=empty"
      : "it is empty, host or default";
  throw badValue(network, word, "there is no such network", hint);
}

function mountLines(args: Arguments): string[] {
  const lines: string[] = [];
  for (const text of args.all(mount)) {
    const one = runMountIn(text, process.cwd());
    if (!exists(one.source)) throw badValue(mount, text, `there is no ${one.source}`);
    lines.push(runMountLine(one, isDirectory(one.source)));
  }
  return lines;
}

/** A name alone is that of a variable of the caller's. */
function variablesFrom(args: Arguments): string[] {
  const variables = [HOME];
  for (const text of args.all(variable)) {
    const value = ownEnvironment().get(text);
    if (text.indexOf("=") > 0) variables.push(text);
    else if (text !== "" && value !== undefined) variables.push(`${text}=${value}`);
    else throw badValue(variable, text, "it is neither NAME=VALUE nor a variable that is set here");
  }
  return variables;
}

/** Whether somebody else's program may print something there. */
function usesTerminal(template: string): boolean {
  return template !== "busybox" && template !== "none" && !isArchiveWord(template);
}

function create(options: CreateOptions): void {
  try {
    if (!usesTerminal(options.template)) createContainer(options);
    else withoutOutput(() => createContainer(options));
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.errno === EINTR) throw new Refusal("", error, EXIT_INTERRUPTED);
    throw error;
  }
}

function start(args: Arguments, container: Container): void {
  const loaded = loadConfig(configFileOf(container), ownEnvironment());
  if (loaded.config.rootfsPath.value === undefined) throw withoutRoot(container);
  startNow({
    container,
    config: loaded.config,
    configFile: loaded.path,
    sources: loaded.sources,
    daemon: true,
    command: [],
    useInit: false,
    pidFile: "",
    closeAllFds: true,
    logFd: args.log.fd,
    environment: environment(),
    warn: (text) => warn(args, text),
    inform: (text) => args.log.info("lxc", text),
  });
}

/** A bridge that the default configuration names and the host has not is no reason to do without a container. */
function startNow(options: StartOptions): void {
  try {
    startContainer(options);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    const cause = error.because;
    if (cause?.doing !== "plan the container's network") throw error;
    const { code, doing, reason, errno } = cause;
    const hint = `${cause.hint}; or run it without: --network=empty`;
    const because = new LxcError(code, doing, reason, { errno, hint });
    throw new LxcError(error.code, error.doing, error.reason, { errno: error.errno, because });
  }
}

function withoutRoot(container: Container): LxcError {
  return new LxcError("config-invalid", `run ${container.name}`, "it has no root file system", {
    hint: "name a template, an archive or a folder, or a configuration with lxc.rootfs.path",
  });
}

function enter(
  args: Arguments,
  container: Container,
  command: readonly string[],
  setVariables: readonly string[],
): number {
  const plain = plainAttach(command, environment(), (text) => warn(args, text));
  // Who watches over us clears away.
  const end = attachTo(container, { ...plain, keptVariables: HANDED_ON, setVariables, endsBySignals: true });
  if (end.failure !== undefined) throw new Refusal("", end.failure, end.exitCode);
  return end.exitCode;
}
