// lxc.net.[i].type = phys: a device of the host that moves in, and comes back as it was.

import { LxcError } from "../../base/errors.ts";
import { EEXIST, EINVAL } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY } from "../../kernel/abi/fs.ts";
import { closeFd, exists, openAt } from "../../kernel/files.ts";
import { addAltNames, removeAltNames } from "../../kernel/link-names.ts";
import { changeRequest, findLink, findLinkAt, type LinkChange, type LinkInfo } from "../../kernel/links.ts";
import { type NetlinkRefusal, type NetlinkRequest, refusedRequest } from "../../kernel/netlink.ts";
import { NetworkDevice } from "./device.ts";
import { forgetMoved, rememberMoved } from "./moved-links.ts";
import { invalid } from "./refusals.ts";
import { type NetworkRequest, networkKey } from "./request.ts";

const OWN_NETWORK = "/proc/self/ns/net";
const LOOPBACK = 1;

/** Whether `link = NAME+` stands for all devices of the host whose names begin so. */
export function isWildcard(request: NetworkRequest): boolean {
  return request.type === "phys" && request.link.endsWith("+");
}

/** Whether `request` takes the host's device `name`. */
export function movesIn(request: NetworkRequest, name: string): boolean {
  if (request.type !== "phys") return false;
  return isWildcard(request) ? name.startsWith(request.link.slice(0, -1)) : request.link === name;
}

/** The requests with one in place of a wildcard for each device that it stands for, by name. */
export function expandWildcards(requests: readonly NetworkRequest[], links: readonly LinkInfo[]): NetworkRequest[] {
  const all: NetworkRequest[] = [];
  for (const request of requests) {
    if (!isWildcard(request)) {
      all.push(request);
      continue;
    }
    for (const link of matching(request, links)) all.push(onLink(request, link));
  }
  return all;
}

function onLink(request: NetworkRequest, link: string): NetworkRequest {
  return { ...request, link };
}

function matching(request: NetworkRequest, links: readonly LinkInfo[]): string[] {
  const start = request.link.slice(0, request.link.length - 1);
  const names: string[] = [];
  for (const link of links) {
    if (link.index !== LOOPBACK && link.name.startsWith(start) && !names.includes(link.name)) names.push(link.name);
  }
  const key = `${networkKey(request, "link")} = ${request.link}`;
  if (names.length === 0) throw invalid(`${key}: no device of the host begins so`, "see `ip link`");
  const single = singleSetting(request);
  if (names.length > 1 && single !== "") {
    const reason = `${key} stands for ${names.join(", ")}, which cannot share ${networkKey(request, single)}`;
    throw invalid(reason, "give each device a network of its own");
  }
  return names.toSorted();
}

/** What only one device can have; "" for nothing. */
function singleSetting(request: NetworkRequest): string {
  if (request.name !== "" && !request.name.includes("%d")) return "name";
  if (request.hwaddr !== "") return "hwaddr";
  const first = request.addresses[0];
  if (first === undefined) return "";
  return first.bytes.length === 4 ? "ipv4.address" : "ipv6.address";
}

export class PhysNetwork extends NetworkDevice {
  /** As it was on the host, from when the first of it was changed. */
  #before: LinkInfo | undefined = undefined;
  #isInside = false;

  /** It stays here until script.up has run, with the MTU it will have, and without further names. */
  protected override begin(): void {
    const { network, means } = this;
    const found = findLink(means.socket, network.link);
    if (found === undefined) throw gone(network.link);
    this.#before = found;
    this.hostIndex = found.index;
    const requests: NetlinkRequest[] = [];
    if (found.altNames.length > 0) requests.push(removeAltNames(found.index, found.name, found.altNames));
    if (network.mtu > 0) requests.push(changeRequest(found.index, found.name, { mtu: network.mtu }));
    means.socket.run(requests);
  }

