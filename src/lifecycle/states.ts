// The states of a container, by the names and numbers LXC gives them on its sockets.

export const states = [
  "STOPPED",
  "STARTING",
  "RUNNING",
  "STOPPING",
  "ABORTING",
  "FREEZING",
  "FROZEN",
  "THAWED",
] as const;

export type State = (typeof states)[number];

/** Its number on the command socket. */
export function stateNumber(state: State): number {
  let number = 0;
  for (const known of states) {
    if (known === state) return number;
    number++;
  }
  return 0;
}

export function stateOfNumber(number: number): State | undefined {
  let at = 0;
  for (const known of states) {
    if (at === number) return known;
    at++;
  }
  return undefined;
}

export function stateNamed(name: string): State | undefined {
  for (const known of states) if (known === name) return known;
  return undefined;
}
