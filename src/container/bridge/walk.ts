// The way of a container's packets, from its device to the world and the names, and where it ends. Pure.

import { addressOf, type IpNetwork, isInNetwork } from "../../base/ip-network.ts";
import { visible } from "../../base/text.ts";
import { type DoctorCheck, fine, found } from "../doctor-checks.ts";
import { byHand } from "../host-facts.ts";
import type { Lease } from "./leases.ts";
import type { BridgeSettings } from "./settings.ts";

/** A container, as seen from the host and from inside. */
export interface WalkFacts {
  readonly name: string;
  /** -P and its value for a command line, with a blank in front, or "". */
  readonly place: string;
  readonly state: string;
  /** The networks of its configuration that lead to the bridge, such as lxc.net.0. */
  readonly keys: readonly string[];
  /** The bridges that its other networks lead to. */
  readonly otherLinks: readonly string[];
  /** The device inside that is connected to the bridge; undefined for none. */
  readonly device: WalkDevice | undefined;
  /** What is connected to nothing, or to another bridge: the host's end of a device inside. */
  readonly strayPorts: readonly string[];
  /** Whether its configuration says the address. */
  readonly isStatic: boolean;
  /** What dnsmasq gave to that device. */
  readonly lease: Lease | undefined;
  /** The gateways of its default routes by IPv4. */
  readonly gateways: readonly string[];
  /** What dnsmasq says of NAME.DOMAIN; undefined when it does not answer. */
  readonly resolved: readonly string[] | undefined;
}

export interface WalkDevice {
  readonly name: string;
  readonly isUp: boolean;
  readonly hwaddr: string;
  readonly hostName: string;
  readonly isHostUp: boolean;
  readonly addresses: readonly IpNetwork[];
}

/** Each step of the way, up to and with the one that stops. `service` are the checks of the bridge itself. */
export function walk(settings: BridgeSettings, facts: WalkFacts, service: readonly DoctorCheck[]): DoctorCheck[] {
  const steps = [
    checkState(facts),
    checkLink(settings, facts),
    ...stepsOf(service, ["bridge", "address", "dnsmasq"]),
    checkLease(settings, facts),
    checkAddress(settings, facts),
    checkRoute(settings, facts),
    ...stepsOf(service, ["forwarding", "firewall"]),
    checkName(settings, facts),
  ];
  const way: DoctorCheck[] = [];
  for (const step of steps) {
    way.push(step);
    if (stops(step)) break;
  }
  return way;
}

export function stops(step: DoctorCheck): boolean {
  return step.weight === "stops" || step.weight === "limits";
}

function stepsOf(service: readonly DoctorCheck[], ids: readonly string[]): DoctorCheck[] {
  return service.filter((check) => ids.includes(check.id));
}

function checkState(facts: WalkFacts): DoctorCheck {
  const { name, place, state } = facts;
  const what = `State of ${name}`;
  if (state === "RUNNING") return fine("state", what, state);
  const fix = state === "FROZEN" ? `lxc-unfreeze ${name}${place}` : `lxc-start ${name}${place}`;
  return found("state", "stops", what, state === "" ? "its monitor does not answer" : state, byHand(fix));
}

function checkLink(settings: BridgeSettings, facts: WalkFacts): DoctorCheck {
  const { bridge } = settings;
  const what = "Link";
  const { device, keys } = facts;
  if (keys.length === 0 && device === undefined) {
    const others = facts.otherLinks.join(", ");
    const detail =
      others === ""
        ? `no network of its configuration leads to ${bridge}`
        : `it is connected to ${others}, not to ${bridge}`;
    const fix = byHand(`set lxc.net.0.type = veth and lxc.net.0.link = ${bridge} in its configuration, and restart it`);
    return found("link", "stops", what, detail, fix);
  }
  if (device === undefined) {
    const stray = facts.strayPorts[0];
    if (stray !== undefined) {
      return found(
        "link",
        "stops",
        what,
        `${stray} is not connected to ${bridge}`,
        byHand(`ip link set ${stray} master ${bridge}`),
      );
    }
    const detail = `it has no device that is connected to ${bridge}`;
    return found("link", "stops", what, detail, byHand(`restart it: lxc-stop -r ${facts.name}${facts.place}`));
  }
  const { hostName } = device;
  const inside = visible(device.name);
  if (!device.isHostUp)
    return found("link", "stops", what, `${hostName} is down`, byHand(`ip link set ${hostName} up`));
  if (!device.isUp) {
    const key = keys[0] ?? "lxc.net.0";
    const fix = byHand(`set ${key}.flags = up, or: ${attach(facts)} ip link set ${inside} up`);
    return found("link", "stops", what, `${inside} inside is down`, fix);
  }
  return fine("link", what, `${inside} inside is ${hostName} on ${bridge}`);
}

