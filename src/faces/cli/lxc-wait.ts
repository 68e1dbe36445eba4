// lxc-wait: waits for a state of a container.

import { LxcError } from "../../base/errors.ts";
import { type State, stateNamed } from "../../lifecycle/states.ts";
import { waitForStates } from "../../lifecycle/wait.ts";
import { type Arguments, badValue, Refusal, type Tool, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { checkRcFile, containerFrom, controlling } from "./target.ts";

const state = valued("state", "STATES", "s", "The states to wait for, such as STOPPED|RUNNING");
const timeout = valued("timeout", "SECONDS", "t", "How long to wait; for ever when it is not given");

export const lxcWait: Tool = {
  name: "lxc-wait",
  usage: "--name=NAME --state=STATES",
  doc: "lxc-wait waits until the container NAME is in one of STATES",
  options: [state, timeout],
  named: true,
  run,
};

function run(args: Arguments): number {
  const container = containerFrom(args);
  if (!args.has(state)) throw badValue(state, "", "it must say what to wait for", "as in: lxc-wait -n NAME -s RUNNING");
  const wanted = statesIn(args.text(state, ""));
  const timeoutS = args.number(timeout, -1);
  checkRcFile(args, container);
  const reached = controlling(container, () => waitForStates(container, wanted, timeoutS));
  if (reached === undefined) {
    const message = `${container.name} is not ${args.text(state, "")}`;
    const hint = `see its state: lxc-info -s ${container.name} -P ${container.lxcpath}`;
    throw new Refusal(message, new LxcError("timed-out", `wait for ${container.name}`, message, { hint }));
  }
  if (isJson(args)) print(`${new JsonObject().text("name", container.name).text("state", reached).encode()}\n`);
  return 0;
}

function statesIn(list: string): State[] {
  const wanted: State[] = [];
  for (const word of list.split("|")) {
    // As in LXC, one sign too many is none.
    if (word === "" && list !== "") continue;
    const known = stateNamed(word);
    if (known === undefined) {
      const hint = "the states are STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN and THAWED";
      const error = new LxcError("config-invalid", `wait for "${list}"`, `there is no state ${word}`, { hint });
      throw new Refusal(`invalid state '${word}'`, error);
    }
    wanted.push(known);
  }
  return wanted;
}
