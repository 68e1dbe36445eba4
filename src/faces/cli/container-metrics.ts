// What containers use, as OpenMetrics: for lxc-info --metrics, and for whoever tells of all of them.

import type { Container } from "../../container/container.ts";
import { NO_PRESSURES, type Pressure, type Pressures } from "../../isolation/cgroup/pressure.ts";
import type { CgroupStats } from "../../isolation/cgroup/stats.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { type State, states } from "../../lifecycle/states.ts";
import { MetricFamily, metricsText } from "./open-metrics.ts";
import { type Traffic, trafficIn } from "./traffic.ts";
import { NOTHING_USED, pressuresOf, tasksOf, usedBy } from "./usage.ts";

/** One container at one moment. */
export interface Measured {
  readonly name: string;
  readonly state: State;
  readonly used: CgroupStats;
  /** How many processes and threads; undefined where nobody counts them. */
  readonly tasks: number | undefined;
  readonly pressures: Pressures;
  readonly traffic: readonly Traffic[];
}

/** Looks at one container, of which a stopped one uses nothing. */
export function measure(container: Container, state: State, socket: NetlinkSocket): Measured {
  const { name } = container;
  if (state === "STOPPED")
    return { name, state, used: NOTHING_USED, tasks: undefined, pressures: NO_PRESSURES, traffic: [] };
  return {
    name,
    state,
    used: usedBy(container),
    tasks: tasksOf(container),
    pressures: pressuresOf(container),
    traffic: trafficIn(container, socket),
  };
}

/** OpenMetrics text for these containers, whole. */
export function metricsOf(containers: readonly Measured[]): string {
  return metricsText(
    stateFamilies(containers).concat(useFamilies(containers), waitFamilies(containers), trafficFamilies(containers)),
  );
}

function stateFamilies(containers: readonly Measured[]): MetricFamily[] {
  const state = new MetricFamily("lxc_container_state", "stateset", "", "The state of the container.");
  for (const each of containers) state.addState(each.state, states, ["container", each.name]);
  return [state];
}

function useFamilies(containers: readonly Measured[]): MetricFamily[] {
  const cpu = new MetricFamily("lxc_container_cpu_seconds", "counter", "seconds", "Processor time used.");
  const memory = new MetricFamily("lxc_container_memory_bytes", "gauge", "bytes", "Memory in use.");
  const kernel = new MetricFamily(
    "lxc_container_kernel_memory_bytes",
    "gauge",
    "bytes",
    "Memory the kernel uses for it.",
  );
  const io = new MetricFamily(
    "lxc_container_io_bytes",
    "counter",
    "bytes",
    "Bytes read from disks and written to them.",
  );
  const tasks = new MetricFamily("lxc_container_tasks", "gauge", "", "Processes and threads.");
  for (const { name, used, tasks: count } of containers) {
    const labels = ["container", name];
    cpu.add(used.cpuNanoseconds === undefined ? undefined : used.cpuNanoseconds / 1e9, labels);
    memory.add(used.memoryBytes, labels);
    kernel.add(used.kernelMemoryBytes, labels);
    io.add(used.ioBytes, labels);
    tasks.add(count, labels);
  }
  return [cpu, memory, kernel, io, tasks];
}

function waitFamilies(containers: readonly Measured[]): MetricFamily[] {
  const help = "Time in which some, or all, of its processes waited for the resource.";
  const waits = new MetricFamily("lxc_container_pressure_seconds", "counter", "seconds", help);
  for (const { name, pressures } of containers) {
    addPressure(waits, name, "cpu", pressures.cpu);
    addPressure(waits, name, "memory", pressures.memory);
    addPressure(waits, name, "io", pressures.io);
  }
  return [waits];
}

function addPressure(family: MetricFamily, name: string, resource: string, pressure: Pressure | undefined): void {
  if (pressure === undefined) return;
  const labels = ["container", name, "resource", resource, "processes"];
  family.add(pressure.some.totalMicroseconds / 1e6, labels.concat(["some"]));
  if (pressure.full !== undefined) family.add(pressure.full.totalMicroseconds / 1e6, labels.concat(["all"]));
}

function trafficFamilies(containers: readonly Measured[]): MetricFamily[] {
  const sent = new MetricFamily("lxc_container_network_sent_bytes", "counter", "bytes", "Bytes sent by the container.");
  const received = new MetricFamily(
    "lxc_container_network_received_bytes",
    "counter",
    "bytes",
    "Bytes received by it.",
  );
  for (const { name, traffic } of containers) {
    for (const { link, isKnown, sentBytes, receivedBytes } of traffic) {
      if (!isKnown) continue;
      sent.add(sentBytes, ["container", name, "link", link]);
      received.add(receivedBytes, ["container", name, "link", link]);
    }
  }
  return [sent, received];
}
