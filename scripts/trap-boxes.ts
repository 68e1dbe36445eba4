// Numbers and texts that the compiled program hands on as objects, to functions that are called for each system call, each field of a struct
// and each path.
import ts from "typescript5";
import { isOverList } from "./plain-loops.ts";

/** Where one such caller makes all others allocate, too. */
const OFTEN: readonly string[] = [
  "tryNumbers",
  "tryBytes",
  "tryOption",
  "closeFd",
  "sendSignal",
  "tryPath",
  "tryPathBytes",
  "tryPaths",
  "tryTexts",
  "tryOpenAt",
  "openAt",
  "createAt",
  "openFile",
  "exists",
  "isDirectory",
  "tryRemoveDirectoryAt",
  "tryReadText",
  "tryReadTextAt",
  "readText",
  "readTextAt",
  "readAll",
  "tryWriteAt",
  "writeAt",
  "bytesOfText",
  "joinPath",
  "normalPath",
  "below",
  "baseName",
  "unescaped",
  "configFileOf",
  "directoryOf",
  "loadConfig",
  "readConfigText",
  "containerOf",
  "networkIndexOf",
  "isNetworkKey",
  "Field.put",
  "Field.putWords",
];

/** Says so when an argument of `call` is what the compiler keeps as "number or undefined", whatever its type says by then. */
export function boxedArgument(call: ts.CallExpression, checker: ts.TypeChecker): string | undefined {
  if (!OFTEN.includes(calledName(call, checker))) return undefined;
  const boxed = call.arguments.find((argument) => isPlain(argument, checker) && comesAsUnion(argument, checker));
  if (boxed === undefined) return undefined;
  const isText = (checker.getTypeAtLocation(boxed).flags & ts.TypeFlags.StringLike) !== 0;
  const written = isText ? `\`\${${boxed.getText()}}\`` : `plain(${boxed.getText()})`;
  return `boxed-argument: ${boxed.getText()} is an object in the compiled program, and then so is that of every other caller; write: an index loop with xs[i]!, or ${written}`;
}

function calledName(call: ts.CallExpression, checker: ts.TypeChecker): string {
  const { expression } = call;
  if (ts.isIdentifier(expression)) return expression.text;
  if (!ts.isPropertyAccessExpression(expression)) return "";
  return `${checker.getTypeAtLocation(expression.expression).getSymbol()?.name ?? ""}.${expression.name.text}`;
}

function isPlain(argument: ts.Expression, checker: ts.TypeChecker): boolean {
  return (checker.getTypeAtLocation(argument).flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.StringLike)) !== 0;
}

/** A loop's or a callback's own variable, or one that was declared with what may be undefined. */
function comesAsUnion(argument: ts.Expression, checker: ts.TypeChecker): boolean {
  if (isIndexOr(argument)) return true;
  if (!ts.isIdentifier(argument)) return false;
  const declared = checker.getSymbolAtLocation(argument)?.valueDeclaration;
  if (declared === undefined) return false;
  if (
    ts.isParameter(declared) &&
    ts.isArrowFunction(declared.parent) &&
    ts.isCallOrNewExpression(declared.parent.parent)
  )
    return true;
  if (ts.isParameter(declared)) return mayBeUndefined(declared.name, checker);
  if (!ts.isVariableDeclaration(declared)) return false;
  const loop = declared.parent.parent;
  // Those over lists get an index when the program is built (plain-loops.ts).
  if (ts.isForOfStatement(loop)) return !isOverList(loop, checker);
  if (declared.initializer !== undefined && isIndexOr(declared.initializer)) return true;
  return mayBeUndefined(declared.name, checker);
}

function mayBeUndefined(name: ts.BindingName, checker: ts.TypeChecker): boolean {
  const type = checker.getTypeAtLocation(name);
  return type.isUnion() && type.types.some((each) => (each.flags & ts.TypeFlags.Undefined) !== 0);
}

/** `xs[i] ?? …`, also as one of two choices. */
function isIndexOr(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node)) return isIndexOr(node.expression);
  if (ts.isConditionalExpression(node)) return isIndexOr(node.whenTrue) || isIndexOr(node.whenFalse);
  const isOr = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
  return isOr && ts.isElementAccessExpression(node.left);
}
