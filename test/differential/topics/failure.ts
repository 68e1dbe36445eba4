// What a function throws, as the lines a tool would print.

import { asLxcError, describe } from "../../../src/base/errors.ts";

export function failureOf(run: () => void): string[] {
  try {
    run();
    return ["no failure"];
  } catch (caught) {
    return describe(asLxcError(caught as Error));
  }
}
