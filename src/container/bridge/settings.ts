// What the host's administrator says of the containers' own bridge: /etc/default/lxc and /etc/default/lxc-net. Pure.

import { LxcError } from "../../base/errors.ts";
import {
  addressAt,
  addressBytes,
  addressOf,
  type IpNetwork,
  isInNetwork,
  networkAround,
  networkIn,
  networkText,
  numberOf,
  prefixIn,
  prefixOfMask,
} from "../../base/ip-network.ts";
import { ShellVariables } from "../../base/shell-variables.ts";
import { digitOf, nearest, shown, wholeNumberIn } from "../../base/text.ts";
import { isDeviceName } from "../../kernel/links.ts";
import { BOOT_SETTINGS_FILES } from "../boot-settings.ts";
import { localNetworkOf } from "./local-network.ts";

/** What the bridge is to be. */
export interface BridgeSettings {
  /** USE_LXC_BRIDGE. */
  readonly isWanted: boolean;
  readonly bridge: string;
  /** 6 bytes. */
  readonly hwaddr: Uint8Array;
  /** The bridge's own address, and its network. */
  readonly ipv4: IpNetwork;
  /** What is hidden behind the host's address: LXC_NETWORK. */
  readonly network: IpNetwork;
  /** As dnsmasq takes it: FIRST,LAST and what else was written. */
  readonly dhcpRange: string;
  readonly dhcpMost: number;
  /** "" for none. */
  readonly dhcpConfigFile: string;
  /** Whether an address is tried before it is given away. */
  readonly dhcpPings: boolean;
  /** What names of containers end in; "" for nothing. */
  readonly domain: string;
  readonly mayUseNft: boolean;
  /** Undefined without IPv6. */
  readonly ipv6: Ipv6Settings | undefined;
}

export interface Ipv6Settings {
  /** The bridge's own address. */
  readonly address: IpNetwork;
  readonly network: IpNetwork;
  /** Whether it is hidden behind the host's address. */
  readonly isNat: boolean;
}

/** The settings, and what is odd about them but stops nobody. */
export interface ReadSettings {
  readonly settings: BridgeSettings;
  readonly warnings: readonly string[];
  /** Where USE_LXC_BRIDGE is set; "" where nobody does. */
  readonly wantedAt: string;
}

/** LXC's own, but for the domain. A function, for few tools need it. */
function defaults(): Readonly<Record<string, string>> {
  return {
    USE_LXC_BRIDGE: "true",
    LXC_BRIDGE: "lxcbr0",
    LXC_BRIDGE_MAC: "10:66:6a:00:00:00",
    LXC_ADDR: "10.0.3.1",
    LXC_NETMASK: "255.255.255.0",
    LXC_NETWORK: "10.0.3.0/24",
    LXC_DHCP_RANGE: "10.0.3.2,10.0.3.254",
    LXC_DHCP_MAX: "253",
    LXC_DHCP_CONFILE: "",
    LXC_DHCP_PING: "true",
    LXC_DOMAIN: "lxc",
    LXC_USE_NFT: "true",
    LXC_IPV6_ENABLE: "true",
    LXC_IPV6_ADDR: "",
    LXC_IPV6_MASK: "",
    LXC_IPV6_NETWORK: "",
    LXC_IPV6_NAT: "",
  };
}

/** Reads and judges the settings. `machineId` draws the IPv6 network. Throws with file and line for what cannot be. */
export function readBridgeSettings(read: (path: string) => string | undefined, machineId: string): ReadSettings {
  const variables = new ShellVariables(read, defaults());
  // As LXC's script does, which finds the second where the first one names it.
  for (const path of BOOT_SETTINGS_FILES) variables.take(path);
  for (const path of BOOT_SETTINGS_FILES) variables.take(`${path}-net`);
  const settings = new SettingsReader(variables, machineId).read();
  const warnings = variables.passedOver.map((place) => `${place} is passed over: only a shell could understand it`);
  return {
    settings,
    warnings: warnings.concat(unknownNames(variables)),
    wantedAt: variables.find("USE_LXC_BRIDGE")?.place ?? "",
  };
}

