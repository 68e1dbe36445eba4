// The name of the bridge that lxc-net makes on this host, for hints.

import { tryReadText } from "../../kernel/files.ts";
import { readBridgeSettings } from "./settings.ts";

const USUAL = "lxcbr0";

/** LXC's own where the settings cannot be read. */
export function ownBridgeName(): string {
  try {
    return readBridgeSettings((path) => tryReadText(`${path}`), "").settings.bridge;
  } catch {
    return USUAL;
  }
}
