// What the containers that run use, looked at again and again. Runs in lxc-top.

import { asLxcError } from "../base/errors.ts";
import { type Container, containerOf } from "../container/container.ts";
import { readLayout } from "../isolation/cgroup/layout.ts";
import type { Amounts, Wish } from "../isolation/cgroup/meter-files.ts";
import { Meter, MeterRoom } from "../isolation/cgroup/meters.ts";
import { raiseDescriptorLimit } from "../kernel/credentials.ts";
import { effectiveUser } from "../kernel/process.ts";
import { limitsAsker } from "./cgroup-items.ts";
import { AnswerQueue, type Question, type Said } from "./command-batch.ts";
import { activeContainers } from "./list.ts";

/** For what else we need, and what others have left open for us. */
const DESCRIPTORS_KEPT_FREE = 64;
/** Where the limits of a container are, in any hierarchy. */
const LIMIT_CGROUP: readonly Question[] = [{ name: "get_limit_cgroup", of: "" }];

/** One container. */
export interface Usage {
  readonly name: string;
  readonly amounts: Amounts;
}

/** The containers of one container path. */
export class UsageWatch {
  readonly #lxcpath: string;
  readonly #warn: (text: string) => void;
  readonly #room: MeterRoom;
  readonly #meters = new Map<string, Meter>();
  readonly #warned: string[] = [];

  /** With `stays` the files stay open from one look to the next. `warn` gets a sentence for whoever does not answer. */
  constructor(lxcpath: string, wish: Wish, stays: boolean, warn: (text: string) => void) {
    this.#lxcpath = lxcpath;
    this.#warn = warn;
    const descriptors = stays ? Math.max(0, raiseDescriptorLimit() - DESCRIPTORS_KEPT_FREE) : 0;
    this.#room = new MeterRoom(readLayout(effectiveUser() !== 0), wish, descriptors);
  }

  /**
   * What each uses now, by name. Of one that has begun the cgroup is known by its mark, or its monitor is asked, once; the files of others are read
   * meanwhile.
   */
  look(): Usage[] {
    const { names, inodes } = activeContainers(this.#lxcpath);
    for (const name of [...this.#meters.keys()]) if (!names.includes(name)) this.#forget(name);
    const added: Container[] = [];
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (this.#meters.has(name)) continue;
      const container = containerOf(name, this.#lxcpath);
      const path = this.#room.markedPath(name, inodes.get(name) ?? "");
      if (path === undefined) added.push(container);
      else this.#tryBegin(container, path);
    }
    const asked = new AnswerQueue(added, LIMIT_CGROUP);
    let begun = 0;
    const found: Usage[] = [];
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (begun < added.length && added[begun]!.name === name) {
        this.#tryBegin(added[begun]!, pathIn(asked.next()));
        begun++;
      }
      const meter = this.#meters.get(name);
      if (meter === undefined) continue;
      const amounts = meter.read();
      // Its cgroup has gone, and may come again under another name.
      if (amounts.cpuNanoseconds < 0 && amounts.memoryBytes < 0) this.#forget(name);
      found.push({ name, amounts });
    }
    return found;
  }

  #tryBegin(container: Container, path: string | undefined): void {
    const { name } = container;
    try {
      this.#meters.set(name, new Meter(this.#room, limitsAsker(container), path));
    } catch (caught) {
      if (!this.#warned.includes(name)) this.#warn(asLxcError(caught as Error).message);
      this.#warned.push(name);
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

/** Where the monitor says its container is; undefined when it does not. */
function pathIn(answers: readonly Said[] | undefined): string | undefined {
  // `answers?.[0]` throws in the compiled program when there are none.
  if (answers === undefined) return undefined;
  const said = answers[0]!;
  return said.result < 0 || said.text === "" ? undefined : said.text;
}
