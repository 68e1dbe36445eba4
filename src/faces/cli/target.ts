// The container that a command line is about, and the failures that every tool words alike.

import { asLxcError, describe, LxcError, withHint } from "../../base/errors.ts";
import { normalPath } from "../../base/path.ts";
import { visible } from "../../base/text.ts";
import { applyDefinition, type LoadedConfig, loadConfig } from "../../container/config/load.ts";
import type { Config } from "../../container/config/schema.ts";
import { readSystemConfig, type SystemConfig } from "../../container/config/system-config.ts";
import { type Container, configFileOf, containerOf, isDefined } from "../../container/container.ts";
import type { CgroupNames } from "../../isolation/cgroup/names.ts";
import { ENOENT } from "../../kernel/abi/errno.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { usualCgroupNames } from "../../lifecycle/leftovers.ts";
import { absolute } from "./caller.ts";
import {
  type Arguments,
  COULD_NOT_PARSE,
  lxcpath,
  type Option,
  Refusal,
  rcFile,
  refusalIn,
  refusedBecause,
  shareOptions,
} from "./command.ts";

/** The configuration of the container, or the file of --rcfile in its place. */
export function configFrom(args: Arguments, container: Container, rcFileOption: Option = rcFile): LoadedConfig {
  if (!args.has(rcFileOption)) return loadConfig(configFileOf(container), ownEnvironment());
  const path = absolute(args.text(rcFileOption, ""));
  try {
    return loadConfig(`${path}`, ownEnvironment());
  } catch (caught) {
    const error = asLxcError(caught as Error);
    const cause = error.errno === ENOENT ? withHint(error, "give -f a file that is there, or leave it out") : error;
    throw refusedBecause("Failed to load rcfile", `use ${path}`, cause);
  }
}

/** Refuses a `-s` without a sign of equality, as in LXC before anything else is looked at. */
export function checkDefinitions(definitions: readonly string[]): void {
  for (const definition of definitions) {
    if (definition.includes("=")) continue;
    const doing = `set "${visible(definition)}"`;
    const error = new LxcError("config-invalid", doing, "it is not KEY=VALUE with a key that begins with lxc.", {
      hint: "write -s lxc.uts.name=NAME",
    });
    throw refusedBecause(COULD_NOT_PARSE, "read the command line", error);
  }
}

/** Sets each `KEY=VALUE` of -s that `checkDefinitions` let pass. Throws in LXC's words. */
export function applyDefinitions(config: Config, definitions: readonly string[]): void {
  for (const definition of definitions) {
    try {
      applyDefinition(config, definition);
    } catch (caught) {
      const error = asLxcError(caught as Error);
      const equals = definition.indexOf("=");
      const key = definition.slice(0, equals).trim();
      const value = definition.slice(equals + 1).trim();
      throw refusedBecause(
        `Failed to set "${visible(key)} = ${visible(value)}"`,
        `use -s ${visible(definition)}`,
        error,
      );
    }
  }
}

/** What the words of an option mean. Throws in LXC's words when they mean nothing. */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (caught) {
    throw refusedBecause(COULD_NOT_PARSE, "read the command line", asLxcError(caught as Error));
  }
}

/** Fails, as in LXC, when --rcfile names what cannot be read: for a tool that needs nothing else of a configuration. */
export function checkRcFile(args: Arguments, container: Container): void {
  if (args.has(rcFile)) configFrom(args, container);
}

/** Which cgroups a dead monitor may have left; one whose configuration cannot be read has the usual ones. */
export function cgroupsFrom(args: Arguments, container: Container): CgroupNames {
  let dir = "";
  try {
    if (args.has(rcFile) || isDefined(container)) dir = configFrom(args, container).config.cgroupDir.value ?? "";
  } catch (caught) {
    args.log.warn("cli", describe(asLxcError(caught as Error)).join("; "));
  }
  return usualCgroupNames(container, dir, settings().item("lxc.cgroup.pattern") ?? "");
}

/** The container of -n and -P. Throws on a name that is none. */
export function containerFrom(args: Arguments): Container {
  return containerOf(args.name, lxcpathFrom(args));
}

/** The folder of all containers, absolute, so that the command socket has one name whatever the current folder is. */
export function lxcpathFrom(args: Arguments): string {
  const given = args.all(lxcpath);
  if (given.length > 1) {
    const reason = "it was given twice";
    throw new Refusal(
      "This command only accepts 1 -P,--lxcpath arguments",
      new LxcError("config-invalid", "use --lxcpath", reason, { hint: "give one container path" }),
    );
  }
  return absoluteLxcpath(given[0] ?? settings().lxcpath);
}

/** The container paths of every -P, each once, for the one tool that takes more than one. */
export function lxcpathsFrom(args: Arguments): string[] {
  const given = args.all(lxcpath);
  if (given.length === 0) return [lxcpathFrom(args)];
  const paths: string[] = [];
  for (const path of given.map((each) => absoluteLxcpath(each))) if (!paths.includes(path)) paths.push(path);
  return paths;
}

function absoluteLxcpath(path: string): string {
  return normalPath(path.startsWith("/") ? path : `${process.cwd()}/${path}`);
}

/** What `action` returns; a monitor of another user refuses in LXC's words. */
export function controlling<T>(container: Container, action: () => T): T {
  try {
    return action();
  } catch (caught) {
    // Thrown again as what it was caught as: natively it is no Error otherwise.
    if (refusalIn(caught as Error) !== undefined) throw caught as Error;
    const error = asLxcError(caught as Error);
    if (error.code !== "not-permitted") throw error;
    throw refusedBecause(`Insufficent privileges to control ${container.name}`, `control ${container.name}`, error);
  }
}

/** For a container that there is not. */
export function missing(container: Container, doing: string, message: string): Refusal {
  const error = new LxcError("not-found", doing, `${container.name} has no configuration in ${container.lxcpath}`, {
    hint: `see which there are: lxc-ls -P ${container.lxcpath}`,
  });
  return new Refusal(message, error);
}

/** Sets `lxc.namespace.share.X` for each --share-X. */
export function applyShares(args: Arguments, config: Config): void {
  for (const option of shareOptions) {
    if (!args.has(option)) continue;
    const name = option.long.slice("share-".length);
    applyDefinition(config, `lxc.namespace.share.${name}=${args.text(option, "")}`);
  }
}

/** What a new container's configuration begins with when nothing else is said. */
export function defaultConfigFile(): string {
  return settings().defaultConfig;
}

function settings(): SystemConfig {
  return readSystemConfig(effectiveUser(), ownEnvironment());
}
