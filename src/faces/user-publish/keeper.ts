// The ports of one request: taken, led to the addresses that the caller's device has in its container, and let go.

import { LxcError } from "../../base/errors.ts";
import { learnedAddress } from "../../container/network/learned-address.ts";
import { ownerOfUser, type PublishTarget, tableOf } from "../../container/network/published.ts";
import { letHairpins, PublishedTable } from "../../container/network/published-table.ts";
import { type DeviceAddress, listDeviceAddresses } from "../../kernel/addresses.ts";
import { findLink, linkIn, linkRequest, peerNamespaceIn } from "../../kernel/links.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import type { PublishRequest } from "./request.ts";

export class PortKeeper {
  readonly #request: PublishRequest;
  readonly #target: PublishTarget;
  readonly #table: PublishedTable;
  readonly #socket = new NetlinkSocket();

  constructor(request: PublishRequest, uid: number) {
    this.#request = request;
    const owner = ownerOfUser(request.container, uid);
    const { index, bridge, ports } = request;
    this.#target = { table: tableOf(owner, index), owner, device: bridge, ports };
    this.#table = new PublishedTable(this.#target);
  }

  /** Throws `wrong-state` when a port is somebody else's. */
  open(): void {
    const { index, device } = this.#request;
    const key = `lxc.net.${index}.publish`;
    const wanted = this.#target.ports.map((ports) => {
      return { key, ports };
    });
    this.#table.open(wanted, () => {});
    const port = findLink(this.#socket, device);
    if (port === undefined) throw gone(device);
    if (port.master > 0) letHairpins(this.#socket, port.index, device);
    this.lead();
  }

  /** To addresses in the bridge's own network, and none of the host's. Throws when the device is gone. */
  lead(): void {
    const bridge = findLink(this.#socket, this.#request.bridge)?.index ?? 0;
    const host = listDeviceAddresses(this.#socket).filter((one): boolean => one.device === bridge);
    const inside = this.#addressesInside();
    const now = this.#table.ends;
    this.#table.lead({
      ipv4: learnedAddress(4, now.ipv4, inside, host),
      ipv6: learnedAddress(16, now.ipv6, inside, host),
    });
  }

  close(): void {
    this.#table.close();
    this.#socket.close();
  }

  /** The kernel says where the device's other end is, and answers for it: nobody enters a namespace of the caller's. */
  #addressesInside(): DeviceAddress[] {
    const { device } = this.#request;
    for (const { reply } of this.#socket.tryRun([linkRequest(device)]).answers) {
      const link = linkIn(reply);
      const there = peerNamespaceIn(reply);
      if (link === undefined || link.kind !== "veth" || there < 0) continue;
      const { peer } = link;
      return listDeviceAddresses(this.#socket, there).filter((one): boolean => one.device === peer);
    }
    throw gone(device);
  }
}

function gone(device: string): LxcError {
  return new LxcError("not-found", `lead ports to ${device}`, "it is gone, or no pair of devices");
}
