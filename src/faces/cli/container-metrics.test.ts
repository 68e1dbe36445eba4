import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { parseOpenMetrics } from "../../../test/open-metrics-parser.ts";
import { NO_PRESSURES } from "../../isolation/cgroup/pressure.ts";
import { type Measured, metricsOf } from "./container-metrics.ts";
import { NOTHING_USED } from "./usage.ts";

const stall = { avg10: 0, avg60: 0, avg300: 0, totalMicroseconds: 1_500_000 };
const running: Measured = {
  name: 'c"1\\x',
  state: "RUNNING",
  used: { cpuNanoseconds: 2_500_000_000, ioBytes: 4096, memoryBytes: 1024, kernelMemoryBytes: undefined },
  tasks: 3,
  pressures: { cpu: { some: stall, full: undefined }, memory: { some: stall, full: stall }, io: undefined },
  traffic: [
    { link: "veth1", isKnown: true, hostIndex: 0, sentBytes: 10, receivedBytes: 20 },
    { link: "gone", isKnown: false, hostIndex: 0, sentBytes: 0, receivedBytes: 0 },
  ],
};
const stopped: Measured = {
  name: "c2",
  state: "STOPPED",
  used: NOTHING_USED,
  tasks: undefined,
  pressures: NO_PRESSURES,
  traffic: [],
};

test("a strict reader understands it, and what is not counted is not told", () => {
  const families = parseOpenMetrics(metricsOf([running, stopped]));
  const values = (name: string): unknown =>
    families.get(name)?.samples.map((each) => [Object.values(each.labels), each.value]);
  deepEqual(
    [...families.keys()].map((name) => [name, families.get(name)?.type, families.get(name)?.unit]),
    [
      ["lxc_container_state", "stateset", ""],
      ["lxc_container_cpu_seconds", "counter", "seconds"],
      ["lxc_container_memory_bytes", "gauge", "bytes"],
      ["lxc_container_io_bytes", "counter", "bytes"],
      ["lxc_container_tasks", "gauge", ""],
      ["lxc_container_pressure_seconds", "counter", "seconds"],
      ["lxc_container_network_sent_bytes", "counter", "bytes"],
      ["lxc_container_network_received_bytes", "counter", "bytes"],
    ],
  );
  deepEqual(values("lxc_container_cpu_seconds"), [[['c"1\\x'], 2.5]]);
  deepEqual(values("lxc_container_pressure_seconds"), [
    [['c"1\\x', "cpu", "some"], 1.5],
    [['c"1\\x', "memory", "some"], 1.5],
    [['c"1\\x', "memory", "all"], 1.5],
  ]);
  deepEqual(values("lxc_container_network_sent_bytes"), [[['c"1\\x', "veth1"], 10]]);
});

test("of the states of a container one is 1", () => {
  const samples = parseOpenMetrics(metricsOf([running, stopped])).get("lxc_container_state")?.samples ?? [];
  deepEqual(
    samples.filter((each) => each.value === 1).map((each) => Object.values(each.labels)),
    [
      ['c"1\\x', "RUNNING"],
      ["c2", "STOPPED"],
    ],
  );
  equal(samples.length, 16);
});

test("without containers it is only the end", () => {
  equal(metricsOf([]), "# EOF\n");
});
