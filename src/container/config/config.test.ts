import { deepEqual, equal, match, throws } from "node:assert/strict";
import { test } from "node:test";
import { describe, LxcError } from "../../base/errors.ts";
import { Environment } from "../../kernel/environment.ts";
import { problemsIn } from "./checks.ts";
import { ConfigDocument } from "./document.ts";
import { notYetIn } from "./effects.ts";
import type { LogLevel } from "./isolation-codecs.ts";
import { NO_VARIABLES } from "./keys.ts";
import { applyDefinition, configFrom, type IncludedFile } from "./load.ts";
import { Config } from "./schema.ts";
import { getItem } from "./values.ts";

test("values have types", () => {
  const config = new Config(NO_VARIABLES);
  const auto: boolean = config.startAuto.value;
  const level: LogLevel = config.logLevel.value;
  const name: string | undefined = config.utsName.value;
  deepEqual([auto, level, name], [false, "notset", undefined]);
});

test("an empty value clears, as in LXC", () => {
  const config = new Config(NO_VARIABLES);
  config.assign("lxc.hook.pre-start", "/a");
  config.assign("lxc.hook.pre-start", "/b");
  deepEqual(config.hookPreStart.values, ["/a", "/b"]);
  config.assign("lxc.hook.pre-start", "");
  deepEqual(config.hookPreStart.values, []);
});

test("an unknown key names the nearest one", () => {
  throws(() => new Config(NO_VARIABLES).assign("lxc.uts.nam", "x"), {
    message: "cannot set lxc.uts.nam: there is no such key",
    hint: "did you mean lxc.uts.name?",
  });
});

test("prefixes and numbers make keys", () => {
  const config = new Config(NO_VARIABLES);
  config.assign("lxc.sysctl.net.ipv4.ip_forward", "1");
  config.assign("lxc.net.3.type", "veth");
  equal(config.sysctl.get("net.ipv4.ip_forward"), "1");
  equal(config.networks.at(3)?.type.value, "veth");
  throws(() => config.assign("lxc.net.x.type", "veth"), LxcError);
});

test("a wrong line is named, with the reason", () => {
  try {
    configFrom(new ConfigDocument("# c1\nlxc.start.order = soon\n"), "c1/config", includeNothing, NO_VARIABLES);
  } catch (error) {
    deepEqual(describe(error as LxcError), [
      "cannot load c1/config: one line is wrong",
      '  c1/config:2:19: error: lxc.start.order: expected a whole number from -2147483648 to 2147483647, not "soon"',
    ]);
  }
});

