// Users, bridges and lxc-user-nic in mount and network namespaces of a test's own: nothing of it is seen by the host.

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
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

export interface NicUser {
  readonly name: string;
  readonly uid: number;
  /** The first of 65536 ids to map; 0 for none. */
  readonly ids: number;
}

/** What the namespaces begin with. Another sysfs would hide the cgroups, and the host's shows the host's devices. */
const SETTLE = [
  "mount --bind $ETC /etc",
  "mount -t tmpfs -o mode=755 run /run",
  "mkdir $FOLDER/cgroup && mount --rbind /sys/fs/cgroup $FOLDER/cgroup",
  "mount -t sysfs sysfs /sys && mount --rbind $FOLDER/cgroup /sys/fs/cgroup && umount -l $FOLDER/cgroup",
  "mount -t overlay -o lowerdir=$FOLDER/fake:/usr/bin overlay /usr/bin",
  "ip link set lo up",
  "ip link add br0 type bridge && ip address add 10.97.0.1/24 dev br0 && ip link set br0 mtu 1400 up",
  "ip link add br1 type bridge && ip link set br1 up",
  // To Open vSwitch belongs what is no bridge of Linux.
  "ip link add ovs0 type veth peer name ovs1",
  "exec sleep 3600",
];

const SERVER = `require("net").createServer((one) => one.end(process.argv[1])).listen(80, () => console.log("ready"))`;

export class NicPlace {
  readonly folder: string;
  /** lxc-user-nic and lxc-user-publish: ours, setuid root. */
  readonly helper: string;
  readonly publisher: string;
  readonly #users: readonly NicUser[];
  readonly #keeper: ChildProcess;
  readonly #started: ChildProcess[] = [];

  constructor(topic: string, users: readonly NicUser[]) {
    this.folder = mkdtempSync(join(tmpdir(), `lxcts-${topic}-`));
    this.#users = users;
    chmodSync(this.folder, 0o755);
    const etc = join(this.folder, "etc");
    cpSync("/etc", etc, { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(etc, "lxc"), { recursive: true });
    for (const user of users) this.#know(etc, user);
    this.helper = join(this.folder, "libexec/lxc/lxc-user-nic");
    this.publisher = join(this.folder, "libexec/lxc/lxc-user-publish");
    this.#install();
    const environment = { ...process.env, ETC: etc, FOLDER: this.folder };
    const words = ["--mount", "--net", "--propagation", "private", "sh", "-ec", SETTLE.join("; ")];
    this.#keeper = spawn("unshare", words, { stdio: ["ignore", "ignore", "inherit"], env: environment });
  }

  #know(etc: string, { name, uid, ids }: NicUser): void {
    const home = this.homeOf(name);
    appendFileSync(join(etc, "passwd"), `${name}:x:${uid}:${uid}::${home}:/bin/sh\n`);
    appendFileSync(join(etc, "group"), `${name}:x:${uid}:\n`);
    if (ids > 0) for (const file of ["subuid", "subgid"]) appendFileSync(join(etc, file), `${name}:${ids}:65536\n`);
    mkdirSync(home);
    chownSync(home, uid, uid);
  }

