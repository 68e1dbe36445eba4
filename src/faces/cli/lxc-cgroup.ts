// lxc-cgroup: reads or writes one file of a running container's cgroups.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { visible } from "../../base/text.ts";
import type { Container } from "../../container/container.ts";
import { readCgroupItem, writeCgroupItem } from "../../lifecycle/cgroup-items.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import type { State } from "../../lifecycle/states.ts";
import { type Arguments, Refusal, refusedBecause, type Tool } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print, warn } from "./print.ts";
import { checkRcFile, containerFrom } from "./target.ts";

export const lxcCgroup: Tool = {
  name: "lxc-cgroup",
  usage: "--name=NAME state-object [value]",
  doc: "lxc-cgroup prints what a file of the cgroups of the container NAME has, such as memory.max, or writes it",
  options: [],
  named: true,
  run,
};

function run(args: Arguments): number {
  const key = args.operands[0];
  const value = args.operands[1];
  if (key === undefined) throw noKey();
  const container = containerFrom(args);
  checkRcFile(args, container);
  if (stateFor(container) === "STOPPED") throw notRunning(container);
  if (args.operands.length > 2) {
    warn(args, `only "${visible(value ?? "")}" is written; put a value of several words in quotes`);
  }
  if (value === undefined) get(args, container, key);
  else set(args, container, key, value);
  return 0;
}

function get(args: Arguments, container: Container, key: string): void {
  try {
    const item = readCgroupItem(container, key);
    note(args, key, item.files);
    if (!isJson(args)) {
      // As in LXC, a line of its own behind what the kernel writes.
      print(`${item.value}\n`);
      return;
    }
    const json = new JsonObject().text("name", container.name).text("key", key);
    print(`${json.text("value", item.value.trimEnd()).texts("files", item.files).encode()}\n`);
  } catch (caught) {
    const where = `${container.lxcpath}:${container.name}`;
    throw refusedBecause(
      `Failed to retrieve value of '${visible(key)}' for '${where}'`,
      `read ${visible(key)} of ${container.name}`,
      asLxcError(caught as Error),
    );
  }
}

function set(args: Arguments, container: Container, key: string, value: string): void {
  try {
    note(args, key, writeCgroupItem(container, key, value));
  } catch (caught) {
    throw refusedBecause(
      `Failed to assign '${visible(value)}' value to '${visible(key)}' for '${container.name}'`,
      `write ${visible(key)} of ${container.name}`,
      asLxcError(caught as Error),
    );
  }
}

function note(args: Arguments, key: string, files: readonly string[]): void {
  if (files.length > 0) args.log.info("cgroup", `${key} is ${files.join(" and ")} on this host`);
}

function stateFor(container: Container): State {
  try {
    return stateOf(container);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.code !== "not-permitted") throw error;
    const where = `${container.lxcpath}:${container.name}`;
    throw refusedBecause(`Insufficent privileges to control ${where}`, `control ${container.name}`, error);
  }
}

function noKey(): Refusal {
  const because = new LxcError("config-invalid", "run lxc-cgroup", "Missing state object", {
    hint: "name a file of a cgroup: lxc-cgroup NAME memory.max",
  });
  const error = new LxcError("config-invalid", "read the command line", because.reason, { because });
  return new Refusal("could not parse command line", error);
}

function notRunning(container: Container): Refusal {
  const hint = `start it: lxc-start -n ${container.name} -P ${container.lxcpath}`;
  const error = new LxcError("wrong-state", `look at the cgroups of ${container.name}`, "it is not running", { hint });
  return new Refusal(`'${container.lxcpath}:${container.name}' is not running`, error);
}
