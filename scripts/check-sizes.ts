// Fails when a file of src/ is over 600 lines or one of its functions over 80; tests and tables are exempt.
import { globSync, readFileSync } from "node:fs";
import ts from "typescript5";

const LONGEST_FILE = 600;
const LONGEST_FUNCTION = 80;
const TABLES = ["src/kernel/abi/", "/schema.ts", "/network-schema.ts"];

/** Every file and function of `text` that is too long, as one sentence each. */
export function tooLong(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const problems: string[] = [];
  const fileLines = source.getLineStarts().length - (text.endsWith("\n") ? 1 : 0);
  if (fileLines > LONGEST_FILE) {
    problems.push(
      `${file}: ${fileLines} lines, more than ${LONGEST_FILE}; move one of its topics to a file named after it`,
    );
  }
  function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const lines = source.getLineAndCharacterOfPosition(node.end).line + 2 - first;
      if (lines > LONGEST_FUNCTION) {
        problems.push(
          `${file}:${first} ${nameOf(node)}: ${lines} lines, more than ${LONGEST_FUNCTION}; give each of its steps a function of its own`,
        );
      }
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return problems;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : "a nameless function";
}

function isExempt(file: string): boolean {
  return file.endsWith(".test.ts") || TABLES.some((table) => file.startsWith(table) || file.endsWith(table));
}

if (import.meta.main) {
  const files = globSync("src/**/*.ts").filter((file) => !isExempt(file));
  const problems = files.sort().flatMap((file) => tooLong(file, readFileSync(file, "utf8")));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
