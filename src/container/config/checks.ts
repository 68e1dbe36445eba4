// What is wrong across keys: lists of small functions, each returning what it found or nothing. Pure.

import type { NamespaceName } from "../../isolation/namespaces.ts";
import type { NetworkConfig } from "./network-schema.ts";
import {
  additionsNeedPair,
  leaseNeedsBridge,
  leaseOrAddress,
  publishedCanBe,
  publishedMustDiffer,
  publishedNeedsAddress,
  publishedNeedsWay,
} from "./publish-checks.ts";
import type { Config } from "./schema.ts";
import type { Complaint, Maybe, Setting } from "./settings.ts";

type Rule = (config: Config) => Complaint | undefined;
type NetworkRule = (network: NetworkConfig) => Complaint | undefined;

interface RuleRow {
  readonly rule: Rule;
}
interface NetworkRuleRow {
  readonly rule: NetworkRule;
}

/** What makes a file unreadable, as in LXC. */
const conflictRules: readonly RuleRow[] = [{ rule: keepOrDrop }, { rule: cloneOrKeep }];

/** What must be put right before a start. */
const startRules: readonly RuleRow[] = [
  { rule: oneWayToNameCgroups },
  { rule: monitorNeedsContainer },
  { rule: containerNeedsMonitor },
  { rule: innerNeedsContainer },
  { rule: rotationNeedsFile },
  { rule: mapsMustNotOverlap },
  { rule: mapsNeedNamespace },
  { rule: namespaceNeedsMaps },
  { rule: rootfsNeedsMounts },
  { rule: namesMustDiffer },
  { rule: pairsMustDiffer },
  { rule: portsMustDiffer },
];

const networkStartRules: readonly NetworkRuleRow[] = [
  { rule: gatewayNeedsAddress },
  { rule: gateway6NeedsAddress },
  { rule: gatewayNeedsUp },
  { rule: proxyNeedsAddress },
  { rule: kindNeedsLink },
  { rule: additionsNeedPair },
  { rule: publishedNeedsWay },
  { rule: publishedNeedsAddress },
  { rule: publishedCanBe },
  { rule: leaseNeedsBridge },
  { rule: leaseOrAddress },
];

/** What has no effect, or hardly the one its author had in mind. */
const doubtRules: readonly RuleRow[] = [
  { rule: delayNeedsAuto },
  { rule: optionsNeedRootfs },
  { rule: sizeNeedsFile },
  { rule: cookieNeedsProxy },
  { rule: mapsForBoth },
  { rule: rawNeedsGenerated },
];

const networkDoubtRules: readonly NetworkRuleRow[] = [
  { rule: vlanNeedsNumber },
  { rule: emptyHasNothing },
  { rule: addressNeedsPrefix },
];

/** The contradictions that make the file unreadable. */
export function conflictsIn(config: Config): Complaint[] {
  return complaintsOf(conflictRules, config);
}

/** What a start must refuse. */
export function problemsIn(config: Config): Complaint[] {
  return complaintsOf(startRules, config).concat(networkComplaints(networkStartRules, config));
}

/** What a start only warns of. */
export function doubtsIn(config: Config): Complaint[] {
  return complaintsOf(doubtRules, config).concat(networkComplaints(networkDoubtRules, config));
}

function complaintsOf(rows: readonly RuleRow[], config: Config): Complaint[] {
  const complaints: Complaint[] = [];
  for (const row of rows) {
    const complaint = row.rule(config);
    if (complaint !== undefined) complaints.push(complaint);
  }
  return complaints;
}

function networkComplaints(rows: readonly NetworkRuleRow[], config: Config): Complaint[] {
  const complaints: Complaint[] = [];
  for (const network of config.networks.items) {
    for (const row of rows) {
      const complaint = row.rule(network);
      if (complaint !== undefined) complaints.push(complaint);
    }
  }
  return complaints;
}

function about(setting: Setting, problem: string, hint: string): Complaint {
  return { about: "value", key: setting.key, problem, hint };
}

function exclude(one: Setting, other: Setting): Complaint | undefined {
  if (!one.isUsed() || !other.isUsed()) return undefined;
  return about(one, `it excludes ${other.key}`, "take one of them out");
}

function needs(one: Setting, other: Setting, otherwise: string): Complaint | undefined {
  if (!one.isUsed() || other.isUsed()) return undefined;
  return about(one, `${otherwise} without ${other.key}`, `set ${other.key} as well, or take ${one.key} out`);
}

function keepOrDrop(config: Config): Complaint | undefined {
  return exclude(config.capKeep, config.capDrop);
}

