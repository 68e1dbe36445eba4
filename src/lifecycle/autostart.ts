// Which containers lxc-autostart acts on, and in which order. Pure.

export type AutostartAction = "start" | "reboot" | "shutdown" | "kill";

/** What a container's configuration says of that. */
export interface Candidate {
  readonly name: string;
  /** lxc.start.auto */
  readonly isAuto: boolean;
  /** lxc.start.order: the lower, the earlier it is started. */
  readonly order: number;
  /** lxc.start.delay */
  readonly delayS: number;
  /** lxc.group; none for a container that is in no group. */
  readonly groups: readonly string[];
}

export interface Selection {
  readonly action: AutostartAction;
  /** In the order in which they are acted on; "" are the containers that are in none. */
  readonly groups: readonly string[];
  /** Groups do not count. */
  readonly all: boolean;
  /** lxc.start.auto does not count. */
  readonly ignoreAuto: boolean;
}

/** Containers that need not wait for each other. */
export type Turn = readonly Candidate[];

/** The groups that values of -g name, each once: lists with commas, in which nothing between two stands for no group. */
export function groupsIn(values: readonly string[]): string[] {
  const groups: string[] = [];
  for (const value of values) {
    for (const group of value.split(",")) if (!groups.includes(group)) groups.push(group);
  }
  return groups.length > 0 ? groups : [""];
}

/**
 * Group after group, and in each by order, then by name, as in LXC; what ends goes the other way round. Each container
 * comes once. Those of one group and one order that are to shut down make one turn, all others have one each.
 */
export function turnsFor(candidates: readonly Candidate[], selection: Selection): Turn[] {
  const { action, ignoreAuto, all } = selection;
  const ends = action === "shutdown" || action === "kill";
  const direction = ends ? -1 : 1;
  let left = candidates.filter((each): boolean => each.isAuto || ignoreAuto);
  left = left.toSorted((a, b) => direction * inOrder(a, b));
  const turns: Candidate[][] = [];
  for (const group of all ? [""] : selection.groups) {
    const chosen = left.filter((each): boolean => all || isIn(each, group));
    left = left.filter((each): boolean => !chosen.includes(each));
    let turn: Candidate[] = [];
    for (const each of chosen) {
      const together = action === "shutdown" && turn.every((other): boolean => other.order === each.order);
      if (!together || turn.length === 0) {
        turn = [];
        turns.push(turn);
      }
      turn.push(each);
    }
  }
  return turns;
}

function inOrder(a: Candidate, b: Candidate): number {
  if (a.order !== b.order) return a.order - b.order;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** As in LXC, a group that begins with one of the container's is as good: `onboot` for one in `on`. */
function isIn(candidate: Candidate, group: string): boolean {
  if (candidate.groups.length === 0) return group === "";
  return candidate.groups.some((own): boolean => group.startsWith(own));
}

/** As in LXC 7.0: 1 when all that was tried failed, 2 when some of it did, 0 also when there was nothing to do. */
export function exitCodeOf(tried: number, failed: number): number {
  if (failed === 0) return 0;
  return failed === tried ? 1 : 2;
}
