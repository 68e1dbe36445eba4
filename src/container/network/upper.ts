// Devices on top of one of the host's: what macvlan, ipvlan and vlan have in common. Runs in the monitor.

import { LxcError } from "../../base/errors.ts";
import { type UpperKind, upperRequest } from "../../kernel/link-kinds.ts";
import { changeRequest, deleteLink, findLink, findLinkAt, type LinkInfo } from "../../kernel/links.ts";
import { refusedRequest } from "../../kernel/netlink.ts";
import { isOurs, NetworkDevice } from "./device.ts";
import { refusedCreation } from "./refused-creation.ts";

/** Such a device, born in the container. */
export abstract class UpperNetwork extends NetworkDevice {
  protected abstract kind(): UpperKind;

  protected override begin(): void {
    const { network, means } = this;
    const device = {
      kind: this.kind(),
      name: network.bornAs,
      hwaddr: network.hwaddr,
      mtu: network.mtu,
      below: network.linkIndex,
      pid: means.target.initPid,
      mode: network.mode,
      flags: network.flags,
    };
    const request = upperRequest(device, network.link);
    for (const refusal of means.socket.tryRun([request]).refusals) {
      throw refusedCreation(network, request.doing, refusedRequest(request, refusal), false);
    }
    this.#name(request.doing);
  }

  /** It was born under another name: Linux 6.1 makes nothing for another namespace that is called like something here. */
  #name(doing: string): void {
    const { network, means } = this;
    const inside = means.inside();
    const made = findLink(inside, network.bornAs);
    if (made === undefined) throw new LxcError("wrong-state", doing, "it vanished at once");
    this.insideIndex = made.index;
    inside.run([changeRequest(made.index, network.bornAs, { name: network.name })]);
  }

  /**
   * The kernel clears a namespace away some time after it has ended, and a container that starts again at once finds the
   * number of its VLAN, or its hardware address, taken by itself.
   */
  protected override end(): void {
    const index = this.insideIndex;
    this.insideIndex = 0;
    if (index === 0) return;
    const inside = this.means.inside();
    if (isOurs(this.#find(index), this.kind())) deleteLink(inside, index, this.network.name);
  }

  #find(index: number): LinkInfo | undefined {
    return findLinkAt(this.means.inside(), index, this.network.name);
  }
}
