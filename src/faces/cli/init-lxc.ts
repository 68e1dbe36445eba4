// init.lxc: the first process of a container that lxc-execute made. Not a tool for people.

import { LxcError } from "../../base/errors.ts";
import { runInit } from "../../lifecycle/init.ts";
import { environment } from "./caller.ts";
import { type Arguments, quiet, Refusal, type Tool } from "./command.ts";

export const initLxc: Tool = {
  name: "init.lxc",
  usage: "--name=NAME -- COMMAND",
  doc: "init.lxc runs COMMAND as the second process of a container, and reaps what it leaves",
  options: [],
  named: false,
  run,
};

function run(args: Arguments): number {
  if (args.operands.length === 0) {
    const error = new LxcError("config-invalid", "run a program", "none was given", { hint: "write it after --" });
    throw new Refusal("Please specify a command to execute", error);
  }
  return runInit(args.operands, environment(), args.has(quiet));
}
