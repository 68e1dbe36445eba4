import { equal, match, throws } from "node:assert/strict";
import { test } from "node:test";
import { golden } from "../../test/fake/golden.ts";
import { Exited, type FakeKernel, fakeKernel } from "../../test/fake/kernel.ts";
import { ConfigDocument } from "../container/config/document.ts";
import { NO_VARIABLES } from "../container/config/keys.ts";
import { configFrom } from "../container/config/load.ts";
import { Sources } from "../container/config/sources.ts";
import { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import { iovec, msghdr } from "../kernel/abi/socket.ts";
import { runChild } from "./child.ts";
import { planStart, type StartPlan } from "./plan.ts";

const BUSYBOX = `lxc.rootfs.path = dir:/c/c1/rootfs
lxc.uts.name = c1
lxc.tty.max = 1
lxc.pty.max = 1
lxc.cap.drop = sys_module sys_time
lxc.mount.auto = proc:mixed sys:ro
lxc.mount.entry = shm dev/shm tmpfs defaults,create=dir 0 0
lxc.mount.entry = /usr/lib usr/lib none ro,bind 0 0
lxc.environment = A=b
lxc.sysctl.net.ipv4.ip_forward = 1
`;

function planFor(text: string, command: readonly string[]): StartPlan {
  const config = configFrom(new ConfigDocument(text), "c1/config", () => [], NO_VARIABLES);
  const container = { name: "c1", lxcpath: "/c" };
  const network = { newNamespace: true, networks: [] };
  return planStart(
    {
      container,
      config,
      configFile: "/c/c1/config",
      sources: new Sources(),
      inform: () => {},
      daemon: true,
      command,
      useInit: false,
      pidFile: "",
      closeAllFds: false,
      logFd: -1,
      environment: ["HOME=/root"],
      warn: () => undefined,
    },
    {
      hasMountPoint: true,
      fstab: [],
      network,
      cgroups: { layout: { kind: "none", hierarchies: [] }, names: nowhere, scope: "", warnings: [] },
      disk: undefined,
      lsm: { lsm: "", apparmor: undefined },
      shared: [],
      filter: { filter: undefined, warnings: [] },
    },
  );
}

/** A kernel in which the monitor says these words, one after the other. */
function kernelWhereMonitorSays(words: readonly string[]): FakeKernel {
  const kernel = fakeKernel();
  const queue = words.map((word) => new TextEncoder().encode(word));
  kernel.on("recvfrom", () => queue[0]?.length ?? 0);
  kernel.on("recvmsg", (args, bytesAt) => {
    const message = queue.shift() ?? new Uint8Array(0);
    const header = bytesAt(args[1] ?? 0);
    bytesAt(iovec.base.get(bytesAt(msghdr.iov.get(header)))).set(message);
    msghdr.controlLength.put(header, 0);
    return message.length;
  });
  kernel.on("execve", -2);
  return kernel;
}

const nowhere = { name: "c1", dir: "", pattern: "", monitor: "", pivot: "", container: "", inner: "" };
const cgroups = new ContainerCgroups({ kind: "none", hierarchies: [] }, nowhere);
const links = { monitor: 5, cgroups, signalMask: new Uint8Array(8), ownProgram: -1 };

test("the first process of a busybox container, from clone to exec", () => {
  const kernel = kernelWhereMonitorSays(["configured", "go"]);
  throws(() => runChild(planFor(BUSYBOX, []), links), Exited);
  golden("start-child", kernel.transcript);
});

test("a failed step is told to the monitor, with what was being done", () => {
  const kernel = kernelWhereMonitorSays(["configured", "go"]);
  kernel.on("pivot_root", -22);
  throws(() => runChild(planFor(BUSYBOX, []), links), Exited);
  const told = kernel.transcript.find((line) => line.startsWith('sendto(5, "failed')) ?? "";
  match(told, /make the root file system the root\|pivot_root: invalid argument \(EINVAL\)\|22/);
});

test("nothing runs in the container before the monitor says go", () => {
  const kernel = kernelWhereMonitorSays(["configured"]);
  throws(() => runChild(planFor(BUSYBOX, ["/bin/sh"]), links), Exited);
  equal(
    kernel.transcript.some((line) => line.startsWith("execve")),
    false,
  );
});
