// link-order.ts PROGRAM.c: prints the script by which the linker puts the program together (function-order.ts).

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { orderedScript, Program } from "./function-order.ts";

const [path = ""] = process.argv.slice(2);
const list = readFileSync(join(import.meta.dirname, "hot-functions.txt"), "utf8")
  .trim()
  .split("\n");
// Between two lines of equal signs.
const [, standard = ""] = execFileSync("ld", ["-z", "noseparate-code", "-static", "--verbose"], {
  encoding: "utf8",
}).split(/^=+$/m);
process.stdout.write(orderedScript(standard, list, new Program(readFileSync(path, "utf8"))));
