// What a start will do, in words and in order: for lxc-start --dry-run. Pure.

import { joinPath } from "../base/path.ts";
import type { Config } from "../container/config/schema.ts";
import { type HookType, hookCalls } from "../container/hook-calls.ts";
import { addressText } from "../container/network/gateways.ts";
import type { PlannedNetwork } from "../container/network/planned.ts";
import { isOverlay, overlayPathsIn } from "../container/rootfs/layers.ts";
import { explain, type MountStep } from "../container/rootfs/steps.ts";
import type { Hierarchy } from "../isolation/cgroup/layout.ts";
import type { IdMapping } from "../isolation/id-maps.ts";
import { hasNamespace, namespaceNames, offsetsText } from "../isolation/namespaces.ts";
import type { StartPlan } from "./plan.ts";

/** What kind of thing a step makes or changes. */
export type PlanPart =
  | "hook"
  | "cgroup"
  | "namespace"
  | "id map"
  | "limit"
  | "network"
  | "mount"
  | "device"
  | "terminal"
  | "setting"
  | "program";

export interface PlannedStep {
  readonly part: PlanPart;
  /** What is done, without a dot at its end. */
  readonly does: string;
}

const NAME_WIDTH = 11;

/** The steps in the order in which a start takes them, as far as one waits for another. */
export function plannedSteps(plan: StartPlan): PlannedStep[] {
  const config = plan.options.config;
  const list = new StepList();
  list.add("hook", hooks(plan, "pre-start"));
  list.add("cgroup", cgroups(plan));
  list.add("namespace", namespaces(plan));
  list.add(
    "id map",
    plan.idMaps.map((map): string => idMap(map)),
  );
  list.add(
    "limit",
    plan.limits.limits.map((limit): string => `${limit.file} = ${limit.value} (${limit.label})`),
  );
  for (const network of plan.network.networks) list.add("network", networkSteps(network));
  list.add("setting", ofFirstProcess(config));
  list.add("hook", hooks(plan, "pre-mount"));
  list.add("mount", [rootMount(plan)]);
  if (hasNamespace(plan.namespaces.own, "uts") && config.utsName.value !== undefined)
    list.add("setting", [`the host name ${config.utsName.value}`]);
  list.addMounts(plan.steps.mounts);
  list.addMounts(plan.steps.cgroups);
  list.add("hook", hooks(plan, "mount"));
  if (config.autodev.value) list.add("hook", hooks(plan, "autodev"));
  list.addMounts(plan.steps.devices);
  list.add("terminal", terminals(plan));
  if (plan.rootfs !== "") list.add("mount", [`make ${plan.mountPoint} the root`]);
  list.addMounts(plan.steps.inside);
  list.add("setting", settingsInside(plan));
  list.add(
    "device",
    plan.limits.devices.map((rule): string => `rule ${rule.value} (${rule.label})`),
  );
  list.add("hook", hooks(plan, "start-host").concat(hooks(plan, "start")));
  list.add("program", [program(plan)]);
  return list.steps;
}

/** A line for each step, the kind of thing in front. */
export function planText(steps: readonly PlannedStep[]): string {
  return steps.map((step): string => `${step.part.padEnd(NAME_WIDTH)}${step.does}\n`).join("");
}

class StepList {
  readonly steps: PlannedStep[] = [];

  add(part: PlanPart, texts: readonly string[]): void {
    for (const does of texts) this.steps.push({ part, does });
  }

  addMounts(steps: readonly MountStep[]): void {
    for (const step of steps)
      this.add(step.kind === "node" || step.kind === "link" ? "device" : "mount", [explain(step)]);
  }
}

function hooks(plan: StartPlan, type: HookType): string[] {
  const environment = plan.hookEnvironment;
  const args: readonly string[] = [];
  const calls = hookCalls(plan.options.config, { type, name: plan.options.container.name, environment, args });
  return calls.map((call): string => `run ${call.key} = ${call.command}`);
}

function cgroups(plan: StartPlan): string[] {
  const { hierarchies } = plan.cgroups.layout;
  return hierarchies.map((hierarchy): string => cgroup(hierarchy, plan.rootfsFacts.payload));
}

function cgroup(hierarchy: Hierarchy, payload: string): string {
  const path = joinPath(joinPath(hierarchy.mountPoint, hierarchy.base), payload);
  return `make ${path}${hierarchy.version === 1 ? ` for ${hierarchy.controllers.join(", ")}` : ""}`;
}