function cloneOrKeep(config: Config): Complaint | undefined {
  return exclude(config.namespaceKeep, config.namespaceClone);
}

function oneWayToNameCgroups(config: Config): Complaint | undefined {
  return exclude(config.cgroupDir, config.cgroupDirMonitor) ?? exclude(config.cgroupDir, config.cgroupDirContainer);
}

function monitorNeedsContainer(config: Config): Complaint | undefined {
  return needs(config.cgroupDirMonitor, config.cgroupDirContainer, "it cannot be used");
}

function containerNeedsMonitor(config: Config): Complaint | undefined {
  return needs(config.cgroupDirContainer, config.cgroupDirMonitor, "it cannot be used");
}

function innerNeedsContainer(config: Config): Complaint | undefined {
  return needs(config.cgroupDirContainerInner, config.cgroupDirContainer, "it cannot be used");
}

function rotationNeedsFile(config: Config): Complaint | undefined {
  return needs(config.consoleRotate, config.consoleLogfile, "it cannot be used");
}

/** The kernel takes no map in which an id stands twice (user_namespaces(7)). */
function mapsMustNotOverlap(config: Config): Complaint | undefined {
  if (!config.idmap.isUsed()) return undefined;
  for (const kind of ["u", "g"]) {
    const maps = config.idmap.values.filter((map): boolean => map.kind === kind);
    const isTwice = haveTwice(maps.map((map) => ({ first: map.inside, count: map.count })));
    if (!isTwice && !haveTwice(maps.map((map) => ({ first: map.outside, count: map.count })))) continue;
    const problem = `two ranges have the same ids ${isTwice ? "inside" : "outside"} the container`;
    return about(config.idmap, problem, "make them end where the next one begins");
  }
  return undefined;
}

/** By which key the container cannot have a namespace of its own. */
function takenBy(config: Config, name: NamespaceName): string | undefined {
  if (config.namespaceKeep.values.includes(name)) return config.namespaceKeep.key;
  const only = config.namespaceClone.values;
  if (only.length > 0 && !only.includes(name)) return config.namespaceClone.key;
  const isShared = config.namespaceShare.entries.some((entry) => entry.name === name);
  return isShared ? `lxc.namespace.share.${name}` : undefined;
}

function mapsNeedNamespace(config: Config): Complaint | undefined {
  const taker = config.idmap.isUsed() ? takenBy(config, "user") : undefined;
  if (taker === undefined) return undefined;
  const hint = `take ${config.idmap.key} out, or let the container have its user namespace`;
  const problem = `the user namespace is somebody else's, and ${config.idmap.key} is set`;
  return { about: "value", key: taker, problem, hint };
}

function namespaceNeedsMaps(config: Config): Complaint | undefined {
  if (!config.namespaceClone.values.includes("user")) return undefined;
  return needs(config.namespaceClone, config.idmap, "nobody would be in the new user namespace");
}

/** In a mount namespace of the host, or of another container, a root file system would be built over what is there. */
function rootfsNeedsMounts(config: Config): Complaint | undefined {
  const taker = config.rootfsPath.isUsed() ? takenBy(config, "mnt") : undefined;
  if (taker === undefined) return undefined;
  const hint = `take ${config.rootfsPath.key} out to run in the files of that namespace, or let the container have its own`;
  const problem = `the mount namespace is somebody else's, and ${config.rootfsPath.key} is set`;
  return { about: "value", key: taker, problem, hint };
}

interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** Whether an id is in two of the ranges. */
function haveTwice(ranges: readonly IdRange[]): boolean {
  const sorted = ranges.toSorted((one, other) => one.first - other.first);
  let end = 0;
  for (let i = 0; i < sorted.length; i++) {
    const range = sorted[i]!;
    if (i > 0 && range.first < end) return true;
    end = range.first + range.count;
  }
  return false;
}

function namesMustDiffer(config: Config): Complaint | undefined {
  return twoAlike(config, (network) => network.name);
}

function portsMustDiffer(config: Config): Complaint | undefined {
  return publishedMustDiffer(config.networks.items);
}

function pairsMustDiffer(config: Config): Complaint | undefined {
  return twoAlike(config, (network) => network.vethPair);
}

function twoAlike(config: Config, nameIn: (network: NetworkConfig) => Maybe<string>): Complaint | undefined {
  const seen: string[] = [];
  for (const network of config.networks.items) {
    const setting = nameIn(network);
    const name = setting.value;
    if (name === undefined) continue;
    if (seen.includes(name))
      return network.about(setting, `two devices cannot both be called ${name}`, "give one of them another name");
    seen.push(name);
  }
  return undefined;
}

