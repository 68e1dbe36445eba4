// This process's environment, as it was given. In the compiled program `process.env` costs more than all else that a short tool does.

import { rawEnvironment } from "./shim.ts";

/** Variables, as one text: most tools ask for one or two of them, or for none. */
export class Environment {
  /** Each NAME=VALUE, with a NUL in front, and one at the end. */
  readonly #text: string;

  constructor(lines: string) {
    this.#text = `\0${lines}`;
  }

  /** Of two with one name the first counts, as for getenv(3). */
  get(name: string): string | undefined {
    if (name === "" || name.includes("=")) return undefined;
    const found = this.#text.indexOf(`\0${name}=`);
    if (found < 0) return undefined;
    const value = found + name.length + 2;
    return this.#text.slice(value, this.#text.indexOf("\0", value));
  }

  /** All, each NAME=VALUE, as exec takes them. */
  lines(): string[] {
    return this.#text === "\0" ? [] : this.#text.slice(1, -1).split("\0");
  }
}

let own: Environment | undefined;

/** That of this process; looked at once. */
export function ownEnvironment(): Environment {
  own ??= readOwn();
  return own;
}

function readOwn(): Environment {
  const bytes = new Uint8Array(rawEnvironment(new Uint8Array(0)));
  rawEnvironment(bytes);
  return new Environment(new TextDecoder().decode(bytes));
}

/** Gives the memory of it back, in a process that stays and has no more use for it. */
export function forgetOwnEnvironment(): void {
  own = undefined;
}
