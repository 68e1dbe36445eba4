// Which ports of the host a line of /etc/lxc/lxc-usernet lets its users publish. Pure.

import { isSameAddress } from "./port-rules.ts";
import { hostAddressIn, type PublishedPorts, type PublishedProtocol, portRangeIn } from "./publish-codecs.ts";

/** A range, of one protocol or of both. */
export interface AllowedPorts {
  /** The host's address in network order: 4 or 16 bytes; empty for whichever one is asked for. */
  readonly host: Uint8Array;
  readonly first: number;
  readonly last: number;
  readonly protocol: PublishedProtocol | "";
}

/** `8000-8999,127.0.0.1:53/udp`; undefined where a part is none. */
export function allowedPortsIn(word: string): AllowedPorts[] | undefined {
  const allowed: AllowedPorts[] = [];
  for (const part of word.split(",")) {
    const one = allowedIn(part);
    if (one === undefined) return undefined;
    allowed.push(one);
  }
  return allowed;
}

function allowedIn(part: string): AllowedPorts | undefined {
  const slash = part.lastIndexOf("/");
  const protocol = slash < 0 ? "" : part.slice(slash + 1);
  const rest = slash < 0 ? part : part.slice(0, slash);
  const colon = rest.lastIndexOf(":");
  const range = portRangeIn(rest.slice(colon + 1));
  const host = colon < 0 ? new Uint8Array(0) : hostAddressIn(rest.slice(0, colon));
  if (range === undefined || host === undefined) return undefined;
  if (slash < 0) return { host, first: range.first, last: range.last, protocol: "" };
  return protocol === "tcp" || protocol === "udp"
    ? { host, first: range.first, last: range.last, protocol }
    : undefined;
}

/** Whether all of `ports` is in one of `allowed`. */
export function arePortsAllowed(ports: PublishedPorts, allowed: readonly AllowedPorts[]): boolean {
  for (const { host, first, last, protocol } of allowed) {
    if (ports.first < first || ports.last > last || (protocol !== "" && protocol !== ports.protocol)) continue;
    if (host.length === 0 || isSameAddress(host, ports.host)) return true;
  }
  return false;
}

/** The word that allows `ports` and no more. */
export function allowingText(ports: PublishedPorts): string {
  const range = ports.first === ports.last ? String(ports.first) : `${ports.first}-${ports.last}`;
  return `${range}/${ports.protocol}`;
}
