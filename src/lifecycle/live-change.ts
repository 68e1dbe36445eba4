// A changed key of a container that runs: what counts at once is done at once. Runs in tools.

import type { Config } from "../container/config/schema.ts";
import type { Container } from "../container/container.ts";

/** Does what the key says for the running container. Returns sentences about what that does not change. */
export function applyToRunning(container: Container, config: Config, key: string): string[] {
  const setting = config.find(key, false);
  if (setting?.isLive === true) return [];
  return [`${container.name} runs: ${key} counts from its next start on`];
}
