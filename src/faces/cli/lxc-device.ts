// lxc-device: gives a device of the host to a running container, or takes it back.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { visible } from "../../base/text.ts";
import type { Container } from "../../container/container.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { addDeviceNode, removeDeviceNode } from "../../lifecycle/device-node.ts";
import { attachLink, detachLink, isHostLink, isLinkOf } from "../../lifecycle/move-link.ts";
import { absolute } from "./caller.ts";
import { type Arguments, Refusal, refusedBecause, type Tool } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { checkRcFile, containerFrom, controlling } from "./target.ts";

export const lxcDevice: Tool = {
  name: "lxc-device",
  usage: "--name=NAME -- add|del DEV [DEST]",
  doc: "lxc-device gives DEV, a network interface or a device node of the host, to the container NAME, there as DEST, or takes it back",
  options: [],
  named: true,
  run,
};

function run(args: Arguments): number {
  if (effectiveUser() !== 0) {
    const error = new LxcError("not-permitted", "change the devices of a container", "only root may", {
      hint: "run it as root: sudo lxc-device",
    });
    throw new Refusal("lxc-device must be run as root", error);
  }
  const container = containerFrom(args);
  checkRcFile(args, container);
  if (controlling(container, () => stateOf(container)) === "STOPPED") throw notRunning(container);
  const [action, device, destination] = args.operands;
  if (action === undefined || device === undefined) throw misused(container, "Error: no command given");
  if (action !== "add" && action !== "del") throw misused(container, "Error: Please use add or del");
  change(args, container, { adds: action === "add", device, destination: destination ?? "" });
  return 0;
}

interface Change {
  readonly adds: boolean;
  readonly device: string;
  /** "" for the same name on both sides. */
  readonly destination: string;
}

function change(args: Arguments, container: Container, wanted: Change): void {
  const device = visible(wanted.device);
  const verb = wanted.adds ? "add" : "del";
  try {
    const kind = wanted.adds ? add(container, wanted) : remove(container, wanted);
    args.log.info("device", `${verb} ${device}: done for ${container.name}`);
    if (isJson(args)) {
      const json = new JsonObject().text("name", container.name).text("action", verb).text("kind", kind);
      print(`${json.text("device", wanted.device).text("destination", wanted.destination).encode()}\n`);
    }
  } catch (caught) {
    const headline = wanted.adds
      ? `Failed to add ${device} to ${container.name}`
      : `Failed to del ${device} from ${container.name}`;
    throw refusedBecause(headline, `${verb} ${device}`, asLxcError(caught as Error));
  }
}

/** As in LXC, what the host has a network interface for is one. */
function add(container: Container, wanted: Change): string {
  if (isHostLink(wanted.device)) {
    attachLink(container, wanted.device, wanted.destination);
    return "interface";
  }
  addDeviceNode(container, absolute(wanted.device), placeOf(wanted));
  return "node";
}

function remove(container: Container, wanted: Change): string {
  if (isLinkOf(container, wanted.device)) {
    detachLink(container, wanted.device, wanted.destination);
    return "interface";
  }
  removeDeviceNode(container, absolute(wanted.device), placeOf(wanted));
  return "node";
}

function placeOf(wanted: Change): string {
  return wanted.destination === "" ? absolute(wanted.device) : wanted.destination;
}

function notRunning(container: Container): Refusal {
  const hint = `start it: lxc-start -n ${container.name} -P ${container.lxcpath}`;
  const error = new LxcError("wrong-state", `change the devices of ${container.name}`, "it is not running", { hint });
  return new Refusal(`Container ${container.name} is not running`, error);
}

/** In LXC's words. */
function misused(container: Container, problem: string): Refusal {
  const error = new LxcError("config-invalid", "read the command line", "it says neither add nor del and a device", {
    hint: `for instance lxc-device -n ${container.name} -- add /dev/fuse`,
  });
  return new Refusal(`${problem} (Please see --help output)`, error);
}
