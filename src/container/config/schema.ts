// The key table of a container. A key is one row, and nothing about it is elsewhere. Pure.

import { namespaceNames } from "../../isolation/namespaces.ts";
import { SIGKILL } from "../../kernel/abi/signal.ts";
import type { Environment } from "../../kernel/environment.ts";
import { ROOTFS_MOUNT } from "../paths.ts";
import {
  bufferSize,
  cgroupPath,
  deviceDirectory,
  directoryName,
  flag,
  hostName,
  line,
  lines,
  looseFlag,
  path,
  signed,
  tmpfsSize,
  unsigned,
  zeroOrOne,
} from "./codecs.ts";
import { Group, type GroupWays } from "./groups.ts";
import {
  architecture,
  capabilitiesToDrop,
  capabilitiesToKeep,
  groupIds,
  idMappings,
  limit,
  logLevel,
  namespaces,
  seccompExceptions,
  signal,
  socketAddress,
  syslogFacility,
  timeOffset,
} from "./isolation-codecs.ts";
import { KeySet, NO_VARIABLES, unknownKey } from "./keys.ts";
import { countFromOne, perSecond, processorList, processors, sizeBytes, sizeOrNone, weight } from "./limit-codecs.ts";
import { isNetworkKey, Networks, networkWays, noSuchNetworkKey } from "./network-schema.ts";
import {
  autoMounts,
  environmentFrom,
  groupNames,
  mountEntries,
  mountShares,
  rootfsOptions,
  rootfsPath,
} from "./rootfs-codecs.ts";
import { type Complaint, Setting } from "./settings.ts";
import { successorOf } from "./upgrade.ts";

/** The key whose value is another file to read; load.ts knows what to do with it. */
export const INCLUDE_KEY = "lxc.include";

/** `lxc.include` has no value: load.ts reads what it names. */
class IncludeSetting extends Setting {
  constructor() {
    super(INCLUDE_KEY, "A file, or a directory of *.conf files, to read here.");
  }

  override kind(): string {
    return "a file or a directory";
  }
}

function noKeys(): string[] {
  return [];
}

/** A group that only clears settings of the table. */
function clearing(settings: readonly Setting[]): GroupWays {
  return {
    open: () => undefined,
    rests: noKeys,
    clear: () => {
      for (const setting of settings) setting.clear();
    },
    clearPart: () => false,
    names: noKeys,
    beforeChange: () => {},
  };
}

/** A whole container configuration. */
export class Config extends KeySet {
  readonly arch = this.titled(
    "Name and first process",
    this.maybe("lxc.arch", architecture, "The architecture the container's programs see. Default: the host's."),
  );
  readonly utsName = this.maybe(
    "lxc.uts.name",
    hostName,
    "Host name inside the container. Default: the container's name.",
  );

  readonly initCmd = this.maybe("lxc.init.cmd", line, "The command line of the first process. Default: /sbin/init.");
  readonly executeCmd = this.maybe("lxc.execute.cmd", line, "The command line for lxc-execute without a command.");
  readonly initUid = this.one("lxc.init.uid", unsigned, 0, "The user the first process runs as, as seen inside.");
  readonly initGid = this.one("lxc.init.gid", unsigned, 0, "The group the first process runs as, as seen inside.");
  readonly initGroups = this.many("lxc.init.groups", groupIds, "Further groups of the first process.");
  readonly initCwd = this.maybe("lxc.init.cwd", path, "The directory the first process starts in; made when missing.");
  readonly ephemeral = this.one("lxc.ephemeral", flag, false, "Destroy the container when it stops.");

  readonly startAuto = this.titled(
    "Automatic start",
    this.live(this.one("lxc.start.auto", flag, false, "Start this container at boot.")),
  );
  readonly startDelay = this.live(
    this.one("lxc.start.delay", unsigned, 0, "Seconds to wait after starting it, before the next one."),
  );
  readonly startOrder = this.live(this.one("lxc.start.order", signed, 0, "Lower numbers start first."));
  readonly group = this.live(
    this.many("lxc.group", groupNames, "Groups of containers it belongs to, for lxc-autostart."),
  );

  readonly monitorUnshare = this.titled(
    "Monitor and signals",
    this.one("lxc.monitor.unshare", looseFlag, false, "Give the monitor a mount namespace of its own."),
  );
  readonly monitorSignalPdeath = this.one(
    "lxc.monitor.signal.pdeath",
    signal,
    SIGKILL,
    "The signal the first process gets when the monitor dies; 0 is none.",
  );
  readonly signalHalt = this.one("lxc.signal.halt", signal, 0, "The signal that asks for shutdown. Default: SIGPWR.");
  readonly signalReboot = this.one(
    "lxc.signal.reboot",
    signal,
    0,
    "The signal that asks for a reboot. Default: SIGINT.",
  );
  readonly signalStop = this.one("lxc.signal.stop", signal, 0, "The signal that ends it by force. Default: SIGKILL.");

