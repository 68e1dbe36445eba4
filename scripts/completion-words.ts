// What can be completed: keys, and the words that values are, from the tables.

import { logLevels } from "../src/container/config/isolation-codecs.ts";
import { NO_VARIABLES } from "../src/container/config/keys.ts";
import { NetworkConfig } from "../src/container/config/network-schema.ts";
import { Config } from "../src/container/config/schema.ts";
import { states } from "../src/lifecycle/states.ts";

export interface KeyWords {
  readonly key: string;
  readonly words: readonly string[];
}

/** Every key; those of a network for network 0, and those below a prefix by the prefix. */
export function keyNames(): string[] {
  const config = new Config(NO_VARIABLES);
  const network = new NetworkConfig(0);
  return config.namedKeys().concat(network.settings.map((setting) => network.keyOf(setting)));
}

/** Keys with a choice of words. The number of a network is any. */
export function keyWords(): KeyWords[] {
  const found: KeyWords[] = [];
  for (const setting of new Config(NO_VARIABLES).settings) {
    if (setting.words().length > 0) found.push({ key: setting.key, words: setting.words() });
  }
  for (const setting of new NetworkConfig(0).settings) {
    if (setting.words().length > 0) found.push({ key: `lxc.net.*.${setting.key}`, words: setting.words() });
  }
  return found;
}

/** Which containers lxc-ls lists for the name that a tool takes, where not every one would do. */
export const nameFilters: Readonly<Record<string, string>> = {
  "lxc-attach": "--active",
  "lxc-console": "--active",
  "lxc-execute": "--stopped",
  "lxc-freeze": "--running",
  "lxc-start": "--stopped",
  "lxc-stop": "--active",
  "lxc-unfreeze": "--frozen",
};

interface ValueWords {
  /** What --help calls the value of an option. */
  readonly kind: string;
  readonly words: readonly string[];
}

export const valueWords: readonly ValueWords[] = [
  { kind: "FORMAT", words: ["table", "json", "ndjson", "csv"] },
  { kind: "LEVEL", words: logLevels.map((level) => level.toUpperCase()) },
  { kind: "STATES", words: states },
  { kind: "TEMPLATE", words: ["busybox", "none"] },
  { kind: "NETWORK", words: ["empty", "host"] },
];
