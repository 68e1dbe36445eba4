// The published ports of one network while it lives: the table that the kernel removes with us, and where it leads. Runs in the monitor.

import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR } from "../../kernel/abi/rtnetlink.ts";
import { listDeviceAddresses } from "../../kernel/addresses.ts";
import { portHairpinRequest } from "../../kernel/bridge-ports.ts";
import type { EventLoop } from "../../kernel/event-loop.ts";
import { tryReadText, tryWriteAt } from "../../kernel/files.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { commitNft, openNftables, tableRemoval } from "../../kernel/nftables.ts";
import { isSameAddress } from "../config/port-rules.ts";
import type { NetworkMeans } from "./device.ts";
import { openInside } from "./inside.ts";
import { learnedAddress } from "./learned-address.ts";
import { guardLoopback, removeGuards, withPublishLock } from "./loopback-guard.ts";
import type { PlannedNetwork, VethPlan } from "./planned.ts";
import { deviceOf, FORWARDING, refuseTakenPorts } from "./publish-host.ts";
import { isFor, type PublishTarget, tableOf, tableRequests, usesLoopback, wayRequests } from "./published.ts";

const BRIDGE_FILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables";
/** The IPv4 and the IPv6 address that ports lead to; empty for none. */
interface Ends {
  readonly ipv4: Uint8Array;
  readonly ipv6: Uint8Array;
}

export class PortPublisher {
  readonly #network: PlannedNetwork;
  readonly #veth: VethPlan;
  readonly #means: NetworkMeans;
  readonly #hostIndex: number;
  readonly #target: PublishTarget;
  readonly #nft = openNftables();
  #isOpen = false;
  #hasGuard = false;
  #ends: Ends = { ipv4: new Uint8Array(0), ipv6: new Uint8Array(0) };
  #insideIndex = 0;
  #changes: NetlinkSocket | undefined = undefined;
  #changesFd = -1;
  #loop: EventLoop | undefined = undefined;

  constructor(network: PlannedNetwork, veth: VethPlan, means: NetworkMeans, hostIndex: number) {
    this.#hostIndex = hostIndex;
    const { container } = means.target;
    this.#network = network;
    this.#veth = veth;
    this.#means = means;
    const table = tableOf(container, network.index);
    this.#target = { table, container, device: deviceOf(network), ports: veth.published };
  }

  /** Takes the ports, and leads them to those addresses that are known by now. */
  open(): void {
    withPublishLock(() => {
      refuseTakenPorts(this.#target.container, [this.#network], this.#nft);
      this.#hasGuard = usesLoopback(this.#veth.published) && guardLoopback(this.#nft, this.#target.device);
      commitNft(this.#nft, tableRequests(this.#target, this.#hasGuard));
      this.#isOpen = true;
    });
    this.#letHairpins();
    switchOnForwarding(this.#means.target.warn);
    this.#lead({ ipv4: this.#given(4), ipv6: this.#given(16) });
  }

  /** Learns of the addresses that the container gives itself, or gets by DHCP, as they come. */
  watch(loop: EventLoop, insideIndex: number): void {
    if (!this.#mustLearn()) return;
    this.#insideIndex = insideIndex;
    this.#changes = openInside(this.#means.target.initPid);
    this.#changesFd = this.#changes.subscribe(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    this.#loop = loop;
    loop.watch(this.#changesFd, () => this.#changed());
    this.#learn();
  }

  /** The kernel would do most of it by itself when we end. */
  close(): void {
    if (this.#changesFd >= 0) this.#loop?.forget(this.#changesFd);
    this.#changesFd = -1;
    this.#changes?.close();
    this.#changes = undefined;
    try {
      if (this.#isOpen || this.#hasGuard) withPublishLock(() => this.#remove());
    } finally {
      this.#isOpen = false;
      this.#nft.close();
    }
  }

  /**
   * Where the packet filter sees what a bridge passes on as well (Docker wants that), it also sends what the container sends
   * to itself by the host back through the port it came from, which a bridge does only when it is told to.
   */
  #letHairpins(): void {
    if (this.#veth.isRouter || this.#veth.isSwitched || this.#network.linkIndex === 0) return;
    if ((tryReadText(BRIDGE_FILTER) ?? "").trim() !== "1") return;
    this.#means.socket.run([portHairpinRequest(this.#hostIndex, this.#network.hostName)]);
  }

  #remove(): void {
    const { table, device } = this.#target;
    if (this.#isOpen) commitNft(this.#nft, [tableRemoval(table)]);
    if (this.#hasGuard) removeGuards(this.#nft, [device]);
  }

  #changed(): void {
    this.#changes?.discard();
    try {
      this.#learn();
    } catch (caught) {
      this.#means.target.warn(
        `the published ports of ${this.#network.name} lead nowhere: ${(caught as Error).message}`,
      );
    }
  }

  #learn(): void {
    const index = this.#insideIndex;
    const inside = listDeviceAddresses(this.#means.inside()).filter((one): boolean => one.device === index);
    const bridge = this.#network.linkIndex;
    const host = listDeviceAddresses(this.#means.socket).filter((one): boolean => one.device === bridge);
    const of = (size: number, now: Uint8Array): Uint8Array => {
      const given = this.#given(size);
      return given.length > 0 ? given : learnedAddress(size, now, inside, host);
    };
    this.#lead({ ipv4: of(4, this.#ends.ipv4), ipv6: of(16, this.#ends.ipv6) });
  }

  /** What the configuration says; empty for nothing. */
  #given(size: number): Uint8Array {
    if (size === 4 && this.#veth.lease.length > 0) return this.#veth.lease;
    for (const { bytes } of this.#network.addresses) if (bytes.length === size) return bytes;
    return new Uint8Array(0);
  }

  #mustLearn(): boolean {
    if (this.#veth.isRouter || this.#network.linkIndex === 0) return false;
    const { ports } = this.#target;
    for (const size of [4, 16]) {
      if (this.#given(size).length > 0 || !ports.some((one) => isFor(one, size))) continue;
      if (size === 4 || this.#hasIpv6()) return true;
    }
    return false;
  }

  /** Without an address of its own the bridge has no neighbours. */
  #hasIpv6(): boolean {
    const { linkIndex } = this.#network;
    const addresses = listDeviceAddresses(this.#means.socket);
    return addresses.some((one) => one.device === linkIndex && one.bytes.length === 16 && one.scope === 0);
  }

  #lead(ends: Ends): void {
    const now = this.#ends;
    if (isSameAddress(ends.ipv4, now.ipv4) && isSameAddress(ends.ipv6, now.ipv6)) return;
    const addresses = [ends.ipv4, ends.ipv6].filter((address): boolean => address.length > 0);
    commitNft(this.#nft, wayRequests(this.#target, addresses));
    this.#ends = ends;
  }
}

/** As lxc-net does, and as it stays: others may have come to need it. IPv6 is left alone: it would take the host's own routes. */
function switchOnForwarding(warn: (text: string) => void): void {
  if ((tryReadText(FORWARDING) ?? "").trim() !== "0" || tryWriteAt(AT_FDCWD, FORWARDING, "1") >= 0) return;
  warn(`published ports need IPv4 forwarding: echo 1 > ${FORWARDING}`);
}
