import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { golden } from "../../test/fake/golden.ts";
import { ConfigDocument } from "../container/config/document.ts";
import { NO_VARIABLES } from "../container/config/keys.ts";
import { configFrom } from "../container/config/load.ts";
import { Sources } from "../container/config/sources.ts";
import { planStart, type StartPlan } from "./plan.ts";
import { plannedSteps, planText } from "./plan-text.ts";

const BUSYBOX = `lxc.rootfs.path = dir:/c/c1/rootfs
lxc.signal.halt = SIGUSR1
lxc.uts.name = c1
lxc.tty.max = 5
lxc.pty.max = 1
lxc.cap.drop = sys_module mac_admin mac_override sys_time
lxc.mount.auto = cgroup:mixed proc:mixed sys:ro
lxc.mount.entry = shm dev/shm tmpfs defaults,create=dir 0 0
lxc.mount.entry = mqueue dev/mqueue mqueue defaults,optional,create=dir 0 0
lxc.mount.entry = /usr/lib usr/lib none ro,bind 0 0
lxc.limit.memory = 64M
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c 1:3 rwm
`;

function planFor(text: string, command: readonly string[]): StartPlan {
  const config = configFrom(new ConfigDocument(text), "c1/config", () => [], NO_VARIABLES);
  const memory = {
    version: 1,
    mountPoint: "/sys/fs/cgroup/memory",
    controllers: ["memory"],
    base: "",
    underSystemd: false,
  };
  const devices = { ...memory, mountPoint: "/sys/fs/cgroup/devices", controllers: ["devices"], base: "init" };
  const names = { name: "c1", dir: "", pattern: "", monitor: "", pivot: "", container: "", inner: "" };
  return planStart(
    {
      container: { name: "c1", lxcpath: "/c" },
      config,
      configFile: "/c/c1/config",
      sources: new Sources(),
      daemon: true,
      command,
      useInit: false,
      pidFile: "",
      closeAllFds: false,
      logFd: -1,
      environment: [],
      warn: () => undefined,
      inform: () => {},
    },
    {
      hasMountPoint: true,
      fstab: [],
      network: { newNamespace: true, networks: [] },
      cgroups: { layout: { kind: "legacy", hierarchies: [memory, devices] }, names, scope: "", warnings: [] },
      lsm: { lsm: "", apparmor: undefined },
      filter: { filter: undefined, warnings: [] },
      disk: undefined,
      shared: [],
    },
  );
}

test("the steps of a busybox container, in words", () => {
  golden(
    "dry-run",
    planText(plannedSteps(planFor(BUSYBOX, [])))
      .trimEnd()
      .split("\n"),
  );
});

test("what a configuration asks for beyond that has its step too", () => {
  const text = `lxc.rootfs.path = overlay:/base:/more:/c/c1/overlay/delta
lxc.rootfs.options = idmap=container
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 1
lxc.mount.share = /srv/data data ro
lxc.mount.auto = shmounts:/srv/later
lxc.mount.entry = x ovl overlay lowerdir=/srv,upperdir=/c/c1/up/data,workdir=/c/c1/../c1/work,create=dir
lxc.mount.entry = x old overlay lowerdir=/srv,upperdir=/c/c2/up,workdir=/c/c1/../c2/work,create=dir
lxc.hook.pre-start = /bin/before
lxc.hook.start = /bin/inside
lxc.sysctl.net.ipv4.ip_forward = 1
lxc.proc.oom_score_adj = 5
lxc.prlimit.nofile = 64
lxc.namespace.keep = net
lxc.init.uid = 7
lxc.no_new_privs = 1
`;
  const said = planText(plannedSteps(planFor(text, ["/bin/sh", "-c", "true"])));
  const wanted: readonly RegExp[] = [
    /^hook {7}run lxc\.hook\.pre-start = \/bin\/before\n/,
    /\nnamespace {2}make those of its own: user, mnt, pid, uts, ipc, cgroup\nnamespace {2}stay in those of the caller: net, time\n/,
    /\nid map {5}users 0 to 65535 are 100000 to 165535 outside\nid map {5}groups 0 are 100000 outside\n/,
    /\nsetting {4}\/proc\/PID\/oom_score_adj of its first process = 5\nsetting {4}resource limit nofile = 64:64\n/,
    /\nmount {6}put \/c\/c1\/overlay\/delta over \/base over \/more on .* \(idmap=container\)\n/,
    /\nmount {6}make the folder \/c\/c1\/up\/data of the host\nmount {6}make the folder \/c\/c1\/work of the host\nmount {6}mount overlay x on \/ovl\nmount {6}mount overlay x on \/old\n/,
    /\nmount {6}share \/srv\/data on \/data, read-only, with the owners of container\n/,
    /\nmount {6}bind \/srv\/later on \/dev\/\.lxc-mounts\n/,
    /\nmount {6}show on \/dev\/\.lxc-mounts what the host mounts there, and not the reverse\n/,
    /\nsetting {4}net\.ipv4\.ip_forward = 1\nsetting {4}no program may gain privileges\n/,
    /\nhook {7}run lxc\.hook\.start = \/bin\/inside\nprogram {4}run \/bin\/sh -c true as user 7 and group 0\n$/,
  ];
  for (const line of wanted) match(said, line);
  equal(said.includes("undefined"), false);
});
