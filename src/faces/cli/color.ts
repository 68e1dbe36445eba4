// Colour, for people at a terminal that has it and who did not say that they want none (no-color.org).

import { ownEnvironment } from "../../kernel/environment.ts";
import { isTerminal } from "../../kernel/terminals.ts";

const RED = "31";
const GREEN = "32";
const YELLOW = "33";
const CYAN = "36";

/** Whether what is written to `fd` may have colour. What a program reads never has. */
export function isColored(fd: number): boolean {
  // Each look at the environment costs as much as all of it.
  return (
    isTerminal(fd) && (ownEnvironment().get("NO_COLOR") ?? "") === "" && (ownEnvironment().get("TERM") ?? "") !== "dumb"
  );
}

/** A state by how well it is; one that does not run is as it is. */
export function paintedState(state: string): string {
  switch (state) {
    case "RUNNING":
      return painted(state, GREEN);
    case "FROZEN":
      return painted(state, CYAN);
    case "ABORTING":
      return painted(state, RED);
    case "STARTING":
    case "STOPPING":
    case "FREEZING":
    case "THAWED":
      return painted(state, YELLOW);
    default:
      return state;
  }
}

/** The first line of a failure. */
export function paintedFailure(line: string): string {
  return painted(line, RED);
}

function painted(text: string, color: string): string {
  return `\x1b[1;${color}m${text}\x1b[0;39m`;
}
