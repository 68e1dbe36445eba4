// Ways to break a container or a command, and what must be said of each: broken by the shell, run by a tool of ours.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ErrorCode } from "../../../src/base/errors.ts";
import { BIN, type Outcome, outcomeOf, type Place } from "../host.ts";
import type { OrdinaryUser } from "../ordinary-user.ts";

/** The shell and the configuration know $NAME, $LXCPATH, $C (the container's folder), $ROOTFS, and $DIR, a folder of the way's own. */
export interface Way {
  /** As the table in docs/errors.md names it; the rest of what is said is there. */
  readonly way: string;
  /** Further lines of the container's configuration. */
  readonly lines?: string;
  /** What breaks it, before the tool runs. */
  readonly broken?: string;
  /** The same, in mount and network namespaces of its own, which the tool then runs in. */
  readonly apart?: string;
  /** The tool and its words, to which -P is added. `lxc-start -n $NAME` when not given. */
  readonly run?: string;
  /** The container runs before. */
  readonly isRunning?: true;
  /** There is no container. */
  readonly isBare?: true;
  /** Takes back what removing the container's folder does not. */
  readonly mended?: string;
  /** The exit code; 1 when not given. */
  readonly exit?: number;
  /** The word for programs; "warning" where the tool goes on. */
  readonly code: ErrorCode | "warning";
  /** The kernel's number, 0 when not given. */
  readonly errno?: number;
  /** As JSON, where nothing is printed above it, the hint is another one. */
  readonly hasOtherHint?: true;
  /** The key, path or word that must be named. */
  readonly guilty: string;
}

/** Where a way is tried. */
export interface Trial {
  /** Runs the way's tool with one more option. */
  run(way: Way, option: string): Outcome;
  /** Names of this run become those of the documentation. */
  plain(text: string): string;
}

/** The container c1 of an ordinary user, in whose home `saved` is its configuration. */
export class HomeOf implements Trial {
  readonly #user: OrdinaryUser;

  constructor(user: OrdinaryUser) {
    this.#user = user;
  }

  run(way: Way, option: string): Outcome {
    const [tool = "", ...words] = (way.run ?? "lxc-start -n c1").split(" ");
    const config = ".local/share/lxc/c1/config";
    return this.#user.run(`cp saved ${config}; ${way.broken ?? "true"}; exec ${tool} ${option} ${words.join(" ")}`);
  }

  plain(text: string): string {
    return text.replaceAll(this.#user.lxcpath, "PATH").replaceAll(this.#user.home, "HOME");
  }
}

/** A place of root's to break one thing in. */
export class Site implements Trial {
  readonly name: string;
  readonly #place: Place;
  readonly #variables: Readonly<Record<string, string>>;

  constructor(place: Place, name: string) {
    this.#place = place;
    this.name = name;
    const folder = join(place.folder, name);
    mkdirSync(folder);
    const c = join(place.lxcpath, name);
    this.#variables = { NAME: name, LXCPATH: place.lxcpath, C: c, ROOTFS: join(c, "rootfs"), DIR: folder };
  }

  break(way: Way): void {
    if (way.isBare === undefined) this.#place.create(this.name, this.#meant(way.lines ?? ""));
    if (way.isRunning === true) this.must('lxc-start -P "$LXCPATH" -n "$NAME"');
    if (way.broken !== undefined) this.must(way.broken);
  }

  mend(way: Way): void {
    if (way.mended !== undefined) this.must(way.mended);
    if (way.isRunning === true) this.must('lxc-stop -P "$LXCPATH" -n "$NAME" -k');
  }

  run(way: Way, option: string): Outcome {
    const [tool = "", ...words] = (way.run ?? "lxc-start -n $NAME").split(" ");
    const path = words.includes("-P") || tool === "lxc-update-config" ? "" : '-P "$LXCPATH"';
    const line = `exec ${tool} ${path} ${option} ${words.join(" ")}`;
    if (way.apart === undefined) return this.#shell(line);
    return this.#shell(`exec unshare -mn --propagation private sh -ec '${way.apart}\n${line}'`);
  }

  must(script: string): void {
    const ran = this.#shell(script);
    if (ran.code !== 0) throw new Error(`${script}: ${ran.err}`);
  }

  #shell(script: string): Outcome {
    const env = { ...process.env, ...this.#variables, PATH: `${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: "C" };
    const ran = spawnSync("sh", ["-ec", script], {
      env,
      encoding: "utf8",
      timeout: 20_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return outcomeOf(ran);
  }

  #meant(text: string): string {
    let meant = text;
    for (const [name, value] of Object.entries(this.#variables)) meant = meant.replaceAll(`$${name}`, value);
    return meant;
  }

  plain(text: string): string {
    return text
      .replaceAll(this.#variables["DIR"] ?? "", "/tmp/x")
      .replaceAll(this.#place.lxcpath, "PATH")
      .replaceAll(/\/sys\/fs\/cgroup\/\S*lxc\.payload\.lxcts-\w+/g, "CGROUP")
      .replaceAll(this.name, "c1")
      .replaceAll(/\bveth\w{6}\b/g, "vethXXXXXX")
      .replaceAll(/and \d+ more/g, "and N more")
      .replaceAll(/process \d+/g, "process PID")
      .replaceAll(/-(CONT|KILL) \d+/g, "-$1 PID");
  }
}
