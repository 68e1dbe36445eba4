// A container as lxc-ls lists it, one of this host or one inside of another.

import type { LxcError } from "../../base/errors.ts";
import type { NestedRow } from "../../lifecycle/nested-rows.ts";
import type { State } from "../../lifecycle/states.ts";

export abstract class Listed {
  /** With those of the containers around it, as in LXC's plain list and for programs. */
  abstract name(): string;
  /** In a table: behind a sign for its level, as in LXC. */
  abstract label(): string;
  /** How many containers it is inside of. */
  abstract level(): number;
  abstract state(): State;
  abstract groups(): string[];
  /** Bytes of memory; undefined when it does not run. */
  abstract ram(): number | undefined;
  abstract swap(): number | undefined;
  abstract isAutostart(): boolean;
  abstract isUnprivileged(): boolean;
  /** Undefined when it does not run. */
  abstract firstPid(): number | undefined;
  abstract ips(version6: boolean): string[];
  abstract interfaces(): string[];
  /** Of the host, that lead to it. */
  abstract ports(): string[];
  /** Why its configuration could not be read, if that was tried. */
  abstract problem(): LxcError | undefined;
}

/** One inside of another; the host does not count its memory by the names it has there. */
export class NestedListed extends Listed {
  readonly #row: NestedRow;

  constructor(row: NestedRow) {
    super();
    this.#row = row;
  }

  override name(): string {
    return this.#row.path;
  }

  override label(): string {
    const path = this.#row.path;
    return `${" ".repeat(this.#row.level - 1)}\\${path.slice(path.lastIndexOf("/") + 1)}`;
  }

  override level(): number {
    return this.#row.level;
  }

  override state(): State {
    return this.#row.state;
  }

  override groups(): string[] {
    return this.#row.groups.slice();
  }

  override ram(): number | undefined {
    return undefined;
  }

  override swap(): number | undefined {
    return undefined;
  }

  override isAutostart(): boolean {
    return this.#row.autostart;
  }

  override isUnprivileged(): boolean {
    return this.#row.unprivileged;
  }

  override firstPid(): number | undefined {
    const pid = this.#row.pid;
    return pid > 0 ? pid : undefined;
  }

  override ips(version6: boolean): string[] {
    return this.#row.addresses.filter((address): boolean => address.includes(":") === version6);
  }

  override interfaces(): string[] {
    return this.#row.interfaces.slice();
  }

  /** The host's ports lead to none inside of another. */
  override ports(): string[] {
    return [];
  }

  override problem(): LxcError | undefined {
    return undefined;
  }
}
