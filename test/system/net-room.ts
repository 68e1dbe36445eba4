// A host's network for a test: namespaces of its own for network and mounts, with /run, /etc/default and leases that are empty at first.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN, eventually, type Outcome, outcomeOf } from "./host.ts";

/** The tools of the host, ours and those of the test's own. */
const PATH = `${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`;

const ALONE = `set -e
mount --make-rprivate /
mount --rbind /sys/fs/cgroup "$FOLDER/cgroup"
for at in /run /etc/default /var/lib/misc; do mount -t tmpfs tmpfs $at; done
mount -t sysfs sysfs /sys
mount --rbind "$FOLDER/cgroup" /sys/fs/cgroup
ip link set lo up
echo ready
exec sleep infinity`;

/** The namespaces live as long as a process of ours that sleeps in them. */
export class NetRoom {
  readonly folder: string;
  readonly #holder: ChildProcess;
  readonly #network: string;

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.folder = folder;
    this.#network = readlinkSync(`/proc/${holder.pid}/ns/net`);
  }

  static async make(topic: string): Promise<NetRoom> {
    const folder = mkdtempSync(join(tmpdir(), `lxcts-${topic}-`));
    mkdirSync(join(folder, "cgroup"));
    const environment = { ...process.env, FOLDER: folder };
    const holder = spawn("unshare", ["-mn", "sh", "-c", ALONE], {
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    holder.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    if (!(await eventually(() => said.includes("ready"), 10_000))) throw new Error("no namespaces");
    return new NetRoom(holder, folder);
  }

  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** Runs a program in the room. */
  run(...words: string[]): Outcome {
    return outcomeOf(
      spawnSync("nsenter", ["-t", String(this.pid), "-m", "-n", ...words], {
        encoding: "utf8",
        timeout: 60_000,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, PATH },
      }),
    );
  }

  /** Runs a shell's script, and throws when it fails. */
  shell(script: string): string {
    const ran = this.run("sh", "-ec", script);
    if (ran.code !== 0) throw new Error(`${script}: ${ran.code} ${ran.out} ${ran.err}`);
    return ran.out;
  }

  /** Writes /etc/default/lxc-net. */
  settings(...lines: string[]): void {
    const file = join(this.folder, "lxc-net");
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    this.shell(`cp ${file} /etc/default/lxc-net`);
  }

  net(...words: string[]): Outcome {
    return this.run(join(BIN, "lxc-net"), ...words);
  }

  /** All that the kernel and the folder of what runs tell, but for numbers that only count on. */
  state(): string {
    return this.shell(`ip -j -d link | jq -c '[.[] | {ifname, linkinfo: .linkinfo.info_kind, flags}]'
      ip -j address | jq -c '[.[] | {ifname, addr: [.addr_info[] | .local]}]'; ip -j route; ip -j -6 route | jq -c '[.[] | select(.dst != "fe80::/64")]'
      nft -j list ruleset | jq -c '[.nftables[] | select(has("metainfo") | not) | del(.. | .handle?, .packets?, .bytes?)]'
      iptables-legacy-save 2>&1 | grep '^[-:]' | sed 's/ \\[.*//' || :
      find /run/lxc -printf '%y %p\\n' 2> /dev/null | sort`);
  }

  /** Processes in this network whose program has that name. */
  programs(name: string): number[] {
    return this.#pids().filter((pid) => nameOf(pid) === name);
  }

  #pids(): number[] {
    return readdirSync("/proc")
      .filter((each) => /^\d+$/.test(each))
      .map(Number)
      .filter((pid) => linkOf(`/proc/${pid}/ns/net`) === this.#network);
  }

  /** Ends all that runs in the room, with which the namespaces go. */
  close(): void {
    for (const pid of this.#pids()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