function unknownNames(variables: ShellVariables): string[] {
  const known = Object.keys(defaults());
  const found: string[] = [];
  for (const { name, place } of variables.all()) {
    if (!name.startsWith("LXC_") || name === "LXC_AUTO" || known.includes(name)) continue;
    const near = nearest(name, known);
    found.push(`${place}: ${name} has no effect${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  return found;
}

const DOING = "set up the bridge";

/** One value after the other, each with the words for what is wrong with it. */
class SettingsReader {
  readonly #variables: ShellVariables;
  readonly #machineId: string;

  constructor(variables: ShellVariables, machineId: string) {
    this.#variables = variables;
    this.#machineId = machineId;
  }

  read(): BridgeSettings {
    const ipv4 = this.#ipv4();
    const network = this.#network(ipv4);
    const dhcpRange = this.#range(ipv4);
    return {
      isWanted: this.#text("USE_LXC_BRIDGE") === "true",
      bridge: this.#bridge(),
      hwaddr: this.#hwaddr(),
      ipv4,
      network,
      dhcpRange,
      dhcpMost: this.#most(dhcpRange),
      dhcpConfigFile: this.#configFile(),
      dhcpPings: this.#text("LXC_DHCP_PING") !== "false",
      domain: this.#domain(),
      mayUseNft: this.#text("LXC_USE_NFT") === "true",
      ipv6: this.#text("LXC_IPV6_ENABLE") === "true" ? this.#ipv6() : undefined,
    };
  }

  #text(name: string): string {
    return this.#variables.text(name);
  }

  #isSet(name: string): boolean {
    return this.#variables.find(name) !== undefined;
  }

  #wrong(name: string, problem: string, hint: string): LxcError {
    const place = this.#variables.find(name)?.place ?? "";
    const where = place === "" ? "" : `${place}: `;
    return new LxcError("config-invalid", DOING, `${where}${name} = ${shown(this.#text(name))} ${problem}`, { hint });
  }

  #bridge(): string {
    const name = this.#text("LXC_BRIDGE");
    if (isDeviceName(name) && isPlain(name, "_.-")) return name;
    throw this.#wrong("LXC_BRIDGE", "is no name of a bridge", "at most 15 letters, digits and _.- such as lxcbr0");
  }

  #hwaddr(): Uint8Array {
    const parts = this.#text("LXC_BRIDGE_MAC").split(":");
    const bytes = new Uint8Array(6);
    let isRight = parts.length === 6;
    for (let i = 0; i < 6 && isRight; i++) {
      const part = parts[i]!;
      const high = part.length === 2 ? digitOf(part.charCodeAt(0)) : -1;
      const low = part.length === 2 ? digitOf(part.charCodeAt(1)) : -1;
      if (high < 0 || low < 0) isRight = false;
      else bytes[i] = high * 16 + low;
    }
    if (isRight && (bytes[0]! & 1) === 0) return bytes;
    throw this.#wrong("LXC_BRIDGE_MAC", "is no hardware address of one device", "such as 10:66:6a:00:00:00");
  }

  #ipv4(): IpNetwork {
    const bytes = addressBytes(this.#text("LXC_ADDR"));
    if (bytes === undefined || bytes.length !== 4 || bytes[0]! >= 224 || bytes[0] === 0 || bytes[0] === 127) {
      throw this.#wrong("LXC_ADDR", "is no IPv4 address of a machine", "such as 10.0.3.1");
    }
    const prefix = prefixOfMask(this.#text("LXC_NETMASK"));
    if (prefix === undefined || prefix < 8 || prefix > 30) {
      throw this.#wrong("LXC_NETMASK", "is no mask of a network with room for containers", "such as 255.255.255.0");
    }
    return { bytes, prefix };
  }

  /** LXC's default only where the address is LXC's, too: who changes the one means the other. */
  #network(ipv4: IpNetwork): IpNetwork {
    if (!this.#isSet("LXC_NETWORK")) return networkAround(ipv4.bytes, ipv4.prefix);
    const network = networkIn(this.#text("LXC_NETWORK"));
    if (network === undefined || network.bytes.length !== 4) {
      throw this.#wrong("LXC_NETWORK", "is no IPv4 network", "such as 10.0.3.0/24");
    }
    if (isInNetwork(network, ipv4.bytes)) return networkAround(network.bytes, network.prefix);
    const hint = `LXC_NETWORK="${networkText(networkAround(ipv4.bytes, ipv4.prefix))}", or leave it out`;
    throw this.#wrong("LXC_NETWORK", `has no room for LXC_ADDR = ${addressOf(ipv4.bytes)}`, hint);
  }

  #range(ipv4: IpNetwork): string {
    if (!this.#isSet("LXC_DHCP_RANGE")) return rangeAround(ipv4);
    const text = this.#text("LXC_DHCP_RANGE");
    const hint = `LXC_DHCP_RANGE="${rangeAround(ipv4)}", or leave it out`;
    const [first = "", last = ""] = text.split(",");
    const low = addressBytes(first);
    const high = addressBytes(last);
    if (low === undefined || low.length !== 4 || !isPlain(text, ",.:_-")) {
      throw this.#wrong("LXC_DHCP_RANGE", "is not FIRST,LAST", hint);
    }
    // "static" and the like stand in the place of the last one.
    if (!isInNetwork(ipv4, low) || (high !== undefined && !isInNetwork(ipv4, high))) {
      throw this.#wrong("LXC_DHCP_RANGE", `is not in the network of ${networkText(ipv4)}`, hint);
    }
    if (high !== undefined && high.length === 4 && numberOf(high) < numberOf(low)) {
      throw this.#wrong("LXC_DHCP_RANGE", "ends before it begins", hint);
    }
    return text;
  }

  #most(range: string): number {
    if (!this.#isSet("LXC_DHCP_MAX")) return sizeOfRange(range) ?? 253;
    const most = wholeNumberIn(this.#text("LXC_DHCP_MAX"));
    if (most !== undefined && most > 0) return most;
    throw this.#wrong("LXC_DHCP_MAX", "is no number of addresses", "such as 253");
  }

  #configFile(): string {
    const file = this.#text("LXC_DHCP_CONFILE");
    if (file === "" || file.startsWith("/")) return file;
    throw this.#wrong("LXC_DHCP_CONFILE", "is no whole path", "such as /etc/lxc/dnsmasq.conf");
  }

  #domain(): string {
    const domain = this.#text("LXC_DOMAIN");
    const isOdd = domain.startsWith("-") || domain.startsWith(".") || domain.includes("..");
    if (domain === "" || (isPlain(domain, "-._") && !isOdd)) return domain;
    throw this.#wrong("LXC_DOMAIN", "is no domain", "letters, digits and hyphens, such as lxc");
  }

  /** Of an address alone the rest follows; of nothing at all the machine's own local network is taken. */
  #ipv6(): Ipv6Settings {
    const nat = this.#text("LXC_IPV6_NAT");
    const address = this.#text("LXC_IPV6_ADDR");
    if (address === "") {
      for (const name of ["LXC_IPV6_MASK", "LXC_IPV6_NETWORK"]) {
        if (this.#text(name) !== "")
          throw this.#wrong(name, "needs LXC_IPV6_ADDR as well", "set LXC_IPV6_ADDR, or neither");
      }
      const network = localNetworkOf(this.#machineId);
      const own = network.bytes.slice();
      own[15] = 1;
      return { address: { bytes: own, prefix: network.prefix }, network, isNat: nat !== "false" };
    }
    const bytes = addressBytes(address);
    if (bytes === undefined || bytes.length !== 16 || bytes[0] === 0xff) {
      throw this.#wrong("LXC_IPV6_ADDR", "is no IPv6 address of a machine", "such as fd00::1");
    }
    const prefix = prefixIn(this.#text("LXC_IPV6_MASK") === "" ? "64" : this.#text("LXC_IPV6_MASK"), 127);
    if (prefix === undefined) throw this.#wrong("LXC_IPV6_MASK", "is no number of bits", "such as 64");
    return { address: { bytes, prefix }, network: this.#ipv6Network(bytes, prefix), isNat: nat === "true" };
  }

  #ipv6Network(address: Uint8Array, prefix: number): IpNetwork {
    const text = this.#text("LXC_IPV6_NETWORK");
    if (text === "") return networkAround(address, prefix);
    const network = networkIn(text);
    if (network !== undefined && isInNetwork(network, address)) return networkAround(network.bytes, network.prefix);
    const hint = `LXC_IPV6_NETWORK="${networkText(networkAround(address, prefix))}", or leave it out`;
    throw this.#wrong("LXC_IPV6_NETWORK", "is no IPv6 network with LXC_IPV6_ADDR in it", hint);
  }
}

/** All but the network's first address, the bridge's own at its beginning, and the last. */
function rangeAround(ipv4: IpNetwork): string {
  const isFirst = numberOf(addressAt(ipv4, 1)) === numberOf(ipv4.bytes);
  return `${addressOf(addressAt(ipv4, isFirst ? 2 : 1))},${addressOf(addressAt(ipv4, -2))}`;
}

function sizeOfRange(range: string): number | undefined {
  const [first = "", last = ""] = range.split(",");
  const low = addressBytes(first);
  const high = addressBytes(last);
  if (low === undefined || high === undefined || high.length !== 4) return undefined;
  return numberOf(high) - numberOf(low) + 1;
}

const ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Whether it is made of letters, digits and `more` alone: it becomes a word for dnsmasq and nft. */
function isPlain(text: string, more: string): boolean {
  for (const letter of text) if (!ALPHANUMERIC.includes(letter) && !more.includes(letter)) return false;
  return text !== "";
}