test("what LXC accepts and refuses, we do", () => {
  const accepted = `
lxc.autodev = 0x1
lxc.autodev = 01
lxc.net.0.flags = down
lxc.net.0 =
lxc.net =
lxc.net.0.ipv4.address = 1.2.3.4/24 1.2.3.255
lxc.net.0.ipv6.gateway = dev
lxc.prlimit.bogus = 5
lxc.prlimit.nofile = 5 : 6
lxc.prlimit.nofile = :5
lxc.prlimit =
lxc.cap.keep = none
lxc.cap.drop = 5
lxc.signal.halt = sigterm
lxc.signal.halt = SIGRTMAX-30
lxc.signal.halt = 999
lxc.log.level = trace
lxc.log.level = 8
lxc.log.syslog = LOCAL1
lxc.mount.auto = shmounts:/a
lxc.mount.auto = cgroup:rw:force
lxc.mount.auto =
lxc.namespace.keep = NET user
lxc.time.offset.boot = 5 s
lxc.hook =
lxc.hook.start = relative cmd
lxc.rootfs.options = ro,noexec,foo
lxc.seccomp.notify.proxy = unix:/x
lxc.environment = E=
lxc.environment = SET
lxc.include = /missing/
lxc.console.size = 100
lxc.console.size = 1kb
lxc.console.size = 1k
lxc.monitor.unshare = 7
lxc.init.groups = 1, 2
lxc.sysctl.foo =
lxc.cgroup.x = 5
lxc.autodev.tmpfs.size = x
foo = 1
nonequal lxc`;
  const refused = `
lxc.bogus = 1
lxc.autodev = 2
lxc.autodev = yes
lxc.net.0.veth.mode = router
lxc.net.0.type = foo
lxc.net.x.type = veth
lxc.net.0.nosuch = 1
lxc.net = x
lxc.net.0.vlan.id = 5
lxc.net.0.ipv4.address = 1.2.3.4/33
lxc.net.0.ipv6.address = 1::2::3
lxc.idmap = u 0
lxc.idmap = x 0 1 2
lxc.prlimit.nofile = unlimitedx
lxc.prlimit = 5
lxc.cap.keep = foo
lxc.cap.drop = none
lxc.tty.max
lxc.tty.max = x
lxc.tty.max = 4294967296
lxc.arch = foo
lxc.arch =
lxc.signal.halt = SIGFOO
lxc.signal.halt = SIGRTMIN+31
lxc.signal.halt = TERM
lxc.log.level = 9
lxc.log.level = FOO
lxc.mount.auto = proc:ro
lxc.mount.fstab =
lxc.namespace.keep = bogus
lxc.namespace.share.bogus = 1
lxc.time.offset.boot = 5x
lxc.time.offset.boot = 5
lxc.start.auto = 2
lxc.hook.version = 2
lxc.hook = x
lxc.cgroup.dir = /abs
lxc.cgroup.dir = a/../b
lxc.cgroup.dir.container.inner = a/b
lxc.rootfs.options = create=dir
lxc.seccomp.notify.proxy = foo
lxc.environment = NOPE_UNSET
lxc.include = /nonexist
lxc.console.size = -5
lxc.cgroup2 = 5
lxc.utsname = x
lxc.network.type = veth`;
  const wrong: string[] = [];
  for (const line of accepted.split("\n")) if (!loads(line)) wrong.push(`refused: ${line}`);
  for (const line of refused.split("\n")) if (line !== "" && loads(line)) wrong.push(`accepted: ${line}`);
  deepEqual(wrong, []);
});

function loads(line: string): boolean {
  try {
    configFrom(new ConfigDocument(line), "c1/config", includeNothing, new Environment("SET=1\0"));
    return true;
  } catch (error) {
    return !(error instanceof LxcError);
  }
}

function includeNothing(path: string): IncludedFile[] {
  if (path.endsWith("/")) return [];
  throw new LxcError("not-found", `open ${path}`, "no such file");
}

test("values come in their types", () => {
  const config = loaded(`
lxc.mount.auto = cgroup:mixed proc:mixed
lxc.mount.auto = sys:ro proc:rw shmounts:/h
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup.devices.deny = b
lxc.signal.halt = SIGRTMIN+3
lxc.rootfs.path = overlay:/a:/b//
lxc.console.buffer.size = 70KB
lxc.prlimit.nofile = 64:unlimited
lxc.environment = A=b=c
lxc.net.2.type = empty
lxc.net.0.type = veth
lxc.net.0.ipv4.address = 10.0.3.5/24
lxc.net.0.ipv4.gateway = auto`);
  deepEqual(
    {
      auto: config.mountAuto.values.map((mount) => [mount.what, mount.mode, mount.hostPath, mount.containerPath]),
      cgroup: config.cgroup.entries.map((entry) => [entry.name, entry.value]),
      halt: config.signalHalt.value,
      rootfs: config.rootfsPath.value,
      buffer: config.consoleBufferSize.value,
      limit: config.prlimit.get("nofile"),
      environment: config.environment.values,
      networks: config.networks.items.map((network) => [network.index, network.type.value]),
      address: config.networks.at(0)?.ipv4Address.values,
      gateway: config.networks.at(0)?.ipv4Gateway.value?.kind,
    },
    {
      auto: [
        ["proc", "rw", "", ""],
        ["sys", "ro", "", ""],
        ["cgroup", "mixed", "", ""],
        ["shmounts", "", "/h", "/dev/.lxc-mounts"],
      ],
      cgroup: [
        ["devices.deny", "a"],
        ["devices.allow", "c 1:3 rwm"],
        ["devices.deny", "b"],
      ],
      halt: 37,
      rootfs: { type: "overlay", path: "/a:/b" },
      buffer: 131072,
      limit: { soft: 64, hard: Infinity },
      environment: [{ name: "A", value: "b=c" }],
      networks: [
        [0, "veth"],
        [2, "empty"],
      ],
      address: [
        {
          bytes: new Uint8Array([10, 0, 3, 5]),
          prefix: 24,
          hasPrefix: true,
          broadcast: new Uint8Array([10, 0, 3, 255]),
        },
      ],
      gateway: "auto",
    },
  );
});

