// lxc-destroy: removes a container.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { clonesOf } from "../../container/clones.ts";
import { type Container, isDefined } from "../../container/container.ts";
import { destroyContainer } from "../../container/destroy.ts";
import { destroyAllSnapshots } from "../../container/snapshots.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { stopHard } from "../../lifecycle/stop.ts";
import { absolute, environment, runFolder } from "./caller.ts";
import { type Arguments, flag, rcFile, refusedBecause, type Tool } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { withProgress } from "./progress.ts";
import { cgroupsFrom, checkRcFile, containerFrom, controlling } from "./target.ts";

const snapshots = flag("snapshots", "s", "Destroy its clones and snapshots as well");
const force = flag("force", "f", "Stop it first when it runs");

export const lxcDestroy: Tool = {
  name: "lxc-destroy",
  usage: "--name=NAME [-f] [-s]",
  doc: "lxc-destroy removes the container NAME",
  options: [snapshots, force],
  named: true,
  run,
};

function run(args: Arguments): number {
  const container = containerFrom(args);
  checkRcFile(args, container);
  const isRunning = isRunningNow(container);
  const configFile = args.has(rcFile) ? absolute(args.text(rcFile, "")) : "";
  withProgress(args, () => {
    if (args.has(snapshots) && isDefined(container)) destroyDependents(args, container, isRunning);
    destroy(args, container, isRunning, configFile);
  });
  if (isJson(args)) print(`${new JsonObject().text("name", container.name).text("result", "destroyed").encode()}\n`);
  return 0;
}

function isRunningNow(container: Container): boolean {
  return controlling(container, () => stateOf(container)) !== "STOPPED";
}

/**
 * The clones that its list names, by the same rules, and its snapshots. The newest first: it may need files of one before.
 * What runs and may not be stopped is known before anything goes.
 */
function destroyDependents(args: Arguments, container: Container, isRunning: boolean): void {
  const clones = clonesOf(container)
    .toReversed()
    .filter((clone): boolean => isDefined(clone));
  if (isRunning && !args.has(force)) throw running(container);
  for (const clone of clones) if (!args.has(force) && isRunningNow(clone)) throw running(clone);
  for (const clone of clones) destroy(args, clone, isRunningNow(clone), "");
  try {
    destroyAllSnapshots({
      container,
      runDir: runFolder(),
      environment: environment(),
      isRunning,
      progress: () => {},
      configFile: "",
    });
  } catch (caught) {
    fail(container, asLxcError(caught as Error));
  }
}

function running(container: Container): LxcError {
  const name = container.name;
  const lxcpath = container.lxcpath;
  return new LxcError("wrong-state", `destroy ${name}`, `${name} is running`, {
    hint: `stop it with lxc-stop -n ${name} -P ${lxcpath}, or use --force`,
  });
}

/** `configFile` is read in place of the container's own; "" for that. */
function destroy(args: Arguments, container: Container, isRunning: boolean, configFile: string): void {
  try {
    destroyContainer({
      container,
      runDir: runFolder(),
      environment: environment(),
      isRunning,
      configFile,
      force: args.has(force),
      stop: () => {
        stopHard(container, () => cgroupsFrom(args, container));
      },
    });
  } catch (caught) {
    fail(container, asLxcError(caught as Error));
  }
}

/** LXC's words for what others depend on; all else is told as it is. */
function fail(container: Container, error: LxcError): never {
  const name = container.name;
  if (error.reason !== `${name} has clones` && error.reason !== `${name} has snapshots`) throw error;
  throw refusedBecause(`Destroying ${name} failed: ${error.reason}`, `destroy ${name}`, error);
}
