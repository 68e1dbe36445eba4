// What the host's administrator says of the start of the system: /etc/default/lxc or /etc/sysconfig/lxc.

import { readShellLine } from "../base/shell-settings.ts";

/** Distributions have the one or the other. */
export const BOOT_SETTINGS_FILES: readonly string[] = ["/etc/default/lxc", "/etc/sysconfig/lxc"];

const DEEPEST = 4;

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
  readonly #values = new Map<string, string>();
  /** Lines that only a shell could understand. */
  readonly passedOver: string[] = [];
  readonly #read: (path: string) => string | undefined;

  /** `read` gives the text of a file, or undefined when there is none. */
  constructor(read: (path: string) => string | undefined) {
    this.#read = read;
    for (const path of BOOT_SETTINGS_FILES) this.#take(path, 0);
  }

  text(name: string): string {
    return this.#values.get(name) ?? defaults[name] ?? "";
  }

  /** The words that a shell makes of it. */
  words(name: string): string[] {
    const text = this.text(name).split("\t").join(" ");
    return text.split(" ").filter((word): boolean => word !== "");
  }

  #take(path: string, depth: number): void {
    const text = depth > DEEPEST ? undefined : this.#read(path);
    if (text === undefined) return;
    let number = 0;
    for (const line of text.split("\n")) {
      number++;
      const said = readShellLine(line, (name) => this.text(name));
      if (said === undefined) continue;
      if (said === "shell") this.passedOver.push(`${path}:${number}`);
      else if (said.name === "") this.#take(said.value, depth + 1);
      else this.#values.set(said.name, said.value);
    }
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
