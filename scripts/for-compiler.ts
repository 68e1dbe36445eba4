// for-compiler.ts FOLDER: what the compiler gets is written there: the project as it is, but for its loops (plain-loops.ts).
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript5";
import { plainLoops } from "./plain-loops.ts";

const root = join(import.meta.dirname, "..");
const [folder = ""] = process.argv.slice(2);
const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();
// What is no more in the project is to be missed.
rmSync(folder, { recursive: true, force: true });
for (const file of program.getSourceFiles()) {
  const path = relative(root, file.fileName);
  if (!/^(src|test|bench)\//.test(path) || path.endsWith(".test.ts")) continue;
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), plainLoops(file, checker));
}
