// What the host's administrator says of the start of the system: /etc/default/lxc or /etc/sysconfig/lxc.

import { ShellVariables } from "../base/shell-variables.ts";

/** Distributions have the one or the other. */
export const BOOT_SETTINGS_FILES: readonly string[] = ["/etc/default/lxc", "/etc/sysconfig/lxc"];

/** What LXC has when the files say nothing. */
const defaults: Readonly<Record<string, string>> = {
  LXC_AUTO: "true",
  BOOTGROUPS: "onboot,",
  SHUTDOWNDELAY: "5",
  OPTIONS: "",
  STOPOPTS: "-a -A -s",
  USE_LXC_BRIDGE: "false",
};

/** The variables of those files. */
export class BootSettings {
  readonly #variables: ShellVariables;

  /** `read` gives the text of a file, or undefined when there is none. */
  constructor(read: (path: string) => string | undefined) {
    this.#variables = new ShellVariables(read, defaults);
    for (const path of BOOT_SETTINGS_FILES) this.#variables.take(path);
  }

  /** Lines that only a shell could understand. */
  get passedOver(): readonly string[] {
    return this.#variables.passedOver;
  }

  text(name: string): string {
    return this.#variables.text(name);
  }

  /** The words that a shell makes of it. */
  words(name: string): string[] {
    const text = this.text(name).split("\t").join(" ");
    return text.split(" ").filter((word): boolean => word !== "");
  }
}

/** The words with which lxc-autostart starts what belongs to the start of the system. */
export function wordsToStart(settings: BootSettings): string[] {
  const groups = settings.text("BOOTGROUPS") === "" ? [] : ["-g"].concat(settings.words("BOOTGROUPS"));
  return settings.words("OPTIONS").concat(groups);
}

/** The words with which it ends them. */
export function wordsToStop(settings: BootSettings): string[] {
  const delay = settings.text("SHUTDOWNDELAY") === "" ? [] : ["-t"].concat(settings.words("SHUTDOWNDELAY"));
  return settings.words("STOPOPTS").concat(delay);
}

/** The bridges that new containers are connected to, from the text of the default configuration. */
export function bridgesIn(config: string): string[] {
  const found: string[] = [];
  for (const line of config.split("\n")) {
    const equals = line.indexOf("=");
    if (equals >= 0 && line.slice(0, equals).trim() === "lxc.net.0.link") found.push(line.slice(equals + 1).trim());
  }
  return found;
}