  protected override enter(): void {
    const { network, means } = this;
    const before = this.#before;
    if (before === undefined) return;
    // Before it moves: without a way back it would be lost.
    const inside = means.inside();
    const { initPid, movedFolder } = means.target;
    rememberMoved(movedFolder, before, network.hwaddr);
    const change: LinkChange = { toPid: initPid, name: network.name, hwaddr: network.hwaddr, up: false };
    const request = changeRequest(before.index, before.name, change);
    this.#isInside = true;
    for (const refusal of means.socket.tryRun([request]).refusals) throw refusedMove(before, request, refusal);
    this.hostIndex = 0;
    this.insideIndex = findLink(inside, network.name)?.index ?? 0;
  }

  /** Home with it, whatever the container has made of it, and then all as it was. */
  protected override leave(): void {
    const before = this.#before;
    this.#before = undefined;
    if (before === undefined) return;
    const name = this.#isInside ? this.#bringBack(before) : before.name;
    this.#isInside = false;
    const { socket } = this.means;
    const home = name === "" ? undefined : findLink(socket, name);
    if (home === undefined) throw gone(before.name);
    restore(before, home, (requests) => socket.run(requests));
    forgetMoved(this.means.target.movedFolder, before);
  }

  /** Returns the name under which it is home; "" when it is nowhere. */
  #bringBack(before: LinkInfo): string {
    const { means, network } = this;
    const inside = means.inside();
    const there = this.insideIndex > 0 ? findLinkAt(inside, this.insideIndex, network.name) : undefined;
    // The move into the container has failed, or somebody else has brought it back.
    if (there === undefined) return findLink(means.socket, before.name) === undefined ? "" : before.name;
    this.insideIndex = 0;
    // Names that the container gave it would meet those of the host.
    if (there.altNames.length > 0) inside.tryRun([removeAltNames(there.index, there.name, there.altNames)]);
    const home = openAt(AT_FDCWD, OWN_NETWORK, O_RDONLY);
    try {
      // Another device of the host may have its name by now.
      for (const name of [before.name, `phys${before.index}`]) {
        if (findLink(means.socket, name) !== undefined) continue;
        const change: LinkChange = { toNamespaceFd: home, name, up: false };
        inside.run([changeRequest(there.index, there.name, change)]);
        return name;
      }
      throw new LxcError("wrong-state", `bring ${before.name} back from the container`, "its name is taken", {
        errno: EEXIST,
      });
    } finally {
      closeFd(home);
    }
  }
}

/** Name, MTU, hardware address and further names, each on its own: one that fails does not stop the others. */
function restore(before: LinkInfo, home: LinkInfo, run: (requests: readonly NetlinkRequest[]) => void): void {
  const requests: NetlinkRequest[] = [];
  if (home.mtu !== before.mtu) requests.push(changeRequest(home.index, home.name, { mtu: before.mtu }));
  if (!sameBytes(home.hwaddr, before.hwaddr)) {
    requests.push(changeRequest(home.index, home.name, { hwaddr: before.hwaddr }));
  }
  const missing = before.altNames.filter((name) => !home.altNames.includes(name));
  if (missing.length > 0) requests.push(addAltNames(home.index, home.name, missing));
  // The kernel takes every request of a batch, also those after one that it refuses.
  run(requests);
  if (home.name === before.name) return;
  throw new LxcError("wrong-state", `call the network device ${home.name} ${before.name} again`, "the name is taken", {
    errno: EEXIST,
    hint: `rename it once the name is free: ip link set ${home.name} name ${before.name}`,
  });
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function gone(name: string): LxcError {
  return new LxcError("not-found", `use the network device ${name}`, "the host no longer has it", {
    hint: "see `ip link`; another container may have it",
  });
}

function refusedMove(before: LinkInfo, request: NetlinkRequest, refusal: NetlinkRefusal): LxcError {
  const because = refusedRequest(request, refusal);
  if (refusal.errno !== EINVAL) return because;
  const isWireless = exists(`/sys/class/net/${before.name}/phy80211`);
  const hint = isWireless
    ? "it is wireless: move its whole radio with `iw phy PHY set netns PID`, in lxc.hook.start-host"
    : `the device cannot leave its network, or does not take the hardware address; see \`ip -details link show ${before.name}\``;
  return new LxcError("unsupported", request.doing, "the kernel does not move this device", {
    errno: refusal.errno,
    hint,
    because,
  });
}
