// Loops over lists as the compiler takes them best. For `for (const x of xs)` it makes an object of each x, and whatever function takes
// one takes objects from then on; `xs[i]!` is x itself. People read the former, so the latter is written when the program is built.
import ts from "typescript5";

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The text of `file` with an index in every loop over a list; each line stays where it is. */
export function plainLoops(file: ts.SourceFile, checker: ts.TypeChecker): string {
  const edits: Edit[] = [];
  let loops = 0;
  const visit = (node: ts.Node): void => {
    if (isOverList(node, checker)) edits.push(...rewritten(file, node, loops++));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return applied(file.text, edits);
}

/**
 * Maps, sets, texts and lists of a fixed shape, which have no index that is a variable, stay what they are, and so do lists in which
 * something may be undefined: `!` would deny that.
 */
export function isOverList(node: ts.Node, checker: ts.TypeChecker): node is ts.ForOfStatement {
  if (!ts.isForOfStatement(node)) return false;
  const type = checker.getTypeAtLocation(node.expression);
  if (!checker.isArrayType(type)) return false;
  const [each] = checker.getTypeArguments(type as ts.TypeReference);
  return each !== undefined && checker.getNonNullableType(each) === each;
}

function rewritten(file: ts.SourceFile, loop: ts.ForOfStatement, number: number): Edit[] {
  const list = `list_${number}`;
  const at = `at_${number}`;
  const each = `${loop.initializer.getText(file)} = ${list}[${at}]!;`;
  const head = `for (let ${at} = 0; ${at} < ${list}.length; ${at}++) {`;
  const { expression, statement } = loop;
  return [
    edit(file, loop.getStart(file), expression.getStart(file), `{ const ${list} = `),
    edit(file, expression.end, statement.getStart(file), `; ${head} ${each} `),
    edit(file, statement.end, statement.end, " } }"),
  ];
}

function edit(file: ts.SourceFile, from: number, to: number, text: string): Edit {
  return { from, to, text: text + "\n".repeat(file.text.slice(from, to).split("\n").length - 1) };
}

/** From the end on; of two at one place the later one, which is that of an inner loop, is the first in the text. */
function applied(text: string, edits: readonly Edit[]): string {
  let changed = text;
  for (const { from, to, text: by } of edits.toSorted((a, b) => b.from - a.from || b.to - a.to))
    changed = changed.slice(0, from) + by + changed.slice(to);
  return changed;
}
