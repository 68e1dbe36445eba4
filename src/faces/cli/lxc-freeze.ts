// lxc-freeze and lxc-unfreeze: stop all processes of a container where they are, and let them go on.

import { asLxcError } from "../../base/errors.ts";
import { isDefined } from "../../container/container.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { freezeContainer, thawContainer } from "../../lifecycle/freeze.ts";
import { type Arguments, refusedBecause, type Tool } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { checkRcFile, containerFrom, controlling } from "./target.ts";

export const lxcFreeze: Tool = {
  name: "lxc-freeze",
  usage: "--name=NAME",
  doc: "lxc-freeze stops all processes of the container NAME where they are",
  options: [],
  named: true,
  run: (args) => act(args, true),
};

export const lxcUnfreeze: Tool = {
  name: "lxc-unfreeze",
  usage: "--name=NAME",
  doc: "lxc-unfreeze lets the processes of the container NAME go on",
  options: [],
  named: true,
  run: (args) => act(args, false),
};

function act(args: Arguments, freezes: boolean): number {
  const container = containerFrom(args);
  checkRcFile(args, container);
  const verb = freezes ? "freeze" : "unfreeze";
  try {
    controlling(container, () => {
      if (freezes) freezeContainer(container, ownEnvironment());
      else thawContainer(container, ownEnvironment());
      return 0;
    });
  } catch (caught) {
    const error = asLxcError(caught as Error);
    const where = `${container.lxcpath}:${container.name}`;
    // As in LXC, what does not run need not be thawed.
    const exitCode = !freezes && error.code === "wrong-state" && isDefined(container) ? 0 : 1;
    throw refusedBecause(`Failed to ${verb} ${where}`, `${verb} ${container.name}`, error, exitCode);
  }
  const state = freezes ? "FROZEN" : "RUNNING";
  if (isJson(args)) print(`${new JsonObject().text("name", container.name).text("state", state).encode()}\n`);
  return 0;
}
