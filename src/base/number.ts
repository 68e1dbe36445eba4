// Numbers as the compiled program keeps them.

/**
 * The number itself. What was `number | undefined`, or comes from a loop or a callback, the compiled program hands on as an object, and
 * then every caller of the same function does (docs/architecture.md, traps): put it in front of calls that are made often.
 */
export function plain(value: number): number {
  return value + 0;
}
