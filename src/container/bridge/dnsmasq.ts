// The words that dnsmasq is started with, for addresses and names. Pure.

import { addressOf } from "../../base/ip-network.ts";
import type { BridgeSettings } from "./settings.ts";

/** As in LXC, whose script ends what is written there. */
export const DNSMASQ_PID_FILE = "/run/lxc/dnsmasq.pid";

/** As in LXC: the first of these that the host has. */
export const DNSMASQ_USERS: readonly string[] = ["lxc-dnsmasq", "dnsmasq", "nobody"];

/** Beside those of other programs, as in LXC. */
export function leaseFileOf(bridge: string): string {
  return `/var/lib/misc/dnsmasq.${bridge}.leases`;
}

/** Says whose bridge a running dnsmasq serves. */
export function interfaceWord(bridge: string): string {
  return `--interface=${bridge}`;
}

export function pidFileWord(): string {
  return `--pid-file=${DNSMASQ_PID_FILE}`;
}

/**
 * It listens on the addresses of the bridge and nowhere else, so that other servers of names can have port 53 of all other
 * addresses. `hostsFolder` has names and addresses that are for one container each.
 */
export function dnsmasqWords(settings: BridgeSettings, user: string, hostsFolder: string): string[] {
  const { bridge, domain, ipv6 } = settings;
  const words = [`--conf-file=${settings.dhcpConfigFile === "" ? "/dev/null" : settings.dhcpConfigFile}`];
  // Of names in the domain nobody else is asked.
  if (domain !== "") words.push("-s", domain, "-S", `/${domain}/`);
  if (!settings.dhcpPings) words.push("--no-ping");
  words.push("-u", user, "--strict-order", "--bind-interfaces", pidFileWord());
  words.push("--listen-address", addressOf(settings.ipv4.bytes), "--dhcp-range", settings.dhcpRange);
  words.push(`--dhcp-lease-max=${settings.dhcpMost}`, "--dhcp-no-override", "--except-interface=lo");
  words.push(interfaceWord(bridge), `--dhcp-leasefile=${leaseFileOf(bridge)}`, "--dhcp-authoritative");
  if (ipv6 !== undefined) {
    const address = addressOf(ipv6.address.bytes);
    words.push(`--dhcp-range=${address},ra-only`, "--listen-address", address);
  }
  words.push(`--dhcp-hostsdir=${hostsFolder}`);
  return words;
}
