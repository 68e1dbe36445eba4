// How the bridge is: what works, what does not, and what to do about it. Pure.

import { addressOf, type IpNetwork, networkText } from "../../base/ip-network.ts";
import { type DoctorCheck, fine, found } from "../doctor-checks.ts";
import { byHand } from "../host-facts.ts";
import { firewallAdvice, type HostFirewall } from "./firewall.ts";
import { adviceAgainst, type PortHolder } from "./ports.ts";
import type { BridgeSettings } from "./settings.ts";

/** What the bridge and the host are now. */
export interface BridgeState {
  readonly isUp: boolean;
  /** Undefined when there is no such device. */
  readonly bridge: BridgeDevice | undefined;
  readonly dnsmasqs: readonly number[];
  readonly forwardsIpv4: boolean;
  readonly forwardsIpv6: boolean;
  readonly hasIpv6: boolean;
  /** Whether the firewall has our rules; undefined where only root may ask. */
  readonly hasRules: boolean | undefined;
  /** Rules for other firewalls that are missing, as commands. */
  readonly missingRules: readonly string[];
  /** Undefined where only root may ask. */
  readonly firewall: HostFirewall | undefined;
  /** Who listens on the ports of names and of addresses, our own dnsmasq not among them. */
  readonly others: readonly PortHolder[];
  /** What makes this host know the names; "" where it does. */
  readonly resolverLine: string;
}

export interface BridgeDevice {
  readonly isUp: boolean;
  readonly kind: string;
  readonly ports: readonly string[];
  readonly addresses: readonly IpNetwork[];
}

/** `running` is all of it; `broken` has a check that is not fine. */
export type ServiceState = "off" | "stopped" | "running" | "broken";

export function serviceState(
  settings: BridgeSettings,
  state: BridgeState,
  checks: readonly DoctorCheck[],
): ServiceState {
  if (!state.isUp) return settings.isWanted ? "stopped" : "off";
  return checks.some((check) => check.weight === "stops" || check.weight === "limits") ? "broken" : "running";
}

/** In the order in which a packet meets them. */
export function checkBridge(settings: BridgeSettings, state: BridgeState): DoctorCheck[] {
  return checkDevice(settings, state).concat(
    checkDnsmasq(settings, state),
    checkPorts(settings, state),
    checkForwarding(settings, state),
    checkFirewall(settings, state),
    checkNames(state),
  );
}

const RESTART = "lxc-net restart";

function checkDevice(settings: BridgeSettings, state: BridgeState): DoctorCheck[] {
  const { bridge } = settings;
  const device = state.bridge;
  if (device === undefined) {
    return [
      found("bridge", "stops", "Bridge", `there is no ${bridge}`, byHand(state.isUp ? RESTART : "lxc-net start")),
    ];
  }
  if (device.kind !== "bridge") {
    const fix = byHand("set another LXC_BRIDGE in /etc/default/lxc-net");
    return [found("bridge", "stops", "Bridge", `${bridge} is no bridge`, fix)];
  }
  if (!device.isUp) return [found("bridge", "stops", "Bridge", `${bridge} is down`, byHand(RESTART))];
  const count = device.ports.length;
  const ports = count === 0 ? "nothing is connected" : `${count} connected: ${device.ports.join(", ")}`;
  return [fine("bridge", "Bridge", `${bridge}, up; ${ports}`)].concat(checkAddresses(settings, state, device));
}

function checkAddresses(settings: BridgeSettings, state: BridgeState, device: BridgeDevice): DoctorCheck[] {
  const wanted: IpNetwork[] = [settings.ipv4];
  if (settings.ipv6 !== undefined && state.hasIpv6) wanted.push(settings.ipv6.address);
  const texts = device.addresses.map(networkText);
  const missing = wanted.map(networkText).filter((text) => !texts.includes(text));
  if (missing.length === 0) return [fine("address", "Addresses", texts.join(", "))];
  return [found("address", "stops", "Addresses", `${missing.join(", ")} is missing`, byHand(RESTART))];
}

function checkDnsmasq(settings: BridgeSettings, state: BridgeState): DoctorCheck[] {
  const what = "Addresses and names for containers";
  if (state.dnsmasqs.length === 0) {
    return [found("dnsmasq", "stops", what, "dnsmasq does not run", byHand(state.isUp ? RESTART : "lxc-net start"))];
  }
  const names = settings.domain === "" ? "" : `, names end in .${settings.domain}`;
  return [fine("dnsmasq", what, `dnsmasq (process ${state.dnsmasqs.join(", ")})${names}`)];
}

/** Others with a port of all addresses keep dnsmasq from starting, or answer in its place. */
function checkPorts(settings: BridgeSettings, state: BridgeState): DoctorCheck[] {
  const own = addressOf(settings.ipv4.bytes);
  const checks: DoctorCheck[] = [];
  for (const other of state.others) {
    if (other.address !== own && other.address !== "0.0.0.0" && other.address !== "::") continue;
    const weight = state.dnsmasqs.length === 0 ? "stops" : "advice";
    const detail = `taken on ${other.address} by ${other.program === "" ? "another program" : other.program}`;
    const fix = byHand(adviceAgainst(other, own));
    if (!checks.some((check) => check.detail === detail))
      checks.push(found("port", weight, `Port ${other.port}`, detail, fix));
  }
  return checks;
}

function checkForwarding(settings: BridgeSettings, state: BridgeState): DoctorCheck[] {
  const off: string[] = [];
  if (!state.forwardsIpv4) off.push("net.ipv4.ip_forward=1");
  const wantsIpv6 = settings.ipv6 !== undefined && state.hasIpv6;
  if (wantsIpv6 && !state.forwardsIpv6) off.push("net.ipv6.conf.all.forwarding=1");
  if (off.length === 0) return [fine("forwarding", "Passing on packets", wantsIpv6 ? "IPv4 and IPv6" : "IPv4")];
  const fix = byHand(`sysctl -w ${off.join(" ")}`);
  return [found("forwarding", "limits", "Passing on packets", "the host does not", fix)];
}

function checkFirewall(settings: BridgeSettings, state: BridgeState): DoctorCheck[] {
  const what = "Firewall";
  if (state.hasRules === undefined) return [found("firewall", "unknown", what, "only root may look", byHand(""))];
  const checks: DoctorCheck[] = [];
  if (!state.hasRules)
    checks.push(found("firewall", "limits", what, "the containers' rules are missing", byHand(RESTART)));
  for (const command of state.missingRules) {
    checks.push(found("firewall", "limits", what, "another firewall drops packets of containers", byHand(command)));
  }
  const advice = state.firewall === undefined ? [] : firewallAdvice(state.firewall, settings.bridge);
  for (const line of advice) {
    const [detail = "", command = ""] = line.split("; run: ");
    checks.push(found("firewall", "limits", what, detail, byHand(command)));
  }
  return checks.length > 0 ? checks : [fine("firewall", what, "lets containers through, behind the host's address")];
}

function checkNames(state: BridgeState): DoctorCheck[] {
  if (state.resolverLine === "" || !state.isUp) return [];
  return [
    found("names", "advice", "Names on this host", "it does not know those of containers", byHand(state.resolverLine)),
  ];
}
