// The table of one network's published ports, which the kernel removes with the process that made it. Runs in the monitor
// of root's containers, and in lxc-user-publish for those of others.

import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { portHairpinRequest } from "../../kernel/bridge-ports.ts";
import { tryReadText, tryWriteAt } from "../../kernel/files.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { commitNft, openNftables, tableRemoval } from "../../kernel/nftables.ts";
import { isSameAddress } from "../config/port-rules.ts";
import { guardLoopback, removeGuards, withPublishLock } from "./loopback-guard.ts";
import { FORWARDING, refuseTakenPorts, type WantedPorts } from "./publish-host.ts";
import { type PublishTarget, tableRequests, usesLoopback, wayRequests } from "./published.ts";

const BRIDGE_FILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** The IPv4 and the IPv6 address that ports lead to; empty for none. */
export interface PublishEnds {
  readonly ipv4: Uint8Array;
  readonly ipv6: Uint8Array;
}

export class PublishedTable {
  readonly #target: PublishTarget;
  readonly #nft = openNftables();
  #isOpen = false;
  #hasGuard = false;
  #ends: PublishEnds = { ipv4: new Uint8Array(0), ipv6: new Uint8Array(0) };

  constructor(target: PublishTarget) {
    this.#target = target;
  }

  get ends(): PublishEnds {
    return this.#ends;
  }

  /** Takes the ports, each by its key in `wanted`; they lead nowhere yet. Throws when one is somebody else's. */
  open(wanted: readonly WantedPorts[], warn: (text: string) => void): void {
    const { owner, ports, device } = this.#target;
    withPublishLock(() => {
      refuseTakenPorts(owner, wanted, this.#nft);
      this.#hasGuard = usesLoopback(ports) && guardLoopback(this.#nft, device);
      commitNft(this.#nft, tableRequests(this.#target, this.#hasGuard));
      this.#isOpen = true;
    });
    switchOnForwarding(warn);
  }

  lead(ends: PublishEnds): void {
    const now = this.#ends;
    if (isSameAddress(ends.ipv4, now.ipv4) && isSameAddress(ends.ipv6, now.ipv6)) return;
    const addresses = [ends.ipv4, ends.ipv6].filter((address): boolean => address.length > 0);
    commitNft(this.#nft, wayRequests(this.#target, addresses));
    this.#ends = ends;
  }

  /** The kernel would do most of it by itself when we end. */
  close(): void {
    try {
      if (this.#isOpen || this.#hasGuard) withPublishLock(() => this.#remove());
    } finally {
      this.#isOpen = false;
      this.#nft.close();
    }
  }

  #remove(): void {
    const { table, device } = this.#target;
    if (this.#isOpen) commitNft(this.#nft, [tableRemoval(table)]);
    if (this.#hasGuard) removeGuards(this.#nft, [device]);
  }
}

/**
 * Where the packet filter sees what a bridge passes on as well (Docker wants that), it also sends what the container sends to
 * itself by the host back through its `port`, which a bridge does only when it is told to.
 */
export function letHairpins(socket: NetlinkSocket, port: number, what: string): void {
  if ((tryReadText(BRIDGE_FILTER) ?? "").trim() !== "1") return;
  socket.run([portHairpinRequest(port, what)]);
}

/** As lxc-net does, and as it stays: others may have come to need it. IPv6 is left alone: it would take the host's own routes. */
function switchOnForwarding(warn: (text: string) => void): void {
  if ((tryReadText(FORWARDING) ?? "").trim() !== "0" || tryWriteAt(AT_FDCWD, FORWARDING, "1") >= 0) return;
  warn(`published ports need IPv4 forwarding: echo 1 > ${FORWARDING}`);
}
