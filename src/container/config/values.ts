// Values by key as text, as lxc-info -c and the command socket's GET_CONFIG_ITEM print them. Pure.

import { networkIndexOf } from "./network-schema.ts";
import type { Config } from "./schema.ts";
import type { Setting } from "./settings.ts";

/**
 * The value of a key as LXC's getter writes it: list items end their line, a single value has no newline, an unset one
 * is empty. Undefined for a key that is not there, or has no value of its own.
 */
export function getItem(config: Config, key: string): string | undefined {
  if (key === "lxc.net") return networkTypes(config);
  const setting = config.find(key, false);
  if (setting !== undefined) return setting.isDirective() ? undefined : itemText(setting);
  for (const group of config.groups) {
    if (group.prefix === `${key}.` && key !== "lxc.hook") return groupText(config, group.prefix, group.ways.rests());
  }
  return undefined;
}

/** The setting's lines, joined as LXC joins them. */
export function itemText(setting: Setting): string {
  const lines = setting.lines();
  if (!setting.isList() || setting.between() !== "") return lines.join(setting.between());
  let text = "";
  for (const line of lines) text += `${line}\n`;
  return text;
}

/** `lxc.net` alone lists the kinds. */
function networkTypes(config: Config): string {
  let text = "";
  for (const network of config.networks.items) text += `${network.type.value}\n`;
  return text;
}

/** A prefix alone lists `KEY = VALUE` for each. */
function groupText(config: Config, prefix: string, rests: readonly string[]): string {
  let text = "";
  for (const rest of rests) {
    for (const line of config.find(prefix + rest, false)?.lines() ?? []) text += `${prefix}${rest} = ${line}\n`;
  }
  return text;
}

/**
 * What follows `prefix` and its dot in the keys that begin so, as LXC's get_keys lists them; every key for "". Of a network only
 * those that are for its type. Undefined when no key begins so.
 */
export function subKeys(config: Config, prefix: string): string[] | undefined {
  if (prefix === "") return config.allKeys();
  const network = config.networks.at(networkIndexOf(`${prefix}`));
  if (network !== undefined) {
    const own = network.allKeys().filter((key) => network.fits(key));
    return prefix === network.prefix() ? own : below(own, prefix.slice(network.prefix().length + 1));
  }
  return below(config.namedKeys(), prefix);
}

function below(keys: readonly string[], prefix: string): string[] | undefined {
  const found: string[] = [];
  for (const key of keys)
    if (key.startsWith(`${prefix}.`) && key !== `${prefix}.`) found.push(key.slice(prefix.length + 1));
  return found.length > 0 ? found : undefined;
}
