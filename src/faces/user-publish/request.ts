// What lxc-user-publish is asked for, out of its words. Pure.

import { wholeNumberIn } from "../../base/text.ts";
import { LONGEST_SHIFTED_RANGE, portsOverlap } from "../../container/config/port-rules.ts";
import { type PublishedPorts, publishedPorts } from "../../container/config/publish-codecs.ts";
import type { Container } from "../../container/container.ts";
import { isDeviceName } from "../../kernel/links.ts";

export interface PublishRequest {
  /** As the caller calls it: nothing is looked for by it. */
  readonly container: Container;
  /** The i of lxc.net.[i]. */
  readonly index: number;
  readonly bridge: string;
  /** The host's end of the caller's device on that bridge. */
  readonly device: string;
  /** No two for one packet. */
  readonly ports: readonly PublishedPorts[];
}

export const USAGE = "Usage: lxc-user-publish LXCPATH NAME INDEX BRIDGE DEVICE PORTS...\n";

const FIXED_WORDS = 5;
const MOST_RANGES = 64;
const LARGEST_INDEX = 65535;
const LONGEST_PATH = 4096;
const LONGEST_NAME = 255;

/** Undefined for words that are none. */
export function requestIn(words: readonly string[]): PublishRequest | undefined {
  const [lxcpath = "", name = "", number = "", bridge = "", device = ""] = words;
  const index = isDigits(number) ? wholeNumberIn(number) : undefined;
  const ports = portsIn(words.slice(FIXED_WORDS));
  if (index === undefined || index > LARGEST_INDEX || ports === undefined) return undefined;
  if (!lxcpath.startsWith("/") || lxcpath.length > LONGEST_PATH || name === "" || name.length > LONGEST_NAME) {
    return undefined;
  }
  if (!isDeviceName(bridge) || bridge.startsWith("-") || !isDeviceName(device)) return undefined;
  return { container: { lxcpath, name }, index, bridge, device, ports };
}

function isDigits(word: string): boolean {
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return word !== "";
}

/** Those that a configuration may have, but that all of them together are as many rules as one may be. */
function portsIn(words: readonly string[]): PublishedPorts[] | undefined {
  if (words.length === 0 || words.length > MOST_RANGES) return undefined;
  const all: PublishedPorts[] = [];
  let shifted = 0;
  for (const word of words) {
    const values: PublishedPorts[] = [];
    publishedPorts.add(values, word);
    for (const ports of values) {
      if (ports.first !== ports.target) shifted += ports.last - ports.first + 1;
      if (all.some((other): boolean => portsOverlap(other, ports))) return undefined;
      all.push(ports);
    }
  }
  return all.length === words.length && shifted <= LONGEST_SHIFTED_RANGE ? all : undefined;
}