  readonly logFile = this.titled("Log", this.maybe("lxc.log.file", path, "The file log lines go to."));
  readonly logLevel = this.one(
    "lxc.log.level",
    logLevel,
    "notset",
    "The least severe message to write. Default: ERROR.",
  );
  readonly logSyslog = this.maybe("lxc.log.syslog", syslogFacility, "The syslog facility log lines go to as well.");

  readonly environment = this.titled(
    "Environment",
    this.many(
      "lxc.environment",
      environmentFrom(() => this.callerEnvironment),
      "A variable for hooks and the first process.",
    ),
  );
  readonly environmentRuntime = this.many(
    "lxc.environment.runtime",
    environmentFrom(() => this.callerEnvironment),
    "A variable for the first process only.",
  );
  readonly environmentHooks = this.many(
    "lxc.environment.hooks",
    environmentFrom(() => this.callerEnvironment),
    "A variable for hooks only.",
  );

  readonly keyringSession = this.titled(
    "Kernel settings",
    this.one("lxc.keyring.session", flag, false, "1 keeps the caller's session keyring instead of making a new one."),
  );
  readonly schedCore = this.one("lxc.sched.core", flag, false, "Never share a core with other containers.");
  readonly timeOffsetBoot = this.many(
    "lxc.time.offset.boot",
    timeOffset,
    "How far the container's boot time clock is ahead.",
  );
  readonly timeOffsetMonotonic = this.many(
    "lxc.time.offset.monotonic",
    timeOffset,
    "How far the container's monotonic clock is ahead.",
  );
  readonly noNewPrivs = this.one("lxc.no_new_privs", flag, false, "No program gains privileges by being executed.");
  readonly prlimit = this.named(
    "lxc.prlimit.",
    "nofile",
    limit,
    "A resource limit of the first process, as soft:hard.",
  );
  readonly sysctl = this.named("lxc.sysctl.", "net.ipv4.ip_forward", line, "A kernel parameter, by its dotted name.");
  readonly proc = this.ordered(
    "lxc.proc.",
    "oom_score_adj",
    line,
    "A value for a file of the first process below /proc.",
  );

  readonly rootfsPath = this.titled(
    "Root file system",
    this.maybe("lxc.rootfs.path", rootfsPath, "Where the root file system is, as `backend:path` or a path."),
  );
  readonly rootfsMount = this.one("lxc.rootfs.mount", path, ROOTFS_MOUNT, "Where it is mounted during setup.");
  readonly rootfsOptions = this.maybe("lxc.rootfs.options", rootfsOptions, "Mount options for the root file system.");
  readonly rootfsManaged = this.live(
    this.one("lxc.rootfs.managed", flag, true, "0 makes lxc-destroy leave the root file system in place."),
  );
  readonly mountEntry = this.titled(
    "Mounts",
    this.many("lxc.mount.entry", mountEntries, "One mount, as a line of fstab."),
  );
  readonly mountFstab = this.maybe("lxc.mount.fstab", path, "A file with further mounts, in the form of fstab.");
  readonly mountShare = this.many(
    "lxc.mount.share",
    mountShares,
    "A folder of the host for the container too, with the users each has by the same numbers. What its root makes there is the host root's: let only root of the host into that folder.",
  );
  readonly mountAuto = this.many(
    "lxc.mount.auto",
    autoMounts,
    "Which of proc, sys and cgroup are mounted, and how; shmounts shows what the host mounts later.",
  );
  readonly autodev = this.titled(
    "Devices and terminals",
    this.one("lxc.autodev", flag, true, "Fill /dev with the usual devices."),
  );
  readonly autodevTmpfsSize = this.one("lxc.autodev.tmpfs.size", tmpfsSize, 0, "Bytes /dev may hold; 0 is 500000.");
  readonly ttyMax = this.one("lxc.tty.max", unsigned, 0, "How many terminals to offer for logins.");
  readonly ttyDir = this.maybe("lxc.tty.dir", deviceDirectory, "The directory below /dev their devices are in.");
  readonly ptyMax = this.one("lxc.pty.max", unsigned, 0, "How many pseudo terminals; 0 makes no devpts of its own.");
  readonly consolePath = this.maybe("lxc.console.path", path, "Where the console goes: none, a device or a file.");
  readonly consoleLogfile = this.maybe("lxc.console.logfile", path, "A file that keeps the console's output.");
  readonly consoleSize = this.one(
    "lxc.console.size",
    bufferSize,
    0,
    "How large that file may grow before it is emptied; 0 is without limit.",
  );
  readonly consoleRotate = this.one(
    "lxc.console.rotate",
    flag,
    false,
    "Keep a file that is full, with .1 after its name.",
  );
  readonly consoleBufferSize = this.one(
    "lxc.console.buffer.size",
    bufferSize,
    0,
    "How much of the console's output to keep in memory.",
  );

