// lxc-user-nic, a program of its own: setuid root, it gives ordinary users the network devices that /etc/lxc/lxc-usernet
// allows them, and takes them away again.
//
// Whatever goes wrong is one sentence for the caller, so that nothing can be found out by asking (CVE-2022-47952).

import { LxcError } from "../../base/errors.ts";
import { usernetRules } from "../../container/config/usernet.ts";
import { type Caller, callerOf, readTrusted } from "../../container/network/caller.ts";
import { isOwnNic, type NicLine, NO_BRIDGE, nicName, ownerWithRoom, rulesFor } from "../../container/network/nics.ts";
import { USERNET } from "../../container/network/user-refusals.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryBytes } from "../../kernel/call.ts";
import { type LinkInfo, listLinks } from "../../kernel/links.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { effectiveUser, exitNow } from "../../kernel/process.ts";
import { NicDatabase } from "../setuid/database.ts";
import { becomeRoot, CAP_DAC_OVERRIDE, CAP_NET_ADMIN, leaveCaller, realUser } from "../setuid/privileges.ts";
import { bridgeOf, makePair, type NicPair, removePair } from "./device.ts";
import { openOwnedNamespace } from "./namespace.ts";
import { type NicRequest, requestIn, USAGE } from "./request.ts";

const STDOUT = 1;
const STDERR = 2;
const REFUSED = "lxc-user-nic: this is not allowed, or something that it needs is not there\n";
const QUOTA = "lxc-user-nic: Quota reached\n";
const NOT_SETUID =
  "lxc-user-nic: it is not setuid root: chown root:root FILE && chmod 4755 FILE, and no mount with nosuid\n";
const TRIES = 4;
const RANDOM_BYTES = 9;

exitNow(main(process.argv.slice(2)));

function main(words: readonly string[]): number {
  if (effectiveUser() !== 0) return fail(NOT_SETUID);
  try {
    leaveCaller();
    const request = requestIn(words);
    if (request === undefined) return fail(USAGE);
    const uid = realUser();
    const namespace = openOwnedNamespace(request.place, uid);
    // The second is for ovs-vsctl: the socket that it talks to may be another user's.
    becomeRoot([CAP_NET_ADMIN, CAP_DAC_OVERRIDE]);
    const caller = callerOf(uid);
    if (request.action === "create") return create(request, caller, namespace);
    remove(request, caller);
    return 0;
  } catch {
    return fail(REFUSED);
  }
}

function create(request: NicRequest, caller: Caller, namespace: number): number {
  const rules = rulesFor(usernetRules(readTrusted(USERNET)), caller, request.bridge);
  if (rules.length === 0) return fail(QUOTA);
  const database = new NicDatabase();
  const socket = new NetlinkSocket();
  const links = listLinks(socket);
  const lines = living(database.read(), links);
  const owner = ownerWithRoom(rules, lines, request.type);
  if (owner === "") return fail(QUOTA);
  const bridge = bridgeOf(request, links);
  if (bridge === undefined && request.bridge !== NO_BRIDGE) return fail(REFUSED);
  const pair = makeNamed(request, { caller, owner, namespace, bridge, lines }, database, socket);
  // The reader of what we say may take its time.
  database.close();
  return answer(pair);
}

interface Grant {
  readonly caller: Caller;
  /** Whose rule it counts for. */
  readonly owner: string;
  readonly namespace: number;
  readonly bridge: LinkInfo | undefined;
  /** Those of the database. */
  readonly lines: readonly NicLine[];
}

function makeNamed(request: NicRequest, grant: Grant, database: NicDatabase, socket: NetlinkSocket): NicPair {
  const { type, bridge } = request;
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const random = new Uint8Array(RANDOM_BYTES);
      call("draw a name", "getrandom", random, random.length, 0);
      const host = nicName(grant.caller.uid, random);
      // Before the device is there: whatever ends us, none is that does not count.
      database.write([...grant.lines, { owner: grant.owner, type, bridge, device: host }]);
      const wanted = { host, random: random.slice(4), namespace: grant.namespace };
      const pair = makePair(socket, request, grant.bridge, wanted);
      if (pair !== undefined) return pair;
    }
    throw new LxcError("wrong-state", "make the devices", "their names are taken");
  } catch (caught) {
    database.write(grant.lines);
    throw caught;
  }
}

function remove(request: NicRequest, caller: Caller): void {
  const { type, bridge, device } = request;
  const database = new NicDatabase();
  const lines = database.read();
  const wanted: NicLine = { owner: "", type, bridge, device };
  if (!lines.some((line) => isOwnNic(line, caller, wanted)))
    throw new LxcError("not-permitted", "remove it", "not own");
  const socket = new NetlinkSocket();
  removePair(socket, request, bridgeOf(request, listLinks(socket)), device);
  database.write(living(lines, listLinks(socket)));
}

/** Without the lines whose device is gone, as its container is. */
function living(lines: readonly NicLine[], links: readonly LinkInfo[]): NicLine[] {
  return lines.filter((line) => links.some((link) => link.name === line.device));
}

/** In one write, as LXC reads it once. */
function answer(pair: NicPair): number {
  const bytes = bytesOfText(`${pair.inside}:${pair.insideIndex}:${pair.host}:${pair.hostIndex}\n`);
  return tryBytes(SYS.write, STDOUT, bytes, bytes.length, 0) === bytes.length ? 0 : 1;
}

function fail(text: string): number {
  const bytes = bytesOfText(text);
  tryBytes(SYS.write, STDERR, bytes, bytes.length, 0);
  return 1;
}
