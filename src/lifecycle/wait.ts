// Waiting until a container reaches a state. Runs in lxc-wait and wherever a tool waits.

import { Deadline } from "../base/deadline.ts";
import type { Container } from "../container/container.ts";
import { closeFd } from "../kernel/files.ts";
import { pause } from "../kernel/waiting.ts";
import { addStateClient, receiveState } from "./command-client.ts";
import { maskOf } from "./command-protocol.ts";
import type { State } from "./states.ts";

/** How often a container that does not run is looked for, as in LXC. */
const LOOK_AGAIN_MS = 1000;

/**
 * Waits at most `timeoutS` seconds, negative for ever, until `container` is in one of `states`. Returns the state, or
 * undefined when the time is over or the container stops instead. One that does not run, or not exist, is STOPPED.
 */
export function waitForStates(container: Container, states: readonly State[], timeoutS: number): State | undefined {
  const deadline = new Deadline(timeoutS < 0 ? -1 : timeoutS * 1000);
  for (;;) {
    const client = addStateClient(container, maskOf(states, 1));
    if (client !== undefined) return client.state ?? nextState(client.fd, states, deadline);
    if (states.includes("STOPPED")) return "STOPPED";
    if (deadline.hasPassed()) return undefined;
    const left = deadline.leftMs();
    pause(left < 0 ? LOOK_AGAIN_MS : Math.min(left, LOOK_AGAIN_MS));
  }
}

function nextState(client: number, states: readonly State[], deadline: Deadline): State | undefined {
  const state = receiveState(client, deadline.leftMs());
  closeFd(client);
  return state !== undefined && states.includes(state) ? state : undefined;
}
