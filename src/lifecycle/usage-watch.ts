// What the containers that run use, looked at again and again. Runs in lxc-top.

import { asLxcError } from "../base/errors.ts";
import { containerOf } from "../container/container.ts";
import { type CgroupLayout, readLayout } from "../isolation/cgroup/layout.ts";
import { type Amounts, type MeterRow, meterRows, type Wish } from "../isolation/cgroup/meter-files.ts";
import { Meter, MeterRoom } from "../isolation/cgroup/meters.ts";
import { raiseDescriptorLimit } from "../kernel/credentials.ts";
import { effectiveUser } from "../kernel/process.ts";
import { limitsAsker } from "./cgroup-items.ts";
import { activeContainers } from "./list.ts";

/** For what else we need, and what others have left open for us. */
const DESCRIPTORS_KEPT_FREE = 64;

/** One container. */
export interface Usage {
  readonly name: string;
  readonly amounts: Amounts;
}

/** The containers of one container path. */
export class UsageWatch {
  readonly #lxcpath: string;
  readonly #warn: (text: string) => void;
  readonly #layout: CgroupLayout;
  readonly #rows: readonly MeterRow[];
  readonly #room: MeterRoom;
  readonly #meters = new Map<string, Meter>();
  readonly #warned: string[] = [];

  /** With `stays` the files stay open from one look to the next. `warn` gets a sentence for whoever does not answer. */
  constructor(lxcpath: string, wish: Wish, stays: boolean, warn: (text: string) => void) {
    this.#lxcpath = lxcpath;
    this.#warn = warn;
    this.#layout = readLayout(effectiveUser() !== 0);
    this.#rows = meterRows(this.#layout, wish);
    this.#room = new MeterRoom(stays ? Math.max(0, raiseDescriptorLimit() - DESCRIPTORS_KEPT_FREE) : 0);
  }

  /** What each uses now, by name. One that has begun is asked where it is, once. */
  look(): Usage[] {
    const { names } = activeContainers(this.#lxcpath);
    for (const name of [...this.#meters.keys()]) if (!names.includes(name)) this.#forget(name);
    const found: Usage[] = [];
    for (const name of names) {
      const meter = this.#meters.get(name) ?? this.#tryMeter(name);
      if (meter === undefined) continue;
      const amounts = meter.read();
      // Its cgroup has gone, and may come again under another name.
      if (amounts.cpuNanoseconds < 0 && amounts.memoryBytes < 0) this.#forget(name);
      found.push({ name, amounts });
    }
    return found;
  }

  #tryMeter(name: string): Meter | undefined {
    try {
      const ask = limitsAsker(containerOf(name, this.#lxcpath));
      const meter = new Meter(this.#layout, this.#rows, ask, this.#room);
      this.#meters.set(name, meter);
      return meter;
    } catch (caught) {
      if (!this.#warned.includes(name)) this.#warn(asLxcError(caught as Error).message);
      this.#warned.push(name);
      return undefined;
    }
  }

  #forget(name: string): void {
    this.#meters.get(name)?.close();
    this.#meters.delete(name);
  }

  close(): void {
    for (const name of [...this.#meters.keys()]) this.#forget(name);
  }
}