  readonly idmap = this.titled(
    "Users and capabilities",
    this.many("lxc.idmap", idMappings, "A range of ids: u or g, the first inside, the first outside, how many."),
  );
  readonly capDrop = this.many("lxc.cap.drop", capabilitiesToDrop, "Capabilities the container gives up.");
  readonly capKeep = this.many(
    "lxc.cap.keep",
    capabilitiesToKeep,
    "The only capabilities the container keeps; none for none.",
  );
  readonly namespaceClone = this.titled(
    "Namespaces",
    this.many("lxc.namespace.clone", namespaces, "The only namespaces to make; others are the caller's."),
  );
  readonly namespaceKeep = this.many("lxc.namespace.keep", namespaces, "Namespaces to take over from the caller.");
  readonly namespaceShare = this.named(
    "lxc.namespace.share.",
    "net",
    line,
    "A container, process or file whose namespace to join.",
  );
  readonly seccompProfile = this.titled(
    "System calls",
    this.maybe("lxc.seccomp.profile", path, "A policy for system calls."),
  );
  readonly seccompAllow = this.many(
    "lxc.seccomp.allow",
    seccompExceptions,
    "What the policy denies and this container is allowed: system calls, or names such as af_vsock.",
  );
  readonly seccompAllowNesting = this.one(
    "lxc.seccomp.allow_nesting",
    flag,
    false,
    "Load it even when there is a filter already.",
  );
  readonly seccompNotifyProxy = this.maybe(
    "lxc.seccomp.notify.proxy",
    socketAddress,
    "The socket of a program that decides on system calls.",
  );
  readonly seccompNotifyCookie = this.maybe("lxc.seccomp.notify.cookie", line, "A text sent to that program.");
  readonly apparmorProfile = this.titled(
    "AppArmor and SELinux",
    this.maybe(
      "lxc.apparmor.profile",
      line,
      "The AppArmor profile: the name of one that is loaded, generated, unconfined, or unchanged for that of the starter.",
    ),
  );
  readonly apparmorAllowIncomplete = this.one(
    "lxc.apparmor.allow_incomplete",
    flag,
    false,
    "Start without mount mediation in the kernel.",
  );
  readonly apparmorAllowNesting = this.one(
    "lxc.apparmor.allow_nesting",
    flag,
    false,
    "Let the generated profile allow containers inside, and mount what they need at /dev/.lxc.",
  );
  readonly apparmorRaw = this.many(
    "lxc.apparmor.raw",
    lines,
    "A line for the generated profile, as apparmor.d(5) has it.",
  );
  readonly selinuxContext = this.maybe("lxc.selinux.context", line, "The SELinux context of the container's programs.");
  readonly selinuxContextKeyring = this.maybe(
    "lxc.selinux.context.keyring",
    line,
    "The SELinux context of its keyring. Default: that of its programs.",
  );

  readonly cgroupDir = this.titled(
    "Cgroups",
    this.maybe("lxc.cgroup.dir", cgroupPath, "The cgroup to make the container's cgroups in."),
  );
  readonly cgroupDirMonitor = this.maybe("lxc.cgroup.dir.monitor", cgroupPath, "The monitor's cgroup.");
  readonly cgroupDirMonitorPivot = this.maybe(
    "lxc.cgroup.dir.monitor.pivot",
    cgroupPath,
    "Where the monitor goes before its cgroup is removed.",
  );
  readonly cgroupDirContainer = this.maybe("lxc.cgroup.dir.container", cgroupPath, "The container's cgroup.");
  readonly cgroupDirContainerInner = this.maybe(
    "lxc.cgroup.dir.container.inner",
    directoryName,
    "A cgroup below it for the processes, out of reach of the limits.",
  );
  readonly cgroupRelative = this.one("lxc.cgroup.relative", flag, false, "Start below the caller's cgroup.");
  readonly cgroup = this.limitGroup(
    this.ordered(
      "lxc.cgroup.",
      "memory.limit_in_bytes",
      line,
      "A value for one file of the container's cgroup, version 1.",
    ),
  );
  readonly cgroup2 = this.limitGroup(
    this.ordered("lxc.cgroup2.", "memory.max", line, "A value for one file of the container's cgroup, version 2."),
  );

