// lxc-execute: runs one program in a container, with a small init of ours as its first process.

import { LxcError } from "../../base/errors.ts";
import { applyDefinition, type LoadedConfig } from "../../container/config/load.ts";
import { type Container, isDefined } from "../../container/container.ts";
import { mayOwn } from "../../lifecycle/plan-namespaces.ts";
import { startContainer } from "../../lifecycle/start.ts";
import { environment, protect } from "./caller.ts";
import { type Arguments, flag, Refusal, shareOptions, type Tool, valued } from "./command.ts";
import { openConfiguredLog } from "./log-file.ts";
import { warn } from "./print.ts";
import { applyDefinitions, applyShares, checkDefinitions, configFrom, containerFrom, missing } from "./target.ts";

const daemon = flag("daemon", "d", "Leave it in the background");
const rcFile = valued("rcfile", "FILE", "f", "Read FILE instead of the container's configuration");
const define = valued("define", "KEY=VAL", "s", "Set a configuration key for this run");
const uid = valued("uid", "UID", "u", "User inside that runs COMMAND, as a number");
const gid = valued("gid", "GID", "g", "Group inside that runs COMMAND, as a number");

export const lxcExecute: Tool = {
  name: "lxc-execute",
  usage: "--name=NAME -- COMMAND",
  doc: "lxc-execute runs COMMAND in the container NAME, which lives as long as it",
  options: [daemon, rcFile, define, uid, gid, ...shareOptions],
  named: true,
  run,
};

function run(args: Arguments): number {
  checkDefinitions(args.all(define));
  const ownUid = args.number(uid, 0);
  const ownGid = args.number(gid, 0);
  const container = containerFrom(args);
  const loaded = configurationOf(args, container);
  const config = loaded.config;
  applyDefinitions(config, args.all(define));
  applyShares(args, config);
  // Our init is protected anyway, and what it starts; start hooks and other containers see its process before.
  if (config.hookStart.values.length > 0 || !mayOwn(config, "pid")) protect();
  if (args.has(uid)) applyDefinition(config, `lxc.init.uid=${ownUid}`);
  if (args.has(gid)) applyDefinition(config, `lxc.init.gid=${ownGid}`);
  if (args.operands.length === 0 && (config.executeCmd.value ?? "").trim() === "") {
    const hint = `give one: lxc-execute ${container.name} -- COMMAND; or set lxc.execute.cmd in ${loaded.path}`;
    const error = new LxcError("config-invalid", `run a program in ${container.name}`, "none was given", { hint });
    throw new Refusal("Missing command to execute!", error);
  }
  args.log = openConfiguredLog(args, config) ?? args.log;
  return startContainer({
    container,
    config,
    configFile: loaded.path,
    sources: loaded.sources,
    daemon: args.has(daemon),
    command: args.operands,
    useInit: true,
    pidFile: "",
    closeAllFds: args.has(daemon),
    logFd: args.log.fd,
    environment: environment(),
    warn: (text) => warn(args, text),
    inform: (text) => args.log.info("lxc", text),
  });
}

function configurationOf(args: Arguments, container: Container): LoadedConfig {
  if (args.has(rcFile) || isDefined(container)) return configFrom(args, container, rcFile);
  const message = "Executing a container with no configuration file may crash the host";
  throw missing(container, `run a program in ${container.name}`, message);
}
