// The key table. A key is one row, and nothing about it is elsewhere: parsing, writing, the manual and completion follow.

import { flag, line, oneOf, path, size, wholeNumber } from "./codecs.ts";
import { KeySet } from "./keys.ts";

export type LogLevel = "trace" | "debug" | "info" | "notice" | "warn" | "error" | "fatal";
const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "notice", "warn", "error", "fatal"];

export type NetworkType = "none" | "empty" | "veth" | "macvlan" | "ipvlan" | "vlan" | "phys";
const networkTypes: readonly NetworkType[] = ["none", "empty", "veth", "macvlan", "ipvlan", "vlan", "phys"];

/** The keys of one network, `lxc.net.[i].*`. */
export class NetworkConfig extends KeySet {
  readonly type = this.one("type", oneOf(networkTypes), "none", "The kind of network.");
  readonly link = this.maybe("link", line, "The host's device to join.");
  readonly mtu = this.maybe("mtu", wholeNumber(68, 65_535), "The largest packet, in bytes.");
  readonly ipv4 = this.many("ipv4.address", line, "An address inside the container, as address/prefix.");
}

/** A whole container configuration. */
export class Config extends KeySet {
  readonly utsName = this.maybe("lxc.uts.name", line, "Host name inside the container. Default: the container's name.");
  readonly arch = this.maybe("lxc.arch", line, "The architecture the container's programs see.");
  readonly startAuto = this.one("lxc.start.auto", flag, false, "Start this container at boot.");
  readonly startDelay = this.one(
    "lxc.start.delay",
    wholeNumber(0, 86_400),
    0,
    "Seconds to wait after starting it, before the next one.",
  );
  readonly startOrder = this.one(
    "lxc.start.order",
    wholeNumber(-1_000_000, 1_000_000),
    0,
    "Higher numbers start first.",
  );
  readonly logLevel = this.one("lxc.log.level", oneOf(logLevels), "error", "The least severe message to write.");
  readonly consoleSize = this.one("lxc.console.size", size, 0, "How much of a log file to keep.");
  readonly ptyMax = this.one(
    "lxc.pty.max",
    wholeNumber(0, 4_294_967_295),
    1024,
    "How many pseudo terminals the container may open.",
  );
  readonly rootfsPath = this.maybe(
    "lxc.rootfs.path",
    line,
    "Where the root file system is, as `backend:path` or a path.",
  );
  readonly mountEntry = this.many("lxc.mount.entry", line, "One mount, as a line of fstab.");
  readonly hookPreStart = this.many("lxc.hook.pre-start", path, "Run on the host before the container starts.");
  readonly capDrop = this.many("lxc.cap.drop", line, "Capabilities the container gives up.");
  readonly environment = this.many("lxc.environment", line, "A variable for the first process, as NAME=value.");
  readonly cgroup = this.named("lxc.cgroup2.", line, "A value for one file of the container's cgroup.");
  readonly sysctl = this.named("lxc.sysctl.", line, "A kernel parameter, by its dotted name.");
  readonly networks = this.numbered("lxc.net.", () => new NetworkConfig());
}
