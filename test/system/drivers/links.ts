// Makes, changes, moves and deletes network devices, and prints what is there after each step: `links BRIDGE`.

import { asLxcError, describe } from "../../../src/base/errors.ts";
import { ipv4Bytes } from "../../../src/base/ip.ts";
import { addressText } from "../../../src/container/network/gateways.ts";
import { devicesOf, listAddresses, trafficOf } from "../../../src/container/network/usage.ts";
import { CLONE_NEWNET } from "../../../src/kernel/abi/sched.ts";
import { addressRequest, listRoutes, routeRequest } from "../../../src/kernel/addresses.ts";
import { closeFd } from "../../../src/kernel/files.ts";
import { changeRequest, deleteLink, findLink, type LinkChange, vethRequest } from "../../../src/kernel/links.ts";
import { NetlinkSocket } from "../../../src/kernel/netlink.ts";
import { cloneProcess, exitNow, waitForEnd } from "../../../src/kernel/process.ts";
import { receiveMessage, socketPair } from "../../../src/kernel/sockets.ts";

const none = new Uint8Array(0);

function print(socket: NetlinkSocket, name: string): void {
  const link = findLink(socket, name);
  if (link === undefined) console.log(`${name} is not there`);
  else {
    const state = link.up ? "up" : "down";
    console.log(
      `${link.name} ${link.kind} ${link.mtu} ${link.hwaddr.join(".")} ${state} ${link.master > 0 ? "joined" : "alone"}`,
    );
  }
}

function change(socket: NetlinkSocket, name: string, what: LinkChange): void {
  const index = findLink(socket, name)?.index ?? 0;
  socket.run([changeRequest(index, name, what)]);
}

/** A process in a network namespace of its own, until the returned descriptor is closed. */
function startOther(): { readonly pid: number; readonly hold: number } {
  const pair = socketPair();
  const child = cloneProcess(CLONE_NEWNET, -1);
  if (child.pid === 0) {
    closeFd(pair.left);
    receiveMessage(pair.right, 1);
    exitNow(0);
  }
  closeFd(pair.right);
  return { pid: child.pid, hold: pair.left };
}

function make(socket: NetlinkSocket): void {
  const hwaddr = new Uint8Array([2, 0, 0, 0, 0, 1]);
  const ends = { name: "va", hwaddr, mtu: 0, master: 0, peerName: "vb", peerHwaddr: none, peerPid: 0 };
  socket.run([vethRequest({ ...ends, rxQueues: 0, txQueues: 0 })]);
  print(socket, "va");
}

function alter(socket: NetlinkSocket, bridge: string): void {
  change(socket, "vb", { name: "vc", mtu: 1300, hwaddr: new Uint8Array([2, 0, 0, 0, 0, 2]) });
  change(socket, "vc", { up: true });
  change(socket, "va", { master: findLink(socket, bridge)?.index ?? 0 });
  print(socket, "va");
  print(socket, "vb");
  print(socket, "vc");
}

function route(socket: NetlinkSocket): void {
  const index = findLink(socket, "vc")?.index ?? 0;
  const bytes = ipv4Bytes("10.97.0.1") ?? none;
  const far = { destination: ipv4Bytes("10.96.0.0") ?? none, prefix: 16, gateway: none, addressSize: 4 };
  socket.run([
    addressRequest(index, { bytes, prefix: 24, broadcast: none }, "10.97.0.1/24"),
    routeRequest(index, far, "reach 10.96.0.0/16"),
  ]);
  console.log(listAddresses(socket).join(" "));
  for (const one of listRoutes(socket)) {
    if (one.device === index && one.route.addressSize === 4) {
      console.log(`${addressText(one.route.destination)}/${one.route.prefix}`);
    }
  }
  console.log((trafficOf(socket, "vc")?.index ?? 0) === index ? "traffic" : "no traffic");
}

function move(socket: NetlinkSocket): void {
  const other = startOther();
  change(socket, "vc", { up: false });
  print(socket, "vc");
  change(socket, "vc", { toPid: other.pid, name: "moved0" });
  print(socket, "vc");
  for (const device of devicesOf(socket, other.pid)) console.log(`${device.name} ${device.mtu} over there`);
  const index = findLink(socket, "va")?.index ?? 0;
  console.log(`deleted ${deleteLink(socket, index, "va")}, again ${deleteLink(socket, index, "va")}`);
  closeFd(other.hold);
  waitForEnd(other.pid);
}

function main(): void {
  const socket = new NetlinkSocket();
  try {
    make(socket);
    alter(socket, process.argv[2] ?? "");
    route(socket);
    move(socket);
    change(socket, "va", { up: true });
  } catch (caught) {
    for (const line of describe(asLxcError(caught as Error))) console.log(line);
  }
}

main();
