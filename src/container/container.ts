// A container: its name and where it is kept. A value, without behaviour over time.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import { exists } from "../kernel/files.ts";

export interface Container {
  readonly name: string;
  /** The folder of all containers, absolute and without a slash at its end. */
  readonly lxcpath: string;
}

/** Throws when `name` could mean anything but one folder directly below `lxcpath`. */
export function containerOf(name: string, lxcpath: string): Container {
  const problem = problemWithName(name);
  if (problem !== undefined) {
    throw new LxcError("config-invalid", `use the container name "${name}"`, problem, {
      hint: "a name is letters, digits and signs such as - and _, without / and not . or ..",
    });
  }
  return { name, lxcpath };
}

function problemWithName(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.includes("/")) return "it has a slash";
  if (name === "." || name === "..") return "it is a folder's own name";
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 32 || code === 127) return "it has a control character";
  }
  // lxc_msg, which tells of state changes, holds 256 bytes with the NUL; NAME_MAX is 255.
  return new TextEncoder().encode(name).length > 255 ? "it is longer than 255 bytes" : undefined;
}

export function directoryOf(container: Container): string {
  return joinPath(container.lxcpath, container.name);
}

export function configFileOf(container: Container): string {
  return joinPath(directoryOf(container), "config");
}

/** Whether it has a configuration file, which is what makes it a container. */
export function isDefined(container: Container): boolean {
  return exists(configFileOf(container));
}
