// Prints how many variables it has, and its process id, for which it needs the foreign functions.

import { currentPid } from "../../../src/kernel/process.ts";
import { rawMatches } from "../../../src/kernel/shim.ts";

console.log(Object.keys(process.env).length, currentPid() > 0 && rawMatches(new Uint8Array(1), new Uint8Array(1)));
