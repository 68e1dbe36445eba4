// Where a run of the bench happens: a temporary folder with one root file system, the programs, and what each engine needs to know of it.

import { execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { networkConfig } from "./network.ts";

export const ROOT = join(import.meta.dirname, "..");
/** A configuration as many have it, which includes common.conf. */
export const SIXTY_LINES = join(ROOT, "bench/sixty-lines.conf");

/** The engines measured, in the order of the columns. */
export const ENGINES = ["ours", "lxc", "crun", "bwrap", "floor"] as const;
export type Engine = (typeof ENGINES)[number];

/** The Debian package each peer is in, and its program. */
export const PEERS = [
  { engine: "lxc", package: "lxc", program: "/usr/bin/lxc-start" },
  { engine: "crun", package: "crun", program: "/usr/bin/crun" },
  { engine: "bwrap", package: "bubblewrap", program: "/usr/bin/bwrap" },
] as const;

/** Containers and cgroups of this run begin with this, so that what stays behind can be told. */
export const NAME = `lxcts-bench-${process.pid}`;

const FOLDERS = ["bin", "sbin", "dev", "proc", "sys", "etc", "tmp", "root", "run"];
const APPLETS = ["sh", "true", "sleep", "init", "udhcpc"];
/** Nothing to do: what a container costs is measured, not what runs in it. */
const INITTAB = "::sysinit:/bin/true\n";

/** The namespaces and mounts that every engine makes; the floor makes no /dev and no /sys. */
const LXC_CONFIG = ["lxc.mount.auto = proc:mixed sys:ro", "lxc.autodev = 1"];
const NO_NETWORK = ["lxc.net.0.type = empty"];
/** A first process that asks for an address, and ends when it has one. */
const ASKS = ["lxc.init.cmd = /bin/udhcpc -i eth0 -n -q -f -s /bin/true"];
const MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=500k"] },
  { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666", "mode=0620"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
];

/** One folder, removed with everything in it by `remove`. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "lxcts-bench-"));
  readonly rootfs = join(this.folder, "rootfs");
  readonly runner = join(this.folder, "runner");
  readonly floor = join(this.folder, "floor");
  readonly crowd = join(this.folder, "crowd");
  /** A mount namespace without the v2 tree of a hybrid host, where crun is willing to run; "" when none is needed. */
  readonly crunNamespace: string;
  readonly #holder: number;

  constructor() {
    this.#fillRootfs();
    for (const program of ["runner", "floor"]) compile(program, join(this.folder, program));
    for (const engine of ["ours", "lxc"] as const) {
      this.#configure(engine, nameOf(engine), NO_NETWORK);
      this.#configure(engine, `${nameOf(engine)}-veth`, networkConfig(""));
      this.#configure(engine, `${nameOf(engine)}-dhcp`, [...networkConfig(""), ...ASKS]);
    }
    this.#gather();
    this.#bundle("true", ["/bin/true"]);
    this.#bundle("init", ["/sbin/init"]);
    const hybrid = existsSync("/sys/fs/cgroup/unified");
    const holder = hybrid ? holdNamespace() : undefined;
    this.#holder = holder ?? 0;
    this.crunNamespace = holder === undefined ? "" : `/proc/${holder}/ns/mnt`;
  }

  /** The container path of ours or LXC's. */
  path(engine: Engine): string {
    return join(this.folder, engine);
  }

  /** A tool of ours or LXC's, and its first words. */
  tool(engine: Engine, tool: string, ...args: string[]): string[] {
    return this.toolOn(this.path(engine), engine, tool, ...args);
  }

  /** The same with another container path. */
  toolOn(path: string, engine: Engine, tool: string, ...args: string[]): string[] {
    const bin = engine === "ours" ? join(ROOT, "dist/bin") : "/usr/bin";
    return [join(bin, tool), "-P", path, ...args];
  }

  /** A container path with a thousand containers that never run. */
  #gather(): void {
    for (let i = 1; i <= 1000; i++) {
      mkdirSync(join(this.crowd, `c${i}`), { recursive: true });
      copyFileSync(SIXTY_LINES, join(this.crowd, `c${i}`, "config"));
    }
  }

  /** What a container of a herd is configured by; `network` is none without more words. */
  herdConfig(name: string, network: readonly string[] = NO_NETWORK): string {
    const own = [`lxc.uts.name = ${name}`, `lxc.rootfs.path = dir:${this.rootfs}`];
    return [...own, ...network, ...LXC_CONFIG, ""].join("\n");
  }

  /** crun, with its state in our folder. */
  crun(...args: string[]): string[] {
    return ["/usr/bin/crun", "--root", join(this.folder, "crun"), "--cgroup-manager", "cgroupfs", ...args];
  }

  remove(): void {
    if (this.#holder !== 0) process.kill(this.#holder, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  #fillRootfs(): void {
    for (const folder of FOLDERS) mkdirSync(join(this.rootfs, folder), { recursive: true });
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    copyFileSync(busybox, join(this.rootfs, "bin/busybox"));
    for (const applet of APPLETS) {
      symlinkSync("/bin/busybox", join(this.rootfs, applet === "init" ? "sbin" : "bin", applet));
    }
    writeFileSync(join(this.rootfs, "etc/inittab"), INITTAB);
    writeFileSync(join(this.rootfs, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    writeFileSync(join(this.rootfs, "etc/group"), "root:x:0:\n");
  }

  #configure(engine: Engine, name: string, lines: readonly string[]): void {
    const folder = join(this.path(engine), name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config"), this.herdConfig(name, lines));
  }

  #bundle(name: string, args: readonly string[]): void {
    const folder = join(this.folder, `bundle-${name}`);
    const namespaces = ["pid", "mount", "uts", "ipc", "network", "cgroup"].map((type) => ({ type }));
    mkdirSync(folder);
    const config = {
      ociVersion: "1.0.0",
      process: { user: { uid: 0, gid: 0 }, args, env: ["PATH=/bin:/sbin"], cwd: "/" },
      root: { path: this.rootfs },
      mounts: MOUNTS,
      linux: { namespaces, cgroupsPath: `/${nameOf("crun")}` },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  }
}

/** The name of the container of `engine`. */
export function nameOf(engine: Engine): string {
  return `${NAME}-${engine}`;
}

/** The monitor of the container of `engine`, which runs. */
export function monitorOf(place: Place, engine: Engine): string {
  const [program = "", ...args] = place.tool(engine, "lxc-info", "-pH", "-n", nameOf(engine));
  const init = execFileSync(program, args, { encoding: "utf8" }).trim();
  return /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${init}/status`, "utf8"))?.[1] ?? "";
}

/** Which peers can be measured, and for each of the others why not. */
export function findPeers(): { present: Engine[]; absent: string[] } {
  const there = PEERS.filter((peer) => existsSync(peer.program));
  const missing = PEERS.filter((peer) => !existsSync(peer.program));
  return {
    present: ENGINES.filter(
      (engine) => engine === "ours" || engine === "floor" || there.some((p) => p.engine === engine),
    ),
    absent: missing.map((p) => `${p.engine} is left out: ${p.program} is missing (Debian package ${p.package})`),
  };
}

function compile(name: string, output: string): void {
  const machine = execFileSync("uname", ["-m"], { encoding: "utf8" }).trim();
  const headers = ["-idirafter", "/usr/include", "-idirafter", `/usr/include/${machine}-linux-gnu`];
  execFileSync("musl-gcc", ["-O2", "-static", "-s", ...headers, "-o", output, join(ROOT, "bench", `${name}.c`)]);
}

/** A process that keeps a mount namespace without /sys/fs/cgroup/unified; its pid. */
function holdNamespace(): number {
  const script = "umount /sys/fs/cgroup/unified && exec sleep infinity";
  const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], { stdio: "ignore" });
  child.unref();
  const pid = child.pid ?? 0;
  for (let tries = 0; tries < 200; tries++) {
    if (readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n") return pid;
    execFileSync("sleep", ["0.02"]);
  }
  throw new Error("cannot make a mount namespace without /sys/fs/cgroup/unified");
}
