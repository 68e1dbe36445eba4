// What one container needs: its configuration, its ids, its root file system, and what of the kernel its keys use. Pure.

import { type Finding, findingText } from "../base/finding.ts";
import { groupsIn } from "../kernel/groups.ts";
import { findingsIn, unsupportedIn } from "./config/findings.ts";
import type { ReadConfig } from "./config/load.ts";
import type { NetworkConfig } from "./config/network-schema.ts";
import { publishedText } from "./config/publish-codecs.ts";
import type { Config } from "./config/schema.ts";
import { publishRules, usernetRules } from "./config/usernet.ts";
import { type DoctorCheck, fine, found, weighed } from "./doctor-checks.ts";
import { checkMaps } from "./doctor-ids.ts";
import { checkRootfs, type RootfsFacts } from "./doctor-rootfs.ts";
import { idOf } from "./doctor-weights.ts";
import { byHand, type Checked, type HostFacts } from "./host-facts.ts";
import type { Caller } from "./network/caller.ts";
import { NO_BRIDGE, rulesFor } from "./network/nics.ts";
import { mayPublish, publishLine } from "./network/publish-rules.ts";
import { NIC_HELPER, PUBLISH_HELPER, setuidFix } from "./network/setuid-helpers.ts";
import { USERNET, usernetLine } from "./network/user-refusals.ts";

/** What was read of a container. */
export interface ContainerFacts {
  readonly name: string;
  readonly read: ReadConfig;
  /** The group of the user who is to start it. */
  readonly gid: number;
  readonly rootfs: RootfsFacts;
  /** The network devices of the host. */
  readonly links: readonly string[];
  /** What its limits come to on this host. */
  readonly limits: readonly LimitFacts[];
}

/** One limit that does not hold. */
export interface LimitFacts {
  /** Whether a start refuses it; else the container runs without. */
  readonly isRefused: boolean;
  readonly problem: string;
  readonly hint: string;
}

export function checkContainer(host: HostFacts, checked: readonly Checked[], container: ContainerFacts): DoctorCheck[] {
  const { config } = container.read;
  return checkConfig(container).concat(
    checkMaps(host, config.idmap.values, container.gid),
    checkRootfs(host, config, container.rootfs),
    checkNetworks(host, config, container),
    checkFeatures(checked, config),
    checkLimits(container.limits),
  );
}

/** Findings of its file; what lxc-ts cannot do yet is refused at a start, so it weighs as much as an error. */
function checkConfig(container: ContainerFacts): DoctorCheck[] {
  const { config, sources } = container.read;
  const checks: DoctorCheck[] = [];
  for (const finding of findingsIn(container.read)) {
    if (finding.severity === "warning") checks.push(ofFinding("config-warning", finding));
    if (finding.severity === "error") checks.push(ofFinding("config-error", finding));
  }
  for (const finding of unsupportedIn(config, sources, "error")) checks.push(ofFinding("config-unsupported", finding));
  return checks.length === 0 ? [fine("config", `Configuration of ${container.name}`, "")] : checks;
}

function ofFinding(id: string, finding: Finding): DoctorCheck {
  const weight = finding.severity === "error" ? "stops" : "advice";
  const bare: Finding = {
    severity: finding.severity,
    file: finding.file,
    line: finding.line,
    column: finding.column,
    subject: finding.subject,
    problem: finding.problem,
    hint: "",
  };
  return found(id, weight, findingText(bare), "", byHand(finding.hint));
}

function checkNetworks(host: HostFacts, config: Config, container: ContainerFacts): DoctorCheck[] {
  const checks: DoctorCheck[] = [];
  for (const network of config.networks.items) {
    const key = `lxc.net.${network.index}`;
    if (network.type.value !== "veth") continue;
    const link = network.link.value ?? "";
    if (host.uid !== 0) checks.push(userNetwork(host, key, link, container.gid));
    if (host.uid !== 0 && network.publish.isUsed()) checks.push(userPorts(host, network, link, container.gid));
    if (link === "" || container.links.includes(link)) continue;
    const fix = link === "lxcbr0" ? "lxc-net start" : `ip link add ${link} type bridge && ip link set ${link} up`;
    checks.push(found("network-link", "stops", `${key}.link`, `there is no network device ${link}`, byHand(fix)));
  }
  return checks;
}

