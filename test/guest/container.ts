// Containers of busybox in a guest, for one test each: made by our tools, and nothing of them may be left.

import { deepEqual } from "node:assert/strict";
import type { Answer, Guest } from "./guest.ts";

const END = "-- end --";

export class Container {
  readonly guest: Guest;
  readonly name: string;

  /** Its folder, as long as it runs. */
  get cgroup(): string {
    return `/sys/fs/cgroup/lxc.payload.${this.name}`;
  }

  constructor(guest: Guest, name: string) {
    this.guest = guest;
    this.name = name;
  }

  /** Runs a tool on this container and returns what it printed; throws when it fails or complains. */
  tool(tool: string, ...words: readonly string[]): Promise<string> {
    return this.guest.said(line([tool, "-n", this.name, ...words]));
  }

  /** Runs a script of the container's shell inside of it. */
  inside(script: string): Promise<Answer> {
    return this.guest.exec(line(["lxc-attach", "-n", this.name, "--", "sh", "-c", script]));
  }

  /** The files of its cgroup, without the last newlines, in this order. */
  async files(...names: readonly string[]): Promise<string[]> {
    const script = names.map((name) => `cat ${this.cgroup}/${name}; echo "${END}"`);
    const said = await this.guest.said(script.join("\n"));
    return `${said}\n`
      .split(`${END}\n`)
      .slice(0, -1)
      .map((text) => text.replace(/\n$/, ""));
  }

  /** The number after a word in one of those files; NaN when there is none. */
  async count(file: string, word: string): Promise<number> {
    const [text = ""] = await this.files(file);
    return Number(new RegExp(`^${word} (\\d+)$`, "m").exec(text)?.[1] ?? "NaN");
  }
}

/** Adds lines to the configuration of a new container. */
export async function create(guest: Guest, name: string, lines: readonly string[]): Promise<Container> {
  const container = new Container(guest, name);
  await guest.said(`lxc-create -n ${name} -t busybox -f /dev/null
cat >> /var/lib/lxc/${name}/config << 'END'
${lines.join("\n")}
END`);
  return container;
}

/** A container that runs while `use` does; then the guest must be as it was before. */
export async function withContainer(
  guest: Guest,
  name: string,
  lines: readonly string[],
  use: (container: Container) => Promise<void>,
): Promise<void> {
  const before = await guest.traces();
  const container = await create(guest, name, lines);
  try {
    await container.tool("lxc-start");
    await use(container);
  } finally {
    await guest.exec(`lxc-stop -n ${name} -k; lxc-destroy -n ${name}`);
  }
  deepEqual(await guest.tracesOnce(before), before);
}

/** A line of shell that has these words. */
export function line(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