function attach(facts: WalkFacts): string {
  return `lxc-attach ${facts.name}${facts.place} --`;
}

/** Of a device without an address that the configuration says. */
function checkLease(settings: BridgeSettings, facts: WalkFacts): DoctorCheck {
  const what = "Lease";
  const { lease, device } = facts;
  const inside = visible(device?.name ?? "eth0");
  if (lease !== undefined)
    return fine("lease", what, `${lease.address} for ${lease.name === "" ? lease.hwaddr : lease.name}`);
  if (facts.isStatic) return fine("lease", what, "not needed: its configuration says the address");
  if (ownAddress(settings, facts) !== "") return fine("lease", what, "none: it set its address itself");
  const detail = `dnsmasq was not asked by ${device?.hwaddr ?? "it"}`;
  const fix = byHand(`run a DHCP client inside: ${attach(facts)} udhcpc -i ${inside}, or dhclient ${inside}`);
  return found("lease", "stops", what, detail, fix);
}

function ownAddress(settings: BridgeSettings, facts: WalkFacts): string {
  const all = facts.device?.addresses ?? [];
  const own = all.filter((each) => isInNetwork(settings.ipv4, each.bytes));
  return own.map((each) => addressOf(each.bytes)).join(", ");
}

function checkAddress(settings: BridgeSettings, facts: WalkFacts): DoctorCheck {
  const what = "Address";
  const own = ownAddress(settings, facts);
  if (own !== "") return fine("container-address", what, own);
  const { device, lease } = facts;
  const inside = visible(device?.name ?? "eth0");
  const ipv4 = (device?.addresses ?? []).filter((each) => each.bytes.length === 4).map((each) => addressOf(each.bytes));
  if (ipv4.length > 0) {
    const detail = `${ipv4.join(", ")} is not of the bridge's network`;
    return found(
      "container-address",
      "stops",
      what,
      detail,
      byHand(`give it one of ${addressOf(settings.ipv4.bytes)}/${settings.ipv4.prefix}`),
    );
  }
  const detail = lease === undefined ? "it has none" : `it has none: the client did not set ${lease.address}`;
  return found("container-address", "stops", what, detail, byHand(`${attach(facts)} udhcpc -i ${inside}`));
}

function checkRoute(settings: BridgeSettings, facts: WalkFacts): DoctorCheck {
  const what = "Way out";
  const bridge = addressOf(settings.ipv4.bytes);
  if (facts.gateways.includes(bridge)) return fine("route", what, `by ${bridge}`);
  const inside = visible(facts.device?.name ?? "eth0");
  const fix = byHand(
    `set ${facts.keys[0] ?? "lxc.net.0"}.ipv4.gateway = auto, or: ${attach(facts)} ip route add default via ${bridge} dev ${inside}`,
  );
  if (facts.gateways.length === 0) return found("route", "stops", what, "it has no default route", fix);
  // With another network that is as it should be.
  return found("route", "advice", what, `by ${facts.gateways.join(", ")}, not by the bridge`, fix);
}

function checkName(settings: BridgeSettings, facts: WalkFacts): DoctorCheck {
  const what = "Name";
  const { domain } = settings;
  if (domain === "") return fine("name", what, "LXC_DOMAIN says that there are none");
  const name = `${facts.name}.${domain}`;
  const { resolved } = facts;
  if (resolved === undefined) {
    return found("name", "stops", what, `dnsmasq does not answer for ${name}`, byHand("lxc-net restart"));
  }
  if (resolved.length > 0) return fine("name", what, `${name} is ${resolved.join(", ")}`);
  const tells =
    facts.lease === undefined || facts.lease.name === ""
      ? "it has told dnsmasq no name"
      : `it calls itself ${facts.lease.name}`;
  const fix = byHand(`let its client send the name: ${attach(facts)} udhcpc -x hostname:${facts.name}`);
  return found("name", "stops", what, `${name} is unknown: ${tells}`, fix);
}