  /** As below a prefix, so that our tools find the helper beside them. */
  #install(): void {
    mkdirSync(join(this.folder, "bin"));
    mkdirSync(join(this.folder, "fake"));
    mkdirSync(join(this.folder, "libexec/lxc"), { recursive: true });
    copyFileSync(join(BIN, "../lxc"), join(this.folder, "bin/lxc"));
    for (const tool of readdirSync(BIN))
      if (tool !== "lxc") symlinkSync("lxc", join(this.folder, "bin", basename(tool)));
    for (const helper of [this.helper, this.publisher]) {
      copyFileSync(join(BIN, "../libexec", basename(helper)), helper);
      chmodSync(helper, 0o4755);
    }
    // Open vSwitch's program as far as we use it: it writes down what it is told, and with which environment.
    const fake = join(this.folder, "fake/ovs-vsctl");
    writeFileSync(fake, `#!/bin/sh\necho "$*" >> ${this.folder}/ovs.log\n/usr/bin/env >> ${this.folder}/ovs.env\n`);
    chmodSync(fake, 0o755);
  }

  homeOf(name: string): string {
    return join(this.folder, `home-${name}`);
  }

  /** /etc/lxc/lxc-usernet in there. */
  allow(...lines: string[]): void {
    writeFileSync(join(this.folder, "etc/lxc/lxc-usernet"), lines.map((line) => `${line}\n`).join(""));
  }

  addToGroup(group: string, gid: number, ...members: string[]): void {
    appendFileSync(join(this.folder, "etc/group"), `${group}:x:${gid}:${members.join(",")}\n`);
  }

  async ready(): Promise<void> {
    const isThere = () => readFileSync(`/proc/${this.#keeper.pid}/cmdline`, "utf8").startsWith("sleep");
    if (!(await eventually(isThere))) throw new Error("the namespaces of the test could not be made");
  }

  /** A shell command as root in there. */
  root(command: string): Outcome {
    return this.#run(["env", `PATH=${this.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, "sh", "-c", command]);
  }

  /** A shell command as a user in there, where $NIC and $PUBLISH are the helpers; root does `first` in the same process. */
  as(name: string, command: string, first = ":"): Outcome {
    const become = [...this.#become(name), "sh", "-c", `cd; ${command}`];
    return this.#run(["sh", "-c", `${first}; exec "$@"`, "sh", ...become]);
  }

  #become(name: string): string[] {
    const uid = this.#users.find((user) => user.name === name)?.uid ?? -1;
    return [
      ...["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", "--", "env", "-i"],
      ...[`HOME=${this.homeOf(name)}`, `USER=${name}`, `NIC=${this.helper}`, `PUBLISH=${this.publisher}`],
      `PATH=${this.folder}/bin:/usr/bin:/bin`,
    ];
  }

  #enter(): string[] {
    return ["-t", String(this.#keeper.pid), "-m", "-n"];
  }

  #run(words: readonly string[]): Outcome {
    const options = { encoding: "utf8" as const, timeout: 60_000, stdio: "pipe" as const, cwd: "/" };
    return outcomeOf(spawnSync("nsenter", [...this.#enter(), ...words], options));
  }

  /** A process of the user in namespaces of its own: user and network, or what `flags` of unshare(1) say. Its pid. */
  async namespaceOf(name: string, flags = "-Urn"): Promise<number> {
    const words = [...this.#become(name), "unshare", flags, "sleep", "3600"];
    const child = spawn("nsenter", [...this.#enter(), ...words], { stdio: "ignore", cwd: "/" });
    this.#started.push(child);
    const isThere = () => readFileSync(`/proc/${child.pid}/cmdline`, "utf8").startsWith("sleep\0");
    if (!(await eventually(isThere))) throw new Error("no namespace of the user");
    return child.pid ?? 0;
  }

  /** A program of the user in there that goes on, with pipes. */
  start(name: string, ...words: string[]): ChildProcessWithoutNullStreams {
    const child = spawn("nsenter", [...this.#enter(), ...this.#become(name), ...words], { stdio: "pipe", cwd: "/" });
    this.#started.push(child);
    return child;
  }

  /** Says `word` to each who comes to port 80 in the network of process `pid`, whose user namespace is the user's. */
  async serve(name: string, pid: number, word: string): Promise<void> {
    this.root(`nsenter -t ${pid} -n sh -c 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start'`);
    const words = ["nsenter", "-t", String(pid), "-U", "-n", "--preserve-credentials", process.execPath, "-e", SERVER];
    const server = this.start(name, ...words, word);
    const [said] = await Promise.race([once(server.stdout, "data"), once(server.stderr, "data")]);
    if (String(said) !== "ready\n") throw new Error(String(said));
  }

  /** What a server says to the host, or "". */
  ask(address: string, port: number): string {
    return this.root(`timeout 3 bash -c 'exec 3<> /dev/tcp/${address}/${port} && cat <&3' 2> /dev/null`).out;
  }

  end(pid: number): void {
    for (const child of this.#started) if (child.pid === pid) child.kill("SIGKILL");
  }

  /** The lines of the database. */
  nics(): string[] {
    return this.root("cat /run/lxc/nics")
      .out.split("\n")
      .filter((line) => line !== "");
  }

  /** The devices in there that lxc-user-nic has made. */
  devices(): string[] {
    const lines = this.root("ip -o link show type veth").out.split("\n");
    return lines.map((line) => line.split(": ")[1]?.split("@")[0] ?? "").filter((device) => device.startsWith("veth"));
  }

  processes(): string[] {
    return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && this.#isOfUsers(userOf(pid)));
  }

  #isOfUsers(uid: number): boolean {
    return this.#users.some((user) => uid === user.uid || (user.ids > 0 && uid >= user.ids && uid < user.ids + 65536));
  }

  remove(): void {
    for (const child of this.#started) child.kill("SIGKILL");
    for (const pid of this.processes()) spawnSync("kill", ["-KILL", pid]);
    this.#keeper.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
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