/** An end of a veth pair is a device of the host: its root has lxc-user-nic make it for those whom a file names. */
function userNetwork(host: HostFacts, key: string, link: string, gid: number): DoctorCheck {
  const what = `${key}.type = veth`;
  const helper = host.program(NIC_HELPER);
  const stops = (detail: string, fix: string): DoctorCheck => found("network-user", "stops", what, detail, byHand(fix));
  if (helper.path === "") return stops(`${NIC_HELPER} is not installed`, `install it, or use empty for ${key}.type`);
  if (!helper.isPrivileged) return stops(`${helper.path} is not setuid root`, setuidFix(helper.path));
  const bridge = link === "" ? NO_BRIDGE : link;
  const caller = callerIn(host, gid);
  const rules = rulesFor(usernetRules(host.text(USERNET)), caller, bridge);
  if (rules.some((rule) => rule.count > 0)) return fine("network-user", what, helper.path);
  const { name } = caller;
  return stops(`${USERNET} allows ${name} no device there`, `add this line to it: ${usernetLine(name, bridge)}`);
}

function callerIn(host: HostFacts, gid: number): Caller {
  const { uid, userName: name } = host;
  return { uid, name, groups: groupsIn(host.text("/etc/group"), name, gid) };
}

/** Ports are the host's, too: its root has lxc-user-publish lead them to containers of those whom the same file names. */
function userPorts(host: HostFacts, network: NetworkConfig, link: string, gid: number): DoctorCheck {
  const what = network.keyOf(network.publish);
  const helper = host.program(PUBLISH_HELPER);
  const stops = (detail: string, fix: string): DoctorCheck =>
    found("network-ports", "stops", what, detail, byHand(fix));
  if (helper.path === "") return stops(`${PUBLISH_HELPER} is not installed`, `install it, or take ${what} out`);
  if (!helper.isPrivileged) return stops(`${helper.path} is not setuid root`, setuidFix(helper.path));
  const caller = callerIn(host, gid);
  const rules = publishRules(host.text(USERNET));
  for (const ports of network.publish.values) {
    if (mayPublish(rules, caller, link, ports)) continue;
    const detail = `${USERNET} lets ${caller.name} not publish ${publishedText(ports)} there`;
    return stops(detail, `add this line to it: ${publishLine(caller.name, link, ports)}`);
  }
  return fine("network-ports", what, helper.path);
}

/** What its keys need of the kernel, and a start cannot do without. */
function checkFeatures(checked: readonly Checked[], config: Config): DoctorCheck[] {
  const items: string[] = [];
  if (config.timeOffsetBoot.values.length + config.timeOffsetMonotonic.values.length > 0) items.push("Time namespace");
  if (config.seccompProfile.value !== undefined) items.push("Seccomp");
  if (config.mountEntry.values.some((entry) => entry.type === "overlay" && !entry.optional)) items.push("Overlay");
  if (config.networks.items.some((network) => network.type.value === "veth")) items.push("Veth pair device");
  if (config.idmap.values.length > 0) items.push("User namespace", "max_user_namespaces");
  return checked.filter((line) => items.includes(line.item)).map((line) => weighed(idOf(line.item), "stops", line));
}

function checkLimits(limits: readonly LimitFacts[]): DoctorCheck[] {
  const checks: DoctorCheck[] = [];
  for (const { isRefused, problem, hint } of limits) {
    checks.push(found("limits", isRefused ? "stops" : "limits", problem, "", byHand(hint)));
  }
  return checks;
}