test("a new type of a network takes back what was said of it, as in LXC", () => {
  const config = loaded("lxc.net.0.link = br0\nlxc.net.0.type = veth\nlxc.net.0.flags = up");
  const network = config.networks.at(0);
  deepEqual([network?.link.value, network?.flags.value], [undefined, true]);
});

test("an empty value is back to the default, or what LXC takes it for", () => {
  const config = loaded(`
lxc.hook.start = /a
lxc.hook.stop = /b
lxc.hook =
lxc.cgroup2.memory.max = 1
lxc.cgroup2.devices.allow = a
lxc.cgroup2.memory.max =
lxc.net.1.type = empty
lxc.net.1 =
lxc.monitor.signal.pdeath =
lxc.autodev =`);
  deepEqual(
    [
      config.hookStart.values,
      config.cgroup2.entries.map((entry) => entry.name),
      config.networks.items.length,
      config.monitorSignalPdeath.value,
      config.autodev.value,
    ],
    [[], ["devices.allow"], 0, 0, false],
  );
});

test("values are given as LXC's getter gives them", () => {
  const config = loaded(`
lxc.rootfs.path = dir:/srv/x
lxc.cap.drop = sys_time mac_admin
lxc.idmap = u 0 1 2
lxc.idmap = g 0 1 2
lxc.mount.auto = sys proc
lxc.sysctl.a = 1
lxc.sysctl.b = 2
lxc.cgroup.devices.deny = a
lxc.arch = i386
lxc.net.0.type = veth`);
  const keys = [
    "lxc.rootfs.path",
    "lxc.cap.drop",
    "lxc.idmap",
    "lxc.mount.auto",
    "lxc.sysctl",
    "lxc.sysctl.b",
    "lxc.cgroup.devices.deny",
    "lxc.arch",
    "lxc.signal.halt",
    "lxc.log.level",
    "lxc.net",
    "lxc.net.0.flags",
    "lxc.net.0.vlan.id",
    "lxc.net.1.type",
    "lxc.hook",
    "lxc.include",
    "lxc.nosuch",
  ];
  deepEqual(
    keys.map((key) => getItem(config, key)),
    [
      "/srv/x",
      "sys_time\nmac_admin\n",
      "u 0 1 2\ng 0 1 2",
      "proc:mixed sys:mixed",
      "lxc.sysctl.a = 1\nlxc.sysctl.b = 2\n",
      "2",
      "a\n",
      "i686",
      "0",
      "NOTSET",
      "veth\n",
      "",
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ],
  );
});

test("includes take effect where they stand, and an error names each file on the way", () => {
  const files = (path: string): IncludedFile[] =>
    path === "/dir"
      ? [{ path: "/dir/a.conf", text: "lxc.tty.max = 7\nlxc.tty.dir = lxc" }]
      : [{ path, text: "\nlxc.autodevv = 1" }];
  const config = configFrom(
    new ConfigDocument("lxc.tty.max = 1\nlxc.include = /dir\nlxc.tty.dir =\n"),
    "c1/config",
    files,
    NO_VARIABLES,
  );
  deepEqual([config.ttyMax.value, config.ttyDir.value], [7, undefined]);
  deepEqual(failureOf("lxc.include = /x", files), [
    "cannot load c1/config: one line is wrong",
    "  /x:2:1: error: lxc.autodevv: there is no such key (included by c1/config:1); did you mean lxc.autodev?",
  ]);
});

test("a file that includes itself is refused", () => {
  const files = (path: string): IncludedFile[] => [{ path, text: `lxc.include = ${path}` }];
  deepEqual(failureOf("lxc.include = /x", files).slice(1), [
    "  /x:1:15: error: lxc.include: /x includes itself (included by c1/config:1); take this line out; it is read by way of c1/config, /x",
  ]);
});