function namespaces(plan: StartPlan): string[] {
  const own = plan.namespaces.own;
  const joined = plan.namespaces.joined;
  const made = namespaceNames.filter((name): boolean => hasNamespace(own, name));
  const kept = namespaceNames.filter(
    (name): boolean => !hasNamespace(own, name) && !joined.some((shared): boolean => shared.name === name),
  );
  const texts = joined.map((shared): string => `join the ${shared.name} namespace of ${shared.from}`);
  if (made.length > 0) texts.push(`make those of its own: ${made.join(", ")}`);
  if (kept.length > 0) texts.push(`stay in those of the caller: ${kept.join(", ")}`);
  for (const clock of offsetsText(plan.clocks).split("\n")) if (clock !== "") texts.push(`clock offset ${clock}`);
  return texts;
}

function idMap(map: IdMapping): string {
  const what = map.kind === "u" ? "users" : "groups";
  const range = (first: number): string => (map.count === 1 ? `${first}` : `${first} to ${first + map.count - 1}`);
  return `${what} ${range(map.inside)} are ${range(map.outside)} outside`;
}

function networkSteps(network: PlannedNetwork): string[] {
  if (network.type === "empty") return ["make the loopback device"];
  const texts = [deviceStep(network)];
  for (const address of network.addresses)
    texts.push(`give ${network.name} the address ${addressText(address.bytes)}/${address.prefix}`);
  for (const route of network.routes) texts.push(route.doing);
  return texts;
}

function deviceStep(network: PlannedNetwork): string {
  const { type, name, link, veth } = network;
  if (type === "phys") return `move the host's device ${link} in, as ${name}`;
  if (veth === undefined) return `make ${name}, of kind ${type}, on the host's device ${link}`;
  if (veth.isRouter) return `make ${name}, a pair of devices with one end outside, routed`;
  const bridge = link === "" ? "" : ` on the bridge ${link}`;
  return `make ${name}, a pair of devices with one end outside${bridge}`;
}

function ofFirstProcess(config: Config): string[] {
  const files = config.proc.entries.map(
    (file): string => `/proc/PID/${file.name} of its first process = ${file.value}`,
  );
  const limits = config.prlimit.entries.map(
    (limit): string => `resource limit ${limit.name} = ${limit.value.soft}:${limit.value.hard}`,
  );
  return files.concat(limits);
}

function rootMount(plan: StartPlan): string {
  const config = plan.options.config;
  if (plan.rootfs === "") return "use the host's own root";
  const options = config.rootfsOptions.value ?? "";
  const suffix = ` on ${plan.mountPoint}${options === "" ? "" : ` (${options})`}`;
  if (!isOverlay(config.rootfsPath.value?.type ?? "")) return `bind ${plan.rootfs}${suffix}`;
  const { lowers, upper } = overlayPathsIn(plan.rootfs);
  return `put ${upper} over ${lowers.join(" over ")}${suffix}`;
}

function terminals(plan: StartPlan): string[] {
  const config = plan.options.config;
  const texts = plan.console === "none" ? [] : [`make /dev/console, from the pseudo terminals of the ${plan.console}`];
  const hasTtys = plan.rootfs !== "" && hasNamespace(plan.namespaces.own, "mnt") && config.ttyMax.value > 0;
  if (hasTtys) texts.push(`make ${config.ttyMax.value} login terminals`);
  return texts;
}

function settingsInside(plan: StartPlan): string[] {
  const config = plan.options.config;
  const texts = config.sysctl.entries.map((sysctl): string => `${sysctl.name} = ${sysctl.value}`);
  const kept = config.capKeep.values;
  if (kept.length > 0) texts.push(`keep of the capabilities only ${kept.join(" ")}`);
  else if (config.capDrop.values.length > 0) texts.push(`give up the capabilities ${config.capDrop.values.join(" ")}`);
  if (config.noNewPrivs.value) texts.push("no program may gain privileges");
  if (config.seccompProfile.value !== undefined) texts.push(`filter system calls by ${config.seccompProfile.value}`);
  if (plan.confinement.label !== "") texts.push(`run it as ${plan.confinement.label}`);
  return texts;
}

function program(plan: StartPlan): string {
  const config = plan.options.config;
  const uid = config.initUid.value;
  const gid = config.initGid.value;
  const user = uid === 0 && gid === 0 ? "" : ` as user ${uid} and group ${gid}`;
  const folder = config.initCwd.value === undefined ? "" : ` in ${config.initCwd.value}`;
  return `run ${plan.command.join(" ")}${user}${folder}`;
}
