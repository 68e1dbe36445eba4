// The errors of planning networks. Pure.

import { LxcError } from "../../base/errors.ts";

export const PLANNING = "plan the container's network";

/** The configuration says what cannot be. */
export function invalid(reason: string, hint: string): LxcError {
  return new LxcError("config-invalid", PLANNING, reason, { hint });
}
