// What is measured: for each operation the commands of each engine, the part of LXC's number to reach, and why where we do not.

import { join } from "node:path";
import { type Engine, nameOf, type Place } from "./place.ts";

export interface Measure {
  readonly name: string;
  readonly rounds: number;
  /** The part of LXC's median to reach. */
  readonly target: number;
  /** Whether the containers are running meanwhile. */
  readonly running: boolean;
  /** Whether the first command leaves a process behind that the second one ends. */
  readonly daemon: boolean;
  /** The commands of `engine`, or none when it has no such thing. */
  readonly commands: (place: Place, engine: Engine) => string[][];
  /** Said in the results when the target is missed. */
  readonly whyMissed: string;
}

export const MEASURES: readonly Measure[] = [
  {
    name: "lxc-create -t busybox, lxc-destroy",
    rounds: 12,
    target: 0.1,
    running: false,
    daemon: false,
    commands: createAndDestroy,
    whyMissed: "see the system calls below",
  },
  {
    name: "lxc-start, lxc-stop -k",
    rounds: 40,
    target: 0.6,
    running: false,
    daemon: true,
    commands: startAndStop,
    whyMissed:
      "it makes a fraction of LXC's system calls, so our own user time and the kernel's part of making namespaces and cgroups are left",
  },
  {
    name: "lxc-start, lxc-stop -k, with a veth",
    rounds: 40,
    target: 0.6,
    running: false,
    daemon: true,
    commands: startWithVeth,
    whyMissed: "most of it is the kernel's: making a pair of devices and taking it away",
  },
  {
    name: "lxc-start -F until udhcpc has an address",
    rounds: 40,
    target: 1,
    running: false,
    daemon: false,
    commands: startUntilAddress,
    whyMissed: "see the system calls below",
  },
  {
    name: "lxc-execute of true",
    rounds: 60,
    target: 0.5,
    running: false,
    daemon: false,
    commands: execute,
    whyMissed:
      "it makes a fraction of LXC's system calls, so our own user time and the kernel's part of making namespaces and cgroups are left",
  },
  {
    name: "lxc-attach -- true",
    rounds: 100,
    target: 0.5,
    running: true,
    daemon: false,
    commands: attach,
    whyMissed: "it goes on from a protected copy of itself (CVE-2019-5736), which LXC 5 does not do",
  },
  {
    name: "lxc-info -sH",
    rounds: 150,
    target: 0.5,
    running: true,
    daemon: false,
    commands: info,
    whyMissed: "see the system calls below",
  },
  {
    name: "lxc-ls",
    rounds: 150,
    target: 0.5,
    running: true,
    daemon: false,
    commands: list,
    whyMissed: "see the system calls below",
  },
  {
    name: "lxc-ls, 1,000 stopped containers",
    rounds: 15,
    target: 0.3,
    running: false,
    daemon: false,
    commands: (place, engine) => listCrowd(place, engine),
    whyMissed: "see the system calls below",
  },
  {
    name: "lxc-ls -f, 1,000 stopped containers",
    rounds: 15,
    target: 0.3,
    running: false,
    daemon: false,
    commands: (place, engine) => listCrowd(place, engine, "-f"),
    whyMissed: "half of it is user time: the text of each file is decoded and split into lines",
  },
];

function listCrowd(place: Place, engine: Engine, ...words: string[]): string[][] {
  if (engine !== "ours" && engine !== "lxc") return [];
  return [place.toolOn(place.crowd, engine, "lxc-ls", ...words)];
}

function createAndDestroy(place: Place, engine: Engine): string[][] {
  if (engine !== "ours" && engine !== "lxc") return [];
  const name = `${nameOf(engine)}-new`;
  const create = place.tool(engine, "lxc-create", "-n", name, "-t", "busybox", "-f", "/dev/null");
  return [create, place.tool(engine, "lxc-destroy", "-n", name)];
}

function startAndStop(place: Place, engine: Engine): string[][] {
  const name = nameOf(engine);
  if (engine === "crun") {
    const bundle = join(place.folder, "bundle-init");
    return [place.crun("run", "--detach", "--bundle", bundle, name), place.crun("delete", "--force", name)];
  }
  if (engine !== "ours" && engine !== "lxc") return [];
  return [place.tool(engine, "lxc-start", "-n", name), place.tool(engine, "lxc-stop", "-k", "-n", name)];
}

function startWithVeth(place: Place, engine: Engine): string[][] {
  if (engine !== "ours" && engine !== "lxc") return [];
  const name = `${nameOf(engine)}-veth`;
  return [place.tool(engine, "lxc-start", "-n", name), place.tool(engine, "lxc-stop", "-k", "-n", name)];
}

function startUntilAddress(place: Place, engine: Engine): string[][] {
  if (engine !== "ours" && engine !== "lxc") return [];
  return [place.tool(engine, "lxc-start", "-F", "-n", `${nameOf(engine)}-dhcp`)];
}

function execute(place: Place, engine: Engine): string[][] {
  const name = nameOf(engine);
  switch (engine) {
    case "crun":
      return [place.crun("run", "--bundle", join(place.folder, "bundle-true"), name)];
    case "bwrap":
      return [bubblewrap(place, "/bin/true")];
    case "floor":
      return [[place.floor, place.rootfs, "/bin/true"]];
    default:
      return [place.tool(engine, "lxc-execute", "-n", name, "--", "/bin/true")];
  }
}

function bubblewrap(place: Place, program: string): string[] {
  const namespaces = ["pid", "uts", "ipc", "net", "cgroup"].map((type) => `--unshare-${type}`);
  const mounts = ["--bind", place.rootfs, "/", "--proc", "/proc", "--dev", "/dev", "--ro-bind", "/sys", "/sys"];
  return ["/usr/bin/bwrap", ...namespaces, ...mounts, program];
}

function attach(place: Place, engine: Engine): string[][] {
  if (engine === "crun") return [place.crun("exec", nameOf(engine), "/bin/true")];
  if (engine !== "ours" && engine !== "lxc") return [];
  return [place.tool(engine, "lxc-attach", "-n", nameOf(engine), "--", "/bin/true")];
}

function info(place: Place, engine: Engine): string[][] {
  if (engine === "crun") return [place.crun("state", nameOf(engine))];
  if (engine !== "ours" && engine !== "lxc") return [];
  return [place.tool(engine, "lxc-info", "-sH", "-n", nameOf(engine))];
}

function list(place: Place, engine: Engine): string[][] {
  if (engine === "crun") return [place.crun("list", "-q")];
  if (engine !== "ours" && engine !== "lxc") return [];
  return [place.tool(engine, "lxc-ls")];
}
