// Netlink messages, addresses and the planning of networks, as text.

import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../../src/base/ip.ts";
import { NO_VARIABLES } from "../../../src/container/config/keys.ts";
import { Config } from "../../../src/container/config/schema.ts";
import { insideRequests } from "../../../src/container/network/configure.ts";
import type { NetworkFacts } from "../../../src/container/network/facts.ts";
import { planNetworks } from "../../../src/container/network/plan.ts";
import { requestsFrom } from "../../../src/container/network/requests.ts";
import { linkIn, vethRequest } from "../../../src/kernel/links.ts";
import type { NetlinkRequest } from "../../../src/kernel/netlink.ts";
import { Attributes, repliesIn, verdictIn } from "../../../src/kernel/netlink-messages.ts";

const DIGITS = "0123456789abcdef";
const SETTINGS: readonly string[] = [
  "0.type=veth",
  "0.link=br0",
  "0.flags=up",
  "0.name=web%d",
  "0.hwaddr=10:66:6a:0a:0b:0c",
  "0.ipv4.address=10.0.3.5/24 10.0.3.255",
  "0.ipv4.gateway=10.0.4.1",
  "0.ipv6.address=fd00::5/64",
  "0.ipv6.gateway=auto",
  "1.type=empty",
  "2.type=veth",
  "2.veth.pair=vhost",
  "2.mtu=9000",
];

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  return text;
}

function bytesOf(request: NetlinkRequest): Uint8Array {
  const bytes = new Uint8Array(request.message.length);
  request.message.writeTo(bytes, 7, 4);
  return bytes;
}

/** Addresses through text and back; then one line for each message of a planned network. */
export function network(): string[] {
  const lines: string[] = [];
  for (const text of ["10.0.3.1", "1.2.3", "256.1.1.1", "01.2.3.4", ""]) {
    lines.push(`${text} = ${ipv4Text(ipv4Bytes(text) ?? new Uint8Array(0))}`);
  }
  for (const text of ["::", "FD00:0:0:1::0005", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::", "1::2::3", "1.2.3.4::"]) {
    lines.push(`${text} = ${ipv6Text(ipv6Bytes(text) ?? new Uint8Array(0))}`);
  }
  return lines.concat(planned(), damaged());
}

function planned(): string[] {
  const config = new Config(NO_VARIABLES);
  for (const text of SETTINGS) {
    const equals = text.indexOf("=");
    config.find(`lxc.net.${text.slice(0, equals)}`, true)?.set(text.slice(equals + 1));
  }
  const random = new Uint8Array(22);
  for (let i = 0; i < random.length; i++) random[i] = i * 11;
  const none = new Uint8Array(0);
  const altNames: readonly string[] = [];
  const rest = { altNames, data: none, rxBytes: 0, txBytes: 0 };
  const br0 = { index: 7, name: "br0", kind: "bridge", up: true, mtu: 1400, hwaddr: none, master: 0, peer: 0 };
  const facts: NetworkFacts = {
    links: [{ ...br0, ...rest }],
    addresses: [{ device: 7, bytes: ipv6Bytes("fd00::1") ?? none, prefix: 64, scope: 0 }],
    switches: [],
    ownBridge: "",
    random,
  };
  const plan = planNetworks(
    requestsFrom(config.networks, () => "settings:1"),
    facts,
  );
  const lines: string[] = [];
  for (const one of plan.networks) {
    lines.push(
      `${one.index} ${one.type} ${one.name} ${one.hostName} ${hex(one.veth?.hwaddr ?? none)} ${one.mtu} ${one.up}`,
    );
  }
  for (const request of insideRequests(plan, [5, 1, 6])) lines.push(`${request.doing}: ${hex(bytesOf(request))}`);
  return lines;
}

/** What is made of a message that is cut off anywhere. */
function damaged(): string[] {
  const hwaddr = new Uint8Array([254, 1, 2, 3, 4, 5]);
  const ends = { name: "vhost", peerName: "eth0", hwaddr, peerHwaddr: hwaddr };
  const whole = bytesOf(vethRequest({ ...ends, mtu: 1500, master: 3, peerPid: 42, rxQueues: 0, txQueues: 0 }));
  const lines = [hex(whole)];
  for (let length = 0; length <= whole.length; length += 4) {
    const cut = whole.slice(0, length);
    const replies = repliesIn(cut);
    const attributes = new Attributes(cut, 32);
    const names = replies.map((reply) => linkIn(reply)?.name ?? "?");
    const verdicts = replies.map((reply) => verdictIn(reply).errno);
    lines.push(`${length}: ${names.join()} ${verdicts.join()} ${attributes.text(3)} ${attributes.u32(4, -1)}`);
  }
  return lines;
}
