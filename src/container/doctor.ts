// What keeps containers of a user from starting here, what limits them, and what could be better. Pure.

import { type DoctorCheck, sorted } from "./doctor-checks.ts";
import { type ContainerFacts, checkContainer } from "./doctor-container.ts";
import { checkBeyond } from "./doctor-host.ts";
import { weigh } from "./doctor-weights.ts";
import { checkHost } from "./host-check.ts";
import type { HostFacts } from "./host-facts.ts";

/** All there is to say, the heaviest first; `container` is undefined for a host alone, and `more` was found out otherwise. */
export function diagnose(
  host: HostFacts,
  container: ContainerFacts | undefined,
  more: readonly DoctorCheck[],
): DoctorCheck[] {
  const checked = checkHost(host);
  const ours = container === undefined ? [] : checkContainer(host, checked, container);
  return sorted(ours.concat(more, weigh(host, checked), checkBeyond(host)));
}

/** Whether no container starts, or not this one. */
export function isStopped(checks: readonly DoctorCheck[]): boolean {
  return checks.some((check) => check.weight === "stops");
}
