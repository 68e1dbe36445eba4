// loans.ts FILE: takes out of a program, in the C that the compiler wrote, the references that are counted and need not be.
import { readFileSync, writeFileSync } from "node:fs";
import { functionsIn } from "./c-functions.ts";
import { lend, loansIn } from "./loan-parameters.ts";
import { borrowed } from "./loan-values.ts";

const [file = ""] = process.argv.slice(2);
const written = readFileSync(file, "utf8").split("\n");
const loans = loansIn(written, functionsIn(written));
const lines = lend(written, functionsIn(written), loans)
  .join("\n")
  .split("\n")
  .filter((line) => line !== "");
writeFileSync(file, borrowed(lines, functionsIn(lines), loans).join("\n"));
