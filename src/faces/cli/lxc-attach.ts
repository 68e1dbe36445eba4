// lxc-attach: runs a program inside a running container.

import { LxcError } from "../../base/errors.ts";
import { architecture, isArchitecture32 } from "../../container/config/isolation-codecs.ts";
import type { Container } from "../../container/container.ts";
import { activeLsm } from "../../isolation/lsm.ts";
import { PER_LINUX, PER_LINUX32 } from "../../kernel/abi/prctl.ts";
import { attachTo } from "../../lifecycle/attach.ts";
import {
  ALL_NAMESPACES,
  type AttachOptions,
  ELEVATED,
  type Elevation,
  elevationIn,
  NOT_ELEVATED,
  namespacesIn,
} from "../../lifecycle/attach-options.ts";
import { absolute, environment } from "./caller.ts";
import { type Arguments, badValue, flag, type Option, Refusal, type Tool, valued } from "./command.ts";
import { warn } from "./print.ts";
import { configFrom, containerFrom, controlling, understood } from "./target.ts";

const elevated: Option = {
  long: "elevated-privileges",
  short: "e",
  takes: "maybe",
  value: "LIST",
  doc: "Keep the caller's: some of CGROUP|CAP|LSM, or all of them",
  later: false,
};
const arch = valued("arch", "ARCH", "a", "The architecture that the program sees");
const namespaces = valued("namespaces", "LIST", "s", "Join only these: MOUNT|PID|UTSNAME|IPC|USER|NETWORK; implies -e");
const remount = flag("remount-sys-proc", "R", "Mount new /proc and /sys when -s leaves out MOUNT");
const clearEnv = flag("clear-env", "", "Start without the caller's variables");
const keepEnv = flag("keep-env", "", "Keep the caller's variables, which is the default");
const keepVar = valued("keep-var", "NAME", "", "A variable that --clear-env leaves");
const setVar = valued("set-var", "NAME=VALUE", "v", "Set a variable");
const ptyLog = valued("pty-log", "FILE", "L", "Write what appears on the terminal to FILE as well");
const rcFile = valued("rcfile", "FILE", "f", "Take the container's variables from FILE instead of its configuration");
const uid = valued("uid", "UID", "u", "User inside, as a number");
const gid = valued("gid", "GID", "g", "Group inside, as a number");
const context = valued("context", "CONTEXT", "c", "The SELinux context, or AppArmor profile, of the program");

export const lxcAttach: Tool = {
  name: "lxc-attach",
  usage: "--name=NAME [-- COMMAND]",
  doc: "lxc-attach runs COMMAND, or a shell, inside the container NAME",
  options: [elevated, arch, namespaces, remount, clearEnv, keepEnv, keepVar, setVar, ptyLog, rcFile, uid, gid, context],
  entersContainers: true,
  named: true,
  run,
};

function run(args: Arguments): number {
  const container = containerFrom(args);
  // Before `controlling`, which takes every failure for one of the container.
  const wish = wishFrom(args, container);
  const end = controlling(container, () => attachTo(container, wish));
  if (end.failure !== undefined) throw new Refusal("", end.failure, end.exitCode);
  return end.exitCode;
}

function wishFrom(args: Arguments, container: Container): AttachOptions {
  return {
    command: args.operands,
    namespaces: args.has(namespaces) ? understood(() => namespacesIn(args.text(namespaces, ""))) : ALL_NAMESPACES,
    elevated: elevationFrom(args),
    label: labelFrom(args),
    personality: args.has(arch) ? personalityOf(args.text(arch, "")) : -1,
    remountProcSys: args.has(remount),
    environment: environment(),
    clearEnvironment: args.isOn(clearEnv, keepEnv, false),
    configuredVariables: variablesFrom(args, container),
    keptVariables: args.all(keepVar),
    setVariables: args.all(setVar),
    uid: idFrom(args, uid),
    gid: idFrom(args, gid),
    endsBySignals: false,
    logFile: args.has(ptyLog) ? absolute(args.text(ptyLog, "")) : "",
    warn: (text) => warn(args, text),
  };
}

/** Refused where it could have no effect. */
function labelFrom(args: Arguments): string {
  const label = args.text(context, "");
  if (label === "" || activeLsm() !== "") return label;
  throw new Refusal(
    "",
    new LxcError("unsupported", `use --context=${label}`, "neither SELinux nor AppArmor is on here", {
      hint: "leave --context out",
    }),
  );
}

/** As in LXC, all that --rcfile changes for a program are the variables. */
function variablesFrom(args: Arguments, container: Container): readonly string[] | undefined {
  if (!args.has(rcFile)) return undefined;
  const { config } = configFrom(args, container, rcFile);
  const all = config.environment.values.concat(config.environmentRuntime.values);
  return all.map((variable) => `${variable.name}=${variable.value}`);
}

/** -1 where the option was not given; what no user or group can have is refused, and never taken for that (CVE-2026-30892). */
function idFrom(args: Arguments, option: Option): number {
  if (!args.has(option)) return -1;
  const id = args.number(option, -1);
  if (id < 0 || id >= 2 ** 32 - 1) throw badValue(option, args.text(option, ""), "no user or group has this number");
  return id;
}

function elevationFrom(args: Arguments): Elevation {
  if (args.has(namespaces)) return ELEVATED;
  if (!args.has(elevated)) return NOT_ELEVATED;
  const list = args.text(elevated, "");
  return list === "" ? ELEVATED : understood(() => elevationIn(list));
}

function personalityOf(name: string): number {
  if (architecture.parse(name) === undefined) {
    throw badValue(arch, name, "there is no such architecture", "it is x86_64, i686 or arm64");
  }
  return isArchitecture32(name) ? PER_LINUX32 : PER_LINUX;
}
