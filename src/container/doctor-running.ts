// What a container's state, log, network and limits tell of why it failed or has no address. Pure.

import { visible } from "../base/text.ts";
import { type DoctorCheck, fine, found } from "./doctor-checks.ts";
import { byHand } from "./host-facts.ts";

/** One network of the configuration. */
export interface NetworkFacts {
  /** `lxc.net.N`. */
  readonly key: string;
  readonly type: string;
  /** The host's device; "" for none. */
  readonly link: string;
  /** Whether that is up; true without one. */
  readonly isLinkUp: boolean;
  /** Whether lxc.net.N.flags = up. */
  readonly goesUp: boolean;
  /** Whether the configuration has an address. */
  readonly hasAddress: boolean;
}

/** A device inside, not the loopback. */
export interface InsideDevice {
  readonly name: string;
  readonly isUp: boolean;
  readonly addresses: readonly string[];
}

/** What is asked of one that runs. */
export interface RunFacts {
  readonly name: string;
  /** -P and its value for a command line, or "". */
  readonly place: string;
  /** A state's name, "STUCK" when its monitor does not answer. */
  readonly state: string;
  readonly logFile: string;
  /** The last error of its log and the lines below; none when there is none. */
  readonly logLines: readonly string[];
  readonly networks: readonly NetworkFacts[];
  /** Undefined when it could not be looked at. */
  readonly devices: readonly InsideDevice[] | undefined;
  readonly hasDefaultRoute: boolean;
  /** Whether something on the host answers DHCP. */
  readonly hasDhcpServer: boolean;
  /** Whether the host hands packets on: /proc/sys/net/ipv4/ip_forward. */
  readonly forwards: boolean;
  /** How often a program was killed for lack of memory; 0 where nobody counts. */
  readonly oomKills: number;
  /** Undefined where there is no limit. */
  readonly tasks: number | undefined;
  readonly mostTasks: number | undefined;
  /** How often a program could not start another because of that limit; 0 where nobody counts. */
  readonly refusedForks: number;
  /** What a security module denied it lately, each with a rule that would allow it. */
  readonly denials: readonly Denied[];
}

export interface Denied {
  readonly what: string;
  readonly fix: string;
}

export function checkRunning(facts: RunFacts): DoctorCheck[] {
  return checkState(facts).concat(checkLog(facts), checkNetwork(facts), checkUse(facts), checkDenials(facts));
}

function isUp(facts: RunFacts): boolean {
  return facts.state === "RUNNING" || facts.state === "FROZEN" || facts.state === "THAWED";
}

function checkState(facts: RunFacts): DoctorCheck[] {
  const what = `State of ${facts.name}`;
  const { name, place, state } = facts;
  if (state === "STUCK") {
    const detail = "its monitor does not answer";
    return [found("state", "limits", what, detail, byHand(`end it by force: lxc-stop -k ${name}${place}`))];
  }
  if (state === "FROZEN") {
    return [found("state", "limits", what, "it is frozen", byHand(`thaw it: lxc-unfreeze ${name}${place}`))];
  }
  return [fine("state", what, state)];
}

/** Of one that runs the log may tell of a start before this one. */
function checkLog(facts: RunFacts): DoctorCheck[] {
  const { logFile, logLines, name, place } = facts;
  if (logLines.length > 0) {
    const what = isUp(facts) ? "An error in its log" : "Last error in its log";
    return [found("last-failure", "advice", what, logLines.map(visible).join("; "), byHand(`read ${logFile}`))];
  }
  if (facts.state !== "STOPPED") return [];
  return [fine("last-failure", "Errors in its log", `none; lxc-start ${name}${place} says why a start fails`)];
}

function checkNetwork(facts: RunFacts): DoctorCheck[] {
  const checks: DoctorCheck[] = [];
  for (const network of facts.networks) checks.push(...checkLink(network));
  if (!isUp(facts) || facts.networks.every((network) => network.type === "none")) return checks;
  if (facts.networks.every((network) => network.type === "empty")) {
    const detail = "its configuration gives it none";
    const fix = "set lxc.net.0.type = veth and lxc.net.0.link to a bridge, to give it one";
    return checks.concat([found("network-none", "advice", "Network", detail, byHand(fix))]);
  }
  return facts.devices === undefined ? checks : checks.concat(checkDevices(facts, facts.devices));
}

function checkDevices(facts: RunFacts, devices: readonly InsideDevice[]): DoctorCheck[] {
  const checks: DoctorCheck[] = [];
  if (devices.length === 0) {
    const fix = byHand(`restart it: lxc-stop ${facts.name}${facts.place}; its device was moved or removed`);
    return checks.concat([found("network-device", "limits", "Network inside", "it has no device", fix)]);
  }
  let hasAddress = false;
  for (const device of devices) {
    checks.push(...checkDevice(facts, device));
    if (device.addresses.length > 0) hasAddress = true;
  }
  return hasAddress ? checks.concat(checkWay(facts)) : checks;
}

