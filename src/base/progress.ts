// What takes long says what it is at, to whoever listens. Nobody does in a library, in a monitor, or with -q.

let listener: ((text: string) => void) | undefined;

/** How long work may take before a person wants to know of it. */
export const PATIENCE_MS = 500;
/** How often what is told changes. */
export const TELL_AGAIN_MS = 1000;

/** Hears all that is told from now on; undefined for nobody. */
export function listen(to: ((text: string) => void) | undefined): void {
  listener = to;
}

export function isHeard(): boolean {
  return listener !== undefined;
}

export function tellProgress(text: string): void {
  listener?.(text);
}
