// Waits for, freezes, thaws, stops or lists containers: `command-orders LXCPATH NAME ORDER [ARGUMENT [SECONDS]]`.

import { asLxcError, describe } from "../../../src/base/errors.ts";
import type { Container } from "../../../src/container/container.ts";
import { ownEnvironment } from "../../../src/kernel/environment.ts";
import { freezeContainer, thawContainer } from "../../../src/lifecycle/freeze.ts";
import { usualCgroupNames } from "../../../src/lifecycle/leftovers.ts";
import { activeContainers, definedContainers } from "../../../src/lifecycle/list.ts";
import { stateNamed } from "../../../src/lifecycle/states.ts";
import { exitCodeOf, stopContainer } from "../../../src/lifecycle/stop.ts";
import { waitForStates } from "../../../src/lifecycle/wait.ts";

function obey(container: Container, order: string, argument: string, seconds: number): number {
  switch (order) {
    case "list":
      console.log(
        `${definedContainers(container.lxcpath).join(" ")}; ${activeContainers(container.lxcpath).names.join(" ")}`,
      );
      return 0;
    case "wait":
      console.log(waitForStates(container, [stateNamed(argument) ?? "STOPPED"], seconds) ?? "no");
      return 0;
    case "freeze":
      freezeContainer(container, ownEnvironment());
      return 0;
    case "thaw":
      thawContainer(container, ownEnvironment());
      return 0;
    default:
      return stop(container, argument, seconds);
  }
}

function stop(container: Container, how: string, timeoutS: number): number {
  const result = stopContainer(container, {
    timeoutS,
    kill: how === "kill",
    noKill: how === "nokill",
    environment: ownEnvironment(),
    reboot: how === "reboot",
    cgroups: () => usualCgroupNames(container, "", ""),
  });
  console.log(result);
  return exitCodeOf(result);
}

function main(): number {
  const container: Container = { lxcpath: process.argv[2] ?? "", name: process.argv[3] ?? "" };
  try {
    return obey(container, process.argv[4] ?? "", process.argv[5] ?? "", parseInt(process.argv[6] ?? "-1", 10));
  } catch (caught) {
    for (const line of describe(asLxcError(caught as Error))) console.log(line);
    return 1;
  }
}

process.exitCode = main();
