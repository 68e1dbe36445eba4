// lxc-destroy: removes a container.

import { destroyContainer } from "../../container/destroy.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { stopHard } from "../../lifecycle/stop.ts";
import { environment, runFolder } from "./caller.ts";
import { type Arguments, flag, later, rcFile, type Tool } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { cgroupsFrom, containerFrom, controlling } from "./target.ts";

const snapshots = later(flag("snapshots", "s", "Remove its snapshots and clones as well"));
const force = flag("force", "f", "Stop it first when it runs");

export const lxcDestroy: Tool = {
  name: "lxc-destroy",
  usage: "--name=NAME [-f]",
  doc: "lxc-destroy removes the container NAME",
  options: [snapshots, force, later(rcFile)],
  named: true,
  run,
};

function run(args: Arguments): number {
  const container = containerFrom(args);
  const isRunning = controlling(container, () => stateOf(container)) !== "STOPPED";
  destroyContainer({
    container,
    runDir: runFolder(),
    environment: environment(),
    isRunning,
    force: args.has(force),
    stop: () => {
      stopHard(container, () => cgroupsFrom(args, container));
    },
  });
  if (isJson(args)) print(`${new JsonObject().text("name", container.name).text("result", "destroyed").encode()}\n`);
  return 0;
}
