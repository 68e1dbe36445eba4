// Which hooks a configuration names, with the arguments and variables LXC gives them. Pure.

import type { Config } from "./config/schema.ts";
import type { HookCall } from "./hooks.ts";

export type HookType =
  | "pre-start"
  | "pre-mount"
  | "mount"
  | "autodev"
  | "start-host"
  | "start"
  | "stop"
  | "post-stop"
  | "clone"
  | "destroy";

/** What a hook is run for. */
export interface HookOccasion {
  readonly type: HookType;
  /** The container's name. */
  readonly name: string;
  readonly environment: readonly string[];
  /** Arguments after the three standard ones. */
  readonly args: readonly string[];
}

/** What makes a program load or run other code than its own (ld.so(8), sh(1)). */
const LOADER_NAMES: readonly string[] = [
  "BASH_ENV",
  "ENV",
  "GCONV_PATH",
  "GLIBC_TUNABLES",
  "IFS",
  "LOCPATH",
  "SHELLOPTS",
];

/**
 * Of `lxc.environment`, which is mostly meant for the container, what hooks get: nothing by which a program that runs with
 * the host's rights would load files of the container (CVE-2025-23266). `lxc.environment.hooks` says it in so many words.
 */
export function forHooks(variables: readonly string[]): string[] {
  return variables.filter((variable) => {
    const name = variable.slice(0, variable.indexOf("="));
    return !name.startsWith("LD_") && !LOADER_NAMES.includes(name);
  });
}

/** The hooks of one occasion, in the order of the configuration. */
export function hookCalls(config: Config, occasion: HookOccasion): HookCall[] {
  const old = config.hookVersion.value === 0;
  const args = old ? [occasion.name, "lxc", occasion.type].concat(occasion.args) : occasion.args;
  const environment = old
    ? occasion.environment
    : occasion.environment.concat([`LXC_HOOK_TYPE=${occasion.type}`, "LXC_HOOK_SECTION=lxc"]);
  const calls: HookCall[] = [];
  for (const command of hookCommands(config, occasion.type)) {
    calls.push({ key: `lxc.hook.${occasion.type}`, command, args, environment });
  }
  return calls;
}

/** What the configuration has run on such an occasion: most have nothing, for which nothing needs to be prepared. */
export function hookCommands(config: Config, type: HookType): readonly string[] {
  switch (type) {
    case "pre-start":
      return config.hookPreStart.values;
    case "pre-mount":
      return config.hookPreMount.values;
    case "mount":
      return config.hookMount.values;
    case "autodev":
      return config.hookAutodev.values;
    case "start-host":
      return config.hookStartHost.values;
    case "start":
      return config.hookStart.values;
    case "stop":
      return config.hookStop.values;
    case "post-stop":
      return config.hookPostStop.values;
    case "clone":
      return config.hookClone.values;
    case "destroy":
      return config.hookDestroy.values;
  }
}
