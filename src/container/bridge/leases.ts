// The addresses that dnsmasq has given away, from its file of leases. Pure.

import { blankSeparated, visible } from "../../base/text.ts";

export interface Lease {
  /** Seconds since 1970; 0 for one without an end. */
  readonly expires: number;
  readonly hwaddr: string;
  readonly address: string;
  /** "" for a client that told no name. */
  readonly name: string;
}

/** `EXPIRY MAC ADDRESS NAME CLIENT-ID`, one a line; those of DHCP of IPv6, behind a line `duid`, have no hardware address. */
export function leasesIn(text: string): Lease[] {
  const leases: Lease[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("duid ")) break;
    const [expires = "", hwaddr = "", address = "", name = ""] = blankSeparated(line);
    if (address === "") continue;
    // Names are the clients' own words.
    leases.push({ expires: Number(expires), hwaddr, address, name: name === "*" ? "" : visible(name) });
  }
  return leases;
}

export function leaseOf(leases: readonly Lease[], hwaddr: string): Lease | undefined {
  for (const lease of leases) if (lease.hwaddr === hwaddr) return lease;
  return undefined;
}

/** `aa:bb:cc:dd:ee:ff`. */
export function hwaddrText(bytes: Uint8Array): string {
  const digits = "0123456789abcdef";
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i++) parts.push(digits.charAt(bytes[i]! >> 4) + digits.charAt(bytes[i]! & 15));
  return parts.join(":");
}
