// The options of the built-in template `busybox`. Pure.

import { LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";

export interface BusyboxOptions {
  /** "" to look for it. */
  readonly busyboxPath: string;
  /** Who gets the configuration file; -1 for nobody. */
  readonly mappedUid: number;
  readonly mappedGid: number;
}

/** Long options that take a value, as `--x=v` or `--x v`. */
const NAMES: readonly string[] = ["--busybox-path", "--mapped-uid", "--mapped-gid"];

/** Those lxc-create gives by itself: another value would make a container that is not the one asked for. */
const OURS: readonly string[] = ["-n", "-p", "--name", "--path", "--rootfs"];

/** Throws when there is an option it does not know, or help is asked for, which makes no container. */
export function busyboxOptionsFrom(args: readonly string[]): BusyboxOptions {
  const values: Record<string, string> = {};
  let at = 0;
  while (at < args.length) {
    const arg = args[at] ?? "";
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    checkName(name);
    if (equals < 0) at++;
    const value = equals < 0 ? args[at] : arg.slice(equals + 1);
    if (value === undefined) throw wrongOption(`${name} needs a value`);
    values[name] = value;
    at++;
  }
  return {
    busyboxPath: values["--busybox-path"] ?? "",
    mappedUid: idIn(values, "--mapped-uid"),
    mappedGid: idIn(values, "--mapped-gid"),
  };
}

function checkName(name: string): void {
  if (name === "-h" || name === "--help") throw wrongOption("help makes no container");
  if (OURS.includes(name)) throw wrongOption(`${name} is given by lxc-create`);
  if (!NAMES.includes(name)) throw wrongOption(`it has no option ${name}`);
}

function idIn(values: Readonly<Record<string, string>>, name: string): number {
  const text = values[name] ?? "-1";
  const id = wholeNumberIn(text);
  if (id === undefined || id < -1 || id > 0xfffffffe) throw wrongOption(`${name} ${text} is not a user or group id`);
  return id;
}

function wrongOption(reason: string): LxcError {
  return new LxcError("config-invalid", "use the template busybox", reason, {
    hint: "its options are listed by lxc-create -t busybox -h",
  });
}