function checkLink(network: NetworkFacts): DoctorCheck[] {
  const { key, link } = network;
  const checks: DoctorCheck[] = [];
  if (!network.isLinkUp) {
    checks.push(
      found("network-link-down", "limits", `${key}.link`, `${link} is down`, byHand(`ip link set ${link} up`)),
    );
  }
  if (network.type === "veth" && !network.goesUp) {
    const detail = "its device inside stays down";
    checks.push(found("network-flags", "limits", `${key}.flags`, detail, byHand(`set ${key}.flags = up`)));
  }
  return checks;
}

function checkDevice(facts: RunFacts, device: InsideDevice): DoctorCheck[] {
  const { name, place } = facts;
  const what = `${visible(device.name)} inside`;
  const attach = `lxc-attach ${name}${place} --`;
  if (!device.isUp) {
    const fix = byHand(`${attach} ip link set ${visible(device.name)} up`);
    return [found("network-device-down", "limits", what, "it is down", fix)];
  }
  if (device.addresses.length > 0) return [fine("network-address", what, device.addresses.map(visible).join(", "))];
  const fix = facts.hasDhcpServer
    ? `a DHCP server is there: run a client inside, such as ${attach} udhcpc -i ${visible(device.name)}; and see that no firewall keeps it from UDP port 67`
    : `nothing here answers DHCP: lxc-net start; or set ${keyOf(facts)}.ipv4.address`;
  return [found("network-address", "limits", what, "it has no address", byHand(fix))];
}

function keyOf(facts: RunFacts): string {
  return facts.networks[0]?.key ?? "lxc.net.0";
}

/** The way out, for one with an address. */
function checkWay(facts: RunFacts): DoctorCheck[] {
  if (!facts.hasDefaultRoute) {
    const fix = byHand(`set ${keyOf(facts)}.ipv4.gateway = auto, or the address of its bridge`);
    return [found("network-route", "limits", "Way out of its network", "it has no default route", fix)];
  }
  if (facts.forwards) return [fine("network-route", "Way out of its network", "")];
  const detail = "the host hands no packets on";
  return [
    found("network-forward", "limits", "Way out of its network", detail, byHand("sysctl -w net.ipv4.ip_forward=1")),
  ];
}

function checkUse(facts: RunFacts): DoctorCheck[] {
  const checks: DoctorCheck[] = [];
  const { name, place, oomKills, tasks, mostTasks } = facts;
  if (oomKills > 0) {
    const times = oomKills === 1 ? "once" : `${oomKills} times`;
    const detail = `a program was killed for lack of memory, ${times}`;
    const fix = `give it more: lxc-config set ${name}${place} lxc.limit.memory SIZE`;
    checks.push(found("memory-limit", "limits", "Memory", detail, byHand(fix)));
  }
  const isFull = tasks !== undefined && mostTasks !== undefined && tasks >= mostTasks;
  if (isFull || facts.refusedForks > 0) {
    const fix = byHand(`allow more: lxc-config set ${name}${place} lxc.limit.pids NUMBER`);
    const detail = isFull
      ? `it has all ${mostTasks ?? 0} that it may have`
      : `it has had all ${mostTasks ?? 0} that it may have`;
    checks.push(found("pids-limit", "limits", "Processes", detail, fix));
  }
  return checks;
}

function checkDenials(facts: RunFacts): DoctorCheck[] {
  return facts.denials.map((denial) => found("denial", "limits", denial.what, "", byHand(denial.fix)));
}

const HEADER = " ERROR ";

/** The last error in the text of a log, with the lines below it that have no head of their own. */
export function lastErrorIn(text: string, most: number): string[] {
  const lines = text.split("\n");
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at]!;
    const head = line.indexOf(HEADER);
    if (head < 0 || !isHeader(line)) continue;
    const said: string[] = [messageOf(line)];
    for (let next = at + 1; next < lines.length && said.length < most && !isHeader(lines[next]!); next++) {
      if (lines[next]!.trim() !== "") said.push(lines[next]!.trim());
    }
    return said;
  }
  return [];
}

/** `PROGRAM NAME YYYYMMDDHHMMSS.mmm LEVEL    CATEGORY - FILE:FUNCTION:LINE - MESSAGE`. */
function isHeader(line: string): boolean {
  const words = line.split(" ");
  const time = words[2] ?? "";
  return time.length === 18 && time.charAt(14) === "." && line.includes(" - ");
}

function messageOf(line: string): string {
  const first = line.indexOf(" - ");
  const second = line.indexOf(" - ", first + 3);
  return second < 0 ? line.slice(first + 3) : line.slice(second + 3);
}

/** Whether the text of /proc/net/udp has a socket on a port. */
export function listensOn(udp: string, port: number): boolean {
  const wanted = `:${hexOf(port)}`;
  for (const line of udp.split("\n").slice(1)) {
    const address = line.trim().split(" ")[1] ?? "";
    if (address.endsWith(wanted)) return true;
  }
  return false;
}

function hexOf(port: number): string {
  const digits = "0123456789ABCDEF";
  let text = "";
  for (let shift = 12; shift >= 0; shift -= 4) text += digits.charAt((port >> shift) & 15);
  return text;
}