  readonly limitMemory = this.titled(
    "Limits",
    this.limit(this.maybe("lxc.limit.memory", sizeBytes, "The most memory it may use.")),
  );
  readonly limitMemorySwap = this.limit(
    this.maybe("lxc.limit.memory.swap", sizeOrNone, "The most swap it may use, beside its memory."),
  );
  readonly limitMemoryHigh = this.limit(
    this.maybe("lxc.limit.memory.high", sizeBytes, "Memory above which it is slowed down and reclaimed from."),
  );
  readonly limitCpus = this.limit(this.maybe("lxc.limit.cpus", processors, "How many processors' time it may use."));
  readonly limitCpuWeight = this.limit(
    this.maybe("lxc.limit.cpu.weight", weight, "Its share of processor time when others want it too."),
  );
  readonly limitCpuset = this.limit(this.maybe("lxc.limit.cpuset", processorList, "The processors it may run on."));
  readonly limitPids = this.limit(
    this.maybe("lxc.limit.pids", countFromOne, "How many processes and threads it may have."),
  );
  readonly limitIoRead = this.limit(
    this.maybe("lxc.limit.io.read", sizeBytes, "Bytes a second it may read from the disk of its root file system."),
  );
  readonly limitIoWrite = this.limit(
    this.maybe("lxc.limit.io.write", sizeBytes, "Bytes a second it may write to that disk."),
  );
  readonly limitIoReadIops = this.limit(
    this.maybe("lxc.limit.io.read.iops", perSecond, "Reads a second it may ask of that disk."),
  );
  readonly limitIoWriteIops = this.limit(
    this.maybe("lxc.limit.io.write.iops", perSecond, "Writes a second it may ask of that disk."),
  );
  readonly limitIoWeight = this.limit(
    this.maybe("lxc.limit.io.weight", weight, "Its share of disk time when others want it too."),
  );

  readonly hookPreStart = this.titled(
    "Hooks",
    this.many("lxc.hook.pre-start", lines, "Run on the host before the container starts."),
  );
  readonly hookPreMount = this.many(
    "lxc.hook.pre-mount",
    lines,
    "Run in the container's mount namespace before the root is mounted.",
  );
  readonly hookMount = this.many("lxc.hook.mount", lines, "Run after the mounts, before the root is changed.");
  readonly hookAutodev = this.many("lxc.hook.autodev", lines, "Run when /dev is ready to be filled.");
  readonly hookStartHost = this.many("lxc.hook.start-host", lines, "Run on the host just before the first process.");
  readonly hookStart = this.many("lxc.hook.start", lines, "Run in the container just before the first process.");
  readonly hookStop = this.many(
    "lxc.hook.stop",
    lines,
    "Run on the host, with the namespaces, after the container stopped.",
  );
  readonly hookPostStop = this.many("lxc.hook.post-stop", lines, "Run on the host when all is torn down.");
  readonly hookClone = this.live(this.many("lxc.hook.clone", lines, "Run when the container is copied."));
  readonly hookDestroy = this.live(this.many("lxc.hook.destroy", lines, "Run when the container is destroyed."));
  readonly hookVersion = this.one("lxc.hook.version", zeroOrOne, 0, "0 hands hooks arguments, 1 variables only.");

  /** The networks, by index. */
  readonly networks = new Networks();

  constructor(callerEnvironment: Environment) {
    super(callerEnvironment);
    // As in LXC: empty is off for /dev, and no signal at all.
    this.autodev.whenEmpty = false;
    this.monitorSignalPdeath.whenEmpty = 0;
    this.namespaceShare.names = namespaceNames;
    this.arch.mayBeEmpty = false;
    this.mountFstab.mayBeEmpty = false;
    this.addGroup(new Group("lxc.net.", "", "The container's networks, by number.", networkWays(this.networks)));
    this.addGroup(new Group("lxc.hook.", "", "Empty clears all hooks.", clearing(this.#hooks())));
    const include = new IncludeSetting();
    this.add(include);
    this.titled("Other files", include);
  }

  #hooks(): Setting[] {
    return [
      this.hookPreStart,
      this.hookPreMount,
      this.hookMount,
      this.hookAutodev,
      this.hookStartHost,
      this.hookStart,
      this.hookStop,
      this.hookPostStop,
      this.hookClone,
      this.hookDestroy,
    ];
  }

  override noSuchKey(key: string): Complaint {
    const old = successorOf(key);
    if (old !== undefined) return legacyKey(key, old);
    return isNetworkKey(key) ? noSuchNetworkKey(key) : unknownKey(key, this.namedKeys());
  }
}

let ready: Config | undefined = new Config(NO_VARIABLES);

/** One in which nothing is set. The first one of a process was made when the program was built (scripts/image.ts). */
export function emptyConfig(callerEnvironment: Environment): Config {
  const config = ready ?? new Config(NO_VARIABLES);
  ready = undefined;
  config.callerEnvironment = callerEnvironment;
  return config;
}

function legacyKey(key: string, successor: string): Complaint {
  const now = successor === "" ? "take it out: LXC needs it no more" : `it is ${successor} now`;
  const hint = `${now}; lxc-update-config -c FILE changes all such keys of a file`;
  return { about: "key", key, problem: "this key is from before LXC 3", hint };
}