function gatewayNeedsAddress(network: NetworkConfig): Complaint | undefined {
  if (network.ipv4Gateway.value?.kind !== "address" || network.ipv4Address.isUsed()) return undefined;
  return network.needs(network.ipv4Gateway, network.ipv4Address);
}

function gateway6NeedsAddress(network: NetworkConfig): Complaint | undefined {
  if (network.ipv6Gateway.value?.kind !== "address" || network.ipv6Address.isUsed()) return undefined;
  return network.needs(network.ipv6Gateway, network.ipv6Address);
}

function gatewayNeedsUp(network: NetworkConfig): Complaint | undefined {
  if (network.flags.value) return undefined;
  if (network.ipv4Gateway.isUsed()) return network.needs(network.ipv4Gateway, network.flags);
  return network.ipv6Gateway.isUsed() ? network.needs(network.ipv6Gateway, network.flags) : undefined;
}

function proxyNeedsAddress(network: NetworkConfig): Complaint | undefined {
  const has = network.ipv4Address.isUsed() || network.ipv6Address.isUsed();
  return network.l2proxy.value && !has ? network.needs(network.l2proxy, network.ipv4Address) : undefined;
}

/** As in LXC, a veth pair alone goes without. */
function kindNeedsLink(network: NetworkConfig): Complaint | undefined {
  const kind = network.type.value;
  if (kind === "none" || kind === "empty" || kind === "veth" || network.link.isUsed()) return undefined;
  return network.about(
    network.type,
    `a network of type ${kind} needs a device of the host`,
    `set ${network.keyOf(network.link)}`,
  );
}

function delayNeedsAuto(config: Config): Complaint | undefined {
  return needs(config.startDelay, config.startAuto, "it has no effect");
}

function optionsNeedRootfs(config: Config): Complaint | undefined {
  return needs(config.rootfsOptions, config.rootfsPath, "it has no effect");
}

function sizeNeedsFile(config: Config): Complaint | undefined {
  return needs(config.consoleSize, config.consoleLogfile, "it has no effect");
}

function cookieNeedsProxy(config: Config): Complaint | undefined {
  return needs(config.seccompNotifyCookie, config.seccompNotifyProxy, "it has no effect");
}

function mapsForBoth(config: Config): Complaint | undefined {
  const maps = config.idmap.values;
  const users = maps.some((map) => map.kind === "u");
  if (maps.length === 0 || (users && maps.some((map) => map.kind === "g"))) return undefined;
  const missing = users ? "group" : "user";
  return about(
    config.idmap,
    `no ${missing} ids are mapped`,
    `add a line that begins with ${missing.charAt(0)}, such as "${missing.charAt(0)} 0 100000 65536"`,
  );
}

function rawNeedsGenerated(config: Config): Complaint | undefined {
  const profile = config.apparmorProfile.value ?? "";
  if (!config.apparmorRaw.isUsed() || profile === GENERATED) return undefined;
  return about(config.apparmorRaw, "it has no effect", `set ${config.apparmorProfile.key} = ${GENERATED}`);
}

const GENERATED = "generated";

function vlanNeedsNumber(network: NetworkConfig): Complaint | undefined {
  if (network.type.value !== "vlan" || network.vlanId.isUsed()) return undefined;
  return network.about(network.type, "without a number it is VLAN 0", `set ${network.keyOf(network.vlanId)}`);
}

/** Most likely its type was forgotten. */
function emptyHasNothing(network: NetworkConfig): Complaint | undefined {
  if (network.type.value !== "empty") return undefined;
  const useless: Setting[] = [network.link, network.hwaddr, network.ipv4Gateway, network.ipv6Gateway, network.mtu];
  for (const setting of useless) {
    if (!setting.isUsed()) continue;
    const hint = `put ${network.keyOf(network.type)} = veth, or another type, before it`;
    return network.about(setting, "a network of type empty has no use for it", hint);
  }
  return undefined;
}

/** LXC takes the class of the address from its last number instead of its first. */
function addressNeedsPrefix(network: NetworkConfig): Complaint | undefined {
  const bare = network.ipv4Address.values.find((address) => !address.hasPrefix);
  if (bare === undefined) return undefined;
  const whole = network.ipv4Address.codec.format(bare);
  const problem = `without a prefix it is ${whole}, where LXC may take another`;
  return network.about(network.ipv4Address, problem, `write ${whole}`);
}
