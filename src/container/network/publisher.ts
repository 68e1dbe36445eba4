// The published ports of one network of root's container, and where they lead while it lives. Runs in the monitor.

import { asLxcError } from "../../base/errors.ts";
import { listDeviceAddresses } from "../../kernel/addresses.ts";
import { type AddressWatch, tellLost, watchAddresses } from "./address-watch.ts";
import type { NetworkMeans } from "./device.ts";
import { learnedAddress } from "./learned-address.ts";
import type { PlannedNetwork, VethPlan } from "./planned.ts";
import { deviceOf, wantedPorts } from "./publish-host.ts";
import { isFor, ownerOf, type PublishTarget, tableOf } from "./published.ts";
import { letHairpins, PublishedTable } from "./published-table.ts";

export class PortPublisher {
  readonly #network: PlannedNetwork;
  readonly #veth: VethPlan;
  readonly #means: NetworkMeans;
  readonly #hostIndex: number;
  readonly #table: PublishedTable;
  #watch: AddressWatch | undefined = undefined;

  constructor(network: PlannedNetwork, veth: VethPlan, means: NetworkMeans, hostIndex: number) {
    this.#network = network;
    this.#veth = veth;
    this.#means = means;
    this.#hostIndex = hostIndex;
    const owner = ownerOf(means.target.container);
    const table = tableOf(owner, network.index);
    const target: PublishTarget = { table, owner, device: deviceOf(network), ports: veth.published };
    this.#table = new PublishedTable(target);
  }

  /** Takes the ports, and leads them to those addresses that are known by now. */
  open(): void {
    const { isRouter, isSwitched } = this.#veth;
    const { linkIndex, hostName } = this.#network;
    this.#table.open(wantedPorts([this.#network]), this.#means.target.warn);
    if (!isRouter && !isSwitched && linkIndex > 0) letHairpins(this.#means.socket, this.#hostIndex, hostName);
    this.#table.lead({ ipv4: this.#given(4), ipv6: this.#given(16) });
  }

  /** Learns of the addresses that the container gives itself, or gets by DHCP, as they come. */
  watch(insideIndex: number): void {
    if (!this.#mustLearn()) return;
    this.#watch = watchAddresses(this.#means.target, this.#network.name, () => this.#changed(insideIndex));
    if (this.#watch !== undefined) this.#changed(insideIndex);
  }

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#table.close();
  }

  #changed(insideIndex: number): void {
    try {
      this.#learn(insideIndex);
    } catch (caught) {
      tellLost(this.#means.target, this.#network.name, asLxcError(caught as Error));
    }
  }

  #learn(insideIndex: number): void {
    const inside = listDeviceAddresses(this.#means.inside()).filter((one): boolean => one.device === insideIndex);
    const bridge = this.#network.linkIndex;
    const host = listDeviceAddresses(this.#means.socket).filter((one): boolean => one.device === bridge);
    const of = (size: number, now: Uint8Array): Uint8Array => {
      const given = this.#given(size);
      return given.length > 0 ? given : learnedAddress(size, now, inside, host);
    };
    const now = this.#table.ends;
    this.#table.lead({ ipv4: of(4, now.ipv4), ipv6: of(16, now.ipv6) });
  }

  /** What the configuration says; empty for nothing. */
  #given(size: number): Uint8Array {
    if (size === 4 && this.#veth.lease.length > 0) return this.#veth.lease;
    for (const { bytes } of this.#network.addresses) if (bytes.length === size) return bytes;
    return new Uint8Array(0);
  }

  #mustLearn(): boolean {
    if (this.#veth.isRouter || this.#network.linkIndex === 0) return false;
    for (const size of [4, 16]) {
      if (this.#given(size).length > 0 || !this.#veth.published.some((one) => isFor(one, size))) continue;
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
}
