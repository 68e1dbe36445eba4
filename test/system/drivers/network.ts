// Makes the networks of a configuration for a process in a network namespace of its own, as a container's start does it:
// `network INSIDE OUTSIDE KEY=VALUE…`. INSIDE and OUTSIDE are shell commands, run there once all is configured.

import { asLxcError, describe, LxcError } from "../../../src/base/errors.ts";
import { Undo } from "../../../src/base/undo.ts";
import { NO_VARIABLES } from "../../../src/container/config/keys.ts";
import { Config } from "../../../src/container/config/schema.ts";
import { runHook } from "../../../src/container/hooks.ts";
import { configureInside } from "../../../src/container/network/configure.ts";
import { completeNetworks, createNetworks } from "../../../src/container/network/create.ts";
import type { NetworkDevice } from "../../../src/container/network/device.ts";
import { networkFacts } from "../../../src/container/network/facts.ts";
import { planNetworks } from "../../../src/container/network/plan.ts";
import type { NetworkPlan } from "../../../src/container/network/planned.ts";
import type { NetworkRequest } from "../../../src/container/network/request.ts";
import { requestsFrom } from "../../../src/container/network/requests.ts";
import type { NetworkScripts } from "../../../src/container/network/scripts.ts";
import { addressesOf, devicesOf, trafficOf } from "../../../src/container/network/usage.ts";
import { CLONE_NEWNET } from "../../../src/kernel/abi/sched.ts";
import { EventLoop } from "../../../src/kernel/event-loop.ts";
import { closeFd } from "../../../src/kernel/files.ts";
import { NetlinkSocket } from "../../../src/kernel/netlink.ts";
import { type Child, cloneProcess, exec, exitNow, waitForEnd } from "../../../src/kernel/process.ts";
import { receiveMessage, sendMessage, socketPair } from "../../../src/kernel/sockets.ts";

const environment = [`PATH=${process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`];
const word = new Uint8Array(1);

function requestsOf(settings: readonly string[]): NetworkRequest[] {
  const config = new Config(NO_VARIABLES);
  for (const text of settings) {
    const equals = text.indexOf("=");
    const setting = config.find(text.slice(0, equals), true);
    if (setting === undefined || !setting.set(text.slice(equals + 1))) {
      throw new LxcError("config-invalid", "read the settings", text);
    }
  }
  return requestsFrom(config.networks, () => "settings:1");
}

function printFailure(caught: LxcError): void {
  for (const line of describe(caught)) console.log(line);
}

/** The container's side: waits for the devices, configures them, then becomes the command when it is told to. */
function runInside(plan: NetworkPlan, channel: number, command: string): void {
  try {
    if (receiveMessage(channel, 1).bytes.length === 0) exitNow(1);
    configureInside(plan);
    sendMessage(channel, word);
    receiveMessage(channel, 1);
    exec("/bin/sh", ["sh", "-c", command], environment);
  } catch (caught) {
    printFailure(asLxcError(caught as Error));
  }
  exitNow(1);
}

function printUsage(socket: NetlinkSocket, pid: number, created: readonly NetworkDevice[]): void {
  console.log(`addresses ${addressesOf(socket, pid).join(" ")}`);
  for (const device of devicesOf(socket, pid)) {
    console.log(`device ${device.index} ${device.name} ${device.kind} ${device.mtu} ${device.up ? "up" : "down"}`);
  }
  for (const { network, hostIndex, insideIndex } of created) {
    const traffic = trafficOf(socket, network.hostName);
    if (traffic === undefined) continue;
    const joined = traffic.master === network.linkIndex && traffic.index === hostIndex;
    console.log(`host ${insideIndex} ${joined ? "joined" : "apart"} fe:${traffic.hwaddr[0] === 0xfe ? "yes" : "no"}`);
  }
}

function runOutside(command: string): void {
  const child = cloneProcess(0, -1);
  if (child.pid === 0) exec("/bin/sh", ["sh", "-c", command], environment);
  waitForEnd(child.pid);
}

function start(requests: readonly NetworkRequest[], commands: readonly string[], undo: Undo): number {
  const socket = new NetlinkSocket();
  const plan = planNetworks(requests, networkFacts(socket, requests, environment));
  const pair = socketPair();
  const child: Child = cloneProcess(plan.newNamespace ? CLONE_NEWNET : 0, -1);
  if (child.pid === 0) {
    closeFd(pair.left);
    runInside(plan, pair.right, commands[0] ?? "");
  }
  closeFd(pair.right);
  let running = true;
  undo.add("end the process", () => {
    closeFd(pair.left);
    if (running) waitForEnd(child.pid);
  });
  const scripts: NetworkScripts = { containerName: "c1", hookVersion: 1, environment, run: runHook };
  const container = { name: "c1", lxcpath: "/lxcts" };
  const warn = (text: string): void => console.log(text);
  const created = createNetworks(
    plan,
    socket,
    { initPid: child.pid, scripts, movedFolder: "", container, loop: new EventLoop(), warn },
    undo,
  );
  sendMessage(pair.left, word);
  if (receiveMessage(pair.left, 1).bytes.length === 0) return 1;
  completeNetworks(created);
  printUsage(socket, child.pid, created);
  runOutside(commands[1] ?? "");
  sendMessage(pair.left, word);
  waitForEnd(child.pid);
  running = false;
  return 0;
}

function main(): void {
  const args = process.argv.slice(2);
  const undo = new Undo();
  let code = 1;
  try {
    code = start(requestsOf(args.slice(2)), args.slice(0, 2), undo);
  } catch (caught) {
    printFailure(asLxcError(caught as Error));
  }
  for (const failure of undo.run()) printFailure(failure);
  process.exitCode = code;
}

main();
