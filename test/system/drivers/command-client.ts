// Asks the monitor of a container one thing and prints the answer: `command-client LXCPATH NAME COMMAND [ARGUMENT]`.

import { asLxcError, describe } from "../../../src/base/errors.ts";
import type { Container } from "../../../src/container/container.ts";
import { commandSocketOf } from "../../../src/container/paths.ts";
import { O_RDONLY } from "../../../src/kernel/abi/fs.ts";
import { openFile, tryReadLink } from "../../../src/kernel/files.ts";
import { textOf } from "../../../src/kernel/memory.ts";
import {
  addSeccompListenerOf,
  addStateClient,
  cgroup2FdOf,
  cgroupContextOf,
  cgroupPathOf,
  cloneFlagsOf,
  configItemOf,
  consoleLogOf,
  freezeOf,
  initPidfdOf,
  initPidOf,
  limitCgroupFdOf,
  limitCgroupPathOf,
  lxcpathOf,
  nameOf,
  receiveState,
  serveStateClients,
  stateOf,
  stopOf,
  ttyFdOf,
  unfreezeOf,
} from "../../../src/lifecycle/command-client.ts";
import { maskOf } from "../../../src/lifecycle/command-protocol.ts";
import { type State, stateNamed } from "../../../src/lifecycle/states.ts";

function shown(fd: number | undefined): string {
  return fd === undefined ? "none" : (tryReadLink(`/proc/self/fd/${fd}`) ?? "not open");
}

function waited(container: Container, state: State, how: number): string {
  const client = addStateClient(container, maskOf([state], how));
  if (client === undefined) return "not running";
  return client.state === undefined ? `told ${receiveState(client.fd, 5000) ?? "nothing"}` : `already ${client.state}`;
}

/** Its length, its ends, and what is left: as long a text would be hard to compare. */
function logged(container: Container, mostBytes: number): string {
  const read = consoleLogOf(container, { read: true, clear: false, mostBytes });
  if (read === undefined) return "none";
  const text = textOf(read);
  const left = consoleLogOf(container, { read: true, clear: true, mostBytes: 0 });
  return `${text.length} ${text.slice(0, 8)} ${text.slice(-8)} ${left?.length ?? 0}`;
}

function answerTo(container: Container, what: string, argument: string): string {
  const number = parseInt(argument === "" ? "0" : argument, 10);
  switch (what) {
    case "state":
      return stateOf(container);
    case "pid":
      return `${initPidOf(container) ?? "none"}`;
    case "pidfd":
      return shown(initPidfdOf(container));
    case "flags":
      return `${cloneFlagsOf(container) ?? "none"}`;
    case "cgroup":
      return cgroupPathOf(container, argument) ?? "none";
    case "limit-cgroup":
      return limitCgroupPathOf(container, argument) ?? "none";
    case "config":
      return configItemOf(container, argument) ?? "none";
    case "name":
      return nameOf(commandSocketOf(container)) ?? "none";
    case "lxcpath":
      return lxcpathOf(commandSocketOf(container)) ?? "none";
    case "wait":
      return waited(container, stateNamed(argument) ?? "STOPPED", 1);
    case "wait-next":
      return waited(container, stateNamed(argument) ?? "STOPPED", 2);
    case "serve":
      return `${serveStateClients(container, number)}`;
    case "freeze":
      return `${freezeOf(container, number)}`;
    case "unfreeze":
      return `${unfreezeOf(container, number)}`;
    case "console-log":
      return logged(container, number);
    case "listener":
      return `${addSeccompListenerOf(container, openFile(argument, O_RDONLY))}`;
    case "cgroup2":
      return shown(cgroup2FdOf(container));
    case "stop":
      return `${stopOf(container, 5000)}`;
    default:
      return structAnswer(container, what, argument);
  }
}

function structAnswer(container: Container, what: string, argument: string): string {
  if (what === "tty") {
    const grant = ttyFdOf(container, parseInt(argument, 10));
    return grant === undefined ? "taken" : `${grant.number} ${shown(grant.fd)}`;
  }
  if (what === "handle") {
    const handle = limitCgroupFdOf(container, argument);
    return handle === undefined ? "none" : `${handle.layout} ${handle.type} ${shown(handle.fd)}`;
  }
  const context = cgroupContextOf(container);
  if (context === undefined) return "none";
  return [`${context.layout}`, ...context.descriptors.map((fd) => shown(fd))].join("\n");
}

function main(): number {
  const container: Container = { lxcpath: process.argv[2] ?? "", name: process.argv[3] ?? "" };
  try {
    console.log(answerTo(container, process.argv[4] ?? "", process.argv[5] ?? ""));
    return 0;
  } catch (caught) {
    for (const line of describe(asLxcError(caught as Error))) console.log(line);
    return 1;
  }
}

process.exitCode = main();
