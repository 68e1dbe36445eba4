// Prints how many variables it has, and its process id, for which it needs the foreign functions.

import { ownEnvironment } from "../../../src/kernel/environment.ts";
import { currentPid } from "../../../src/kernel/process.ts";
import { rawMatches } from "../../../src/kernel/shim.ts";

const count = Object.keys(process.env).length + ownEnvironment().lines().length;
console.log(count, currentPid() > 0 && rawMatches(new Uint8Array(1), new Uint8Array(1)));
