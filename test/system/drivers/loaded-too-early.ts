// Cannot be built: a module of it looks at the machine when it is loaded.

import { exists } from "../../../src/kernel/files.ts";
import { exitNow } from "../../../src/kernel/process.ts";

const isThere = exists("/etc/passwd");

exitNow(main());

function main(): number {
  return isThere ? 0 : 1;
}
