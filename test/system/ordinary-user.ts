// An ordinary user for tests: known only in a mount namespace of the test's own, with a home that others may not enter.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BIN, eventually, type Outcome, outcomeOf } from "./host.ts";

export interface UserWish {
  readonly name: string;
  readonly uid: number;
  /** What the user may map: a line for /etc/subuid and for /etc/subgid without the name; "" for none. */
  readonly range: string;
}

export class OrdinaryUser {
  readonly wish: UserWish;
  readonly home: string;
  readonly lxcpath: string;
  readonly #folder: string;
  readonly #keeper: ChildProcess;
  readonly #cgroups: string[] = [];

  constructor(wish: UserWish) {
    this.wish = wish;
    this.#folder = mkdtempSync(join(tmpdir(), `${wish.name}-`));
    chmodSync(this.#folder, 0o755);
    const etc = join(this.#folder, "etc");
    cpSync("/etc", etc, { recursive: true, verbatimSymlinks: true });
    this.home = join(this.#folder, "home");
    this.lxcpath = join(this.home, ".local/share/lxc");
    mkdirSync(join(this.home, "bin"), { recursive: true });
    const { name, uid, range } = wish;
    appendFileSync(join(etc, "passwd"), `${name}:x:${uid}:${uid}::${this.home}:/bin/sh\n`);
    appendFileSync(join(etc, "group"), `${name}:x:${uid}:\n`);
    for (const file of ["subuid", "subgid"]) if (range !== "") appendFileSync(join(etc, file), `${name}:${range}\n`);
    this.#install();
    for (const path of [this.home, join(this.home, "bin")]) chownSync(path, uid, uid);
    chmodSync(this.home, 0o700);
    // Keeps the mount namespace.
    const script = `mount --bind '${etc}' /etc && exec sleep 3600`;
    this.#keeper = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], { stdio: "ignore" });
  }

  /** Our tools, where the user can come to them. */
  #install(): void {
    const program = join(this.home, "bin/lxc");
    copyFileSync(join(BIN, "../lxc"), program);
    chmodSync(program, 0o755);
    for (const tool of readdirSync(BIN)) if (tool !== "lxc") symlinkSync("lxc", join(this.home, "bin", basename(tool)));
  }

  /** Waits until the user is known in there. */
  async ready(): Promise<void> {
    const isThere = () => readFileSync(`/proc/${this.#keeper.pid}/cmdline`, "utf8").startsWith("sleep");
    if (!(await eventually(isThere))) throw new Error("the user's mount namespace could not be made");
  }

  /** Runs a shell command as the user, in its home. */
  run(command: string, ...variables: string[]): Outcome {
    return outcomeOf(this.#enter(["sh", "-c", `cd && ${command}`], variables));
  }

  /** As `run`, in cgroups that were given to the user (`delegate`). */
  runDelegated(command: string): Outcome {
    const enter = this.#cgroups.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join("; ");
    return outcomeOf(this.#enter(["sh", "-c", `cd && ${command}`], [], `${enter}; `));
  }

  #enter(words: readonly string[], variables: readonly string[], before = "") {
    const { uid } = this.wish;
    const drop = [
      "setpriv",
      `--reuid=${uid}`,
      `--regid=${uid}`,
      "--clear-groups",
      "--inh-caps=-all",
      "--",
      "env",
      "-i",
    ];
    const environment = [
      `HOME=${this.home}`,
      `USER=${this.wish.name}`,
      `PATH=${this.home}/bin:/usr/bin:/bin`,
      ...variables,
    ];
    const inner = [...drop, ...environment, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    return spawnSync("nsenter", ["-t", String(this.#keeper.pid), "-m", "sh", "-c", `${before}exec ${inner}`], {
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "pipe"],
      cwd: "/",
    });
  }

  /** Makes cgroups that are the user's own in every hierarchy of version 1 and in version 2, as a login manager does. */
  delegate(): void {
    const root = "/sys/fs/cgroup";
    for (const hierarchy of readdirSync(root)) {
      const folder = join(root, hierarchy, this.wish.name);
      mkdirSync(folder, { recursive: true });
      this.#cgroups.push(folder);
      if (hierarchy === "cpuset")
        for (const file of ["cpuset.cpus", "cpuset.mems"])
          writeFileSync(join(folder, file), readFileSync(join(root, hierarchy, file)));
      const files = ["", "cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control"];
      for (const file of files)
        if (file === "" || readdirSync(folder).includes(file))
          chownSync(join(folder, file), this.wish.uid, this.wish.uid);
    }
  }

  /** The pids of the user's processes and of its containers'. */
  processes(): string[] {
    const [first = "0", count = "0"] = this.wish.range.split(":");
    const end = Number(first) + Number(count);
    return readdirSync("/proc").filter((pid) => {
      const uid = /^\d+$/.test(pid) ? userOf(pid) : -1;
      return uid === this.wish.uid || (uid >= Number(first) && uid < end);
    });
  }

  remove(): void {
    for (const pid of this.processes()) spawnSync("kill", ["-KILL", pid]);
    this.#keeper.kill("SIGKILL");
    for (const folder of this.#cgroups)
      spawnSync("find", [folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** -1 for one that has ended meanwhile. */
function userOf(pid: string): number {
  try {
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? -1);
  } catch {
    return -1;
  }
}
