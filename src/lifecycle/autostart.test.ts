import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { type AutostartAction, type Candidate, exitCodeOf, groupsIn, turnsFor } from "./autostart.ts";

function candidate(name: string, change: Partial<Candidate> = {}): Candidate {
  return { name, isAuto: true, order: 0, delayS: 0, groups: [], ...change };
}

const CANDIDATES: readonly Candidate[] = [
  candidate("c1"),
  candidate("c2", { order: 5 }),
  candidate("c3", { order: -1 }),
  candidate("c4", { groups: ["onboot"] }),
  candidate("c5", { groups: ["on"] }),
  candidate("c6", { groups: ["web", "db", "onboot"] }),
  candidate("c7", { isAuto: false }),
  candidate("c8", { isAuto: false, groups: ["onboot"] }),
  candidate("c9", { order: 5 }),
];

interface Options {
  readonly action?: AutostartAction;
  readonly groups?: readonly string[];
  readonly all?: boolean;
  readonly ignoreAuto?: boolean;
}

/** One word a turn. */
function turns({ action = "start", groups = [], all = false, ignoreAuto = false }: Options): string {
  const selection = { action, groups: groupsIn(groups), all, ignoreAuto };
  return turnsFor(CANDIDATES, selection)
    .map((turn) => turn.map((each) => each.name).join("+"))
    .join(" ");
}

test("without -a and -g only those in no group count, by order and then by name", () => {
  deepEqual(turns({}), "c3 c1 c2 c9");
  deepEqual(turns({ ignoreAuto: true }), "c3 c1 c7 c2 c9");
  deepEqual(turns({ all: true }), "c3 c1 c4 c5 c6 c2 c9");
  deepEqual(turns({ all: true, ignoreAuto: true, groups: ["web"] }), "c3 c1 c4 c5 c6 c7 c8 c2 c9");
});

test("groups come in the order in which they are given, and a container once", () => {
  deepEqual(turns({ groups: ["web,db"] }), "c6");
  deepEqual(turns({ groups: ["onboot,"] }), "c4 c5 c6 c3 c1 c2 c9");
  deepEqual(turns({ groups: [",onboot"] }), "c3 c1 c2 c9 c4 c5 c6");
  deepEqual(turns({ groups: ["web", "", "onboot"] }), "c6 c3 c1 c2 c9 c4 c5");
});

test("a group that begins with the container's is as good, and not the other way round", () => {
  deepEqual(turns({ groups: ["onb"] }), "c5");
  deepEqual(turns({ groups: ["on"] }), "c5");
});

test("lists add up, and each group counts once", () => {
  deepEqual(groupsIn([]), [""]);
  deepEqual(groupsIn([""]), [""]);
  deepEqual(groupsIn(["dns,web,,onboot"]), ["dns", "web", "", "onboot"]);
  deepEqual(groupsIn(["on", "onboot,on", ","]), ["on", "onboot", ""]);
});

test("what ends goes the other way round, and those of one order shut down together", () => {
  deepEqual(turns({ action: "kill" }), "c9 c2 c1 c3");
  deepEqual(turns({ action: "reboot" }), "c3 c1 c2 c9");
  deepEqual(turns({ action: "shutdown" }), "c9+c2 c1 c3");
  // Never across groups.
  deepEqual(turns({ action: "shutdown", groups: ["onboot,"] }), "c6+c5+c4 c9+c2 c1 c3");
});

test("it is a failure when all of it failed, and another when some did", () => {
  deepEqual([exitCodeOf(0, 0), exitCodeOf(3, 0), exitCodeOf(3, 3), exitCodeOf(3, 1)], [0, 0, 1, 2]);
});