test("files that include one another without end are refused", () => {
  const files = (path: string): IncludedFile[] => [{ path, text: `lxc.include = ${path}x` }];
  const said = failureOf("lxc.include = /x", files);
  match(said[1] ?? "", /error: lxc\.include: more than 32 files include each other .*; include fewer files$/);
});

test("mistakes come with the way out", () => {
  const mistakes = [
    "lxc.net.0.lnk = x",
    "lxc.net.0.veth.pair = x",
    "lxc.net.type = veth",
    "lxc.mount.auto = proc:mixd",
    "lxc.tty.max",
  ];
  deepEqual(failureOf(mistakes.join("\n"), includeNothing), [
    "cannot load c1/config: 5 lines are wrong",
    "  c1/config:1:1: error: lxc.net.0.lnk: there is no such key; did you mean lxc.net.0.link?",
    "  c1/config:2:1: error: lxc.net.0.veth.pair: it is for networks of type veth; put lxc.net.0.type = veth before it",
    "  c1/config:3:1: error: lxc.net.type: a network has a number; write lxc.net.0.type, with a number for each network",
    '  c1/config:4:18: error: lxc.mount.auto: expected words such as proc:mixed, sys:ro, cgroup:mixed or shmounts:/host/path, not "proc:mixd"; did you mean proc:mixed?',
    "  c1/config:5:1: error: lxc.tty.max: this line has no =; write KEY = VALUE, and begin a comment with #",
  ]);
});

test("keys that exclude each other are refused while loading, with the line", () => {
  deepEqual(failureOf("lxc.cap.drop = kill\nlxc.cap.keep = chown", includeNothing), [
    "cannot load c1/config: one line is wrong",
    "  c1/config:2:16: error: lxc.cap.keep: it excludes lxc.cap.drop; take one of them out",
  ]);
});

test("what has no effect yet is listed when used, and only then", () => {
  const config = loaded(`
lxc.seccomp.profile = /x
lxc.namespace.share.net = c2
lxc.autodev = 1
lxc.rootfs.path = zfs:tank
lxc.net.0.type = macvlan
lxc.net.1.type = veth
lxc.net.1.veth.mode = router
lxc.mount.entry = a b none bind,idmap=container`);
  deepEqual(
    notYetIn(config).map(({ key, problem }) => `${key}: ${problem}`),
    ["lxc.rootfs.path: zfs: is not supported yet"],
  );
  deepEqual(notYetIn(new Config(NO_VARIABLES)), []);
});

test("what cannot be started is said in sentences", () => {
  const config = loaded(`
lxc.cgroup.dir = a
lxc.cgroup.dir.container = b
lxc.net.0.type = veth
lxc.net.0.ipv4.gateway = 10.0.0.1`);
  deepEqual(
    problemsIn(config).map(({ key, problem }) => `${key}: ${problem}`),
    [
      "lxc.cgroup.dir: it excludes lxc.cgroup.dir.container",
      "lxc.cgroup.dir.container: it cannot be used without lxc.cgroup.dir.monitor",
      "lxc.net.0.ipv4.gateway: it cannot be used without lxc.net.0.ipv4.address",
      "lxc.net.0.ipv4.gateway: it cannot be used without lxc.net.0.flags",
    ],
  );
});

test("a definition sets one key", () => {
  const config = new Config(NO_VARIABLES);
  applyDefinition(config, 'lxc.uts.name = "x y"');
  equal(config.utsName.value, "x y");
  throws(() => applyDefinition(config, "foo=1"), { message: /^cannot set "foo=1": it is not KEY=VALUE/ });
});

function loaded(text: string): Config {
  return configFrom(new ConfigDocument(text), "c1/config", includeNothing, NO_VARIABLES);
}

function failureOf(text: string, read: (path: string) => IncludedFile[]): string[] {
  try {
    configFrom(new ConfigDocument(text), "c1/config", read, NO_VARIABLES);
    return [];
  } catch (error) {
    return describe(error as LxcError);
  }
}
