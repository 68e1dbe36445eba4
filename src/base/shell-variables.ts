// The variables of files that are written for a shell, such as /etc/default/lxc, read without one. Pure.

import { readShellLine } from "./shell-settings.ts";

const DEEPEST = 4;

/** A variable and where it was set. */
export interface ShellVariable {
  readonly name: string;
  readonly value: string;
  /** `FILE:LINE`. */
  readonly place: string;
}

/** What a shell would have after it read the files. */
export class ShellVariables {
  readonly #set = new Map<string, ShellVariable>();
  readonly #files: string[] = [];
  /** Lines that only a shell could understand. */
  readonly passedOver: string[] = [];
  readonly #read: (path: string) => string | undefined;
  readonly #defaults: Readonly<Record<string, string>>;

  /** `read` gives the text of a file, or undefined when there is none. */
  constructor(read: (path: string) => string | undefined, defaults: Readonly<Record<string, string>>) {
    this.#read = read;
    this.#defaults = defaults;
  }

  /** Reads a file and those that it reads, unless one of them has done so already. */
  take(path: string): void {
    if (!this.#files.includes(path)) this.#take(path, 0);
  }

  /** What the files say, or else the default, or "". */
  text(name: string): string {
    return this.#set.get(name)?.value ?? this.#defaults[name] ?? "";
  }

  /** Undefined when no file sets it. */
  find(name: string): ShellVariable | undefined {
    return this.#set.get(name);
  }

  /** Those that a file sets, in the order of their first time. */
  all(): ShellVariable[] {
    const found: ShellVariable[] = [];
    for (const variable of this.#set.values()) found.push(variable);
    return found;
  }

  #take(path: string, depth: number): void {
    const text = depth > DEEPEST ? undefined : this.#read(path);
    if (text === undefined) return;
    this.#files.push(path);
    let number = 0;
    for (const line of text.split("\n")) {
      number++;
      const said = readShellLine(line, (name) => this.text(name));
      if (said === undefined) continue;
      const place = `${path}:${number}`;
      if (said === "shell") this.passedOver.push(place);
      else if (said.name === "") this.#take(said.value, depth + 1);
      else this.#set.set(said.name, { name: said.name, value: said.value, place });
    }
  }
}
