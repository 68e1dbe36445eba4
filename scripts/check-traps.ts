// Finds, with the type checker, what the native compiler accepts and runs differently from Node.
import ts from "typescript5";
import { boxedArgument } from "./trap-boxes.ts";
import { optionalGroup } from "./trap-regex.ts";
import { Shapes } from "./trap-shapes.ts";
import { isJsonParse, parsedUnion, unionOfObjects, widenedError } from "./trap-values.ts";

/** Every trap in `files` of `program`, as `file:line:column rule: what is wrong; write: what to write instead`. */
export function trapsIn(program: ts.Program, files: readonly ts.SourceFile[]): string[] {
  const checker = program.getTypeChecker();
  const shapes = new Shapes(checker);
  const found: string[] = [];
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      const trap = trapAt(node, checker, shapes);
      if (trap !== undefined) {
        const { line, character } = file.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${file.fileName}:${line + 1}:${character + 1} ${trap}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

function trapAt(node: ts.Node, checker: ts.TypeChecker, shapes: Shapes): string | undefined {
  if (ts.isSpreadAssignment(node)) return partialSpread(node, checker);
  if (ts.isArrayLiteralExpression(node)) return emptyListInUnion(node, checker);
  if (ts.isMethodDeclaration(node)) return concreteOverride(node, checker);
  if (ts.isRegularExpressionLiteral(node)) return absentGroup(node.text.slice(1, node.text.lastIndexOf("/")));
  if (!ts.isExpression(node) || isNameOnly(node)) return undefined;
  const boxed = ts.isCallExpression(node) ? boxedArgument(node, checker) : undefined;
  if (boxed !== undefined) return boxed;
  if (isRegExpFromText(node)) return absentGroup(node.arguments?.map(textOf)[0] ?? "");
  const wanted = checker.getContextualType(node);
  if (wanted === undefined || passesOn(node)) return undefined;
  if (isJsonParse(node)) return parsedUnion(wanted);
  const given = checker.getTypeAtLocation(node);
  return widenedError(node, given, wanted, checker) ?? copiedRecord(given, wanted, shapes);
}

/** A property's or variable's name is an expression to the parser, but no value moves there. */
function isNameOnly(node: ts.Expression): boolean {
  const { parent } = node;
  return !ts.isShorthandPropertyAssignment(parent) && "name" in parent && parent.name === node;
}

/** Written in place, or only a wrapper whose inside is looked at by itself. */
function passesOn(node: ts.Expression): boolean {
  if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node)) return true;
  if (ts.isParenthesizedExpression(node) || ts.isConditionalExpression(node)) return true;
  if (ts.isNonNullExpression(node.parent)) return true;
  if (ts.isArrowFunction(node)) return node.parameters.every((parameter) => parameter.type === undefined);
  if (ts.isAsExpression(node) && isJsonParse(node.expression)) return true;
  if (!ts.isBinaryExpression(node)) return false;
  const operators = [ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.CommaToken];
  return operators.includes(node.operatorToken.kind);
}

function copiedRecord(given: ts.Type, wanted: ts.Type, shapes: Shapes): string | undefined {
  const difference = shapes.difference(given, wanted);
  if (difference === undefined) return undefined;
  return `record-copied: ${difference}; write: one type in both places, a class, or an object literal with the fields`;
}

/** The compiler takes such a list for one of numbers, and then the record for none of the union's. */
function emptyListInUnion(node: ts.ArrayLiteralExpression, checker: ts.TypeChecker): string | undefined {
  const record = node.parent.parent;
  if (node.elements.length > 0 || !ts.isPropertyAssignment(node.parent) || !ts.isExpression(record)) return undefined;
  const wanted = checker.getContextualType(record);
  if (wanted === undefined || unionOfObjects(wanted) !== ".") return undefined;
  return "empty-list-in-union: it makes the record throw at run time; write: a constant `const none: readonly string[] = []` and its name";
}

/** The compiler widens a parameter that is given `xs[i] ?? …`, but not in the methods that override its own. */
function concreteOverride(node: ts.MethodDeclaration, checker: ts.TypeChecker): string | undefined {
  const isOverride = node.modifiers?.some((word) => word.kind === ts.SyntaxKind.OverrideKeyword) ?? false;
  if (!isOverride || node.parameters.length === 0 || !ts.isClassDeclaration(node.parent)) return undefined;
  const base = checker.getTypeAtLocation(node.parent).getBaseTypes()?.[0]?.getProperty(node.name.getText());
  const declared = base?.valueDeclaration;
  if (declared === undefined || !ts.isMethodDeclaration(declared) || declared.body === undefined) return undefined;
  return "concrete-override: an argument from `xs[i] ?? …` arrives as garbage; write: an abstract method, and what is shared as a function";
}

function absentGroup(pattern: string): string | undefined {
  const group = optionalGroup(pattern);
  if (group === undefined) return undefined;
  return `optional-group: ${group} may take no part, and is then "" natively but undefined under Node; write: ((?:…)?), two expressions, or a scanner by hand`;
}

function partialSpread(node: ts.SpreadAssignment, checker: ts.TypeChecker): string | undefined {
  const before = node.parent.properties.slice(0, node.parent.properties.indexOf(node));
  const fields = checker.getTypeAtLocation(node.expression).getProperties();
  const optional = fields.filter((field) => (field.flags & ts.SymbolFlags.Optional) !== 0).map((field) => field.name);
  if (before.length === 0 || optional.length === 0) return undefined;
  return `partial-spread: an absent ${optional.join(" or ")} throws at run time; write: each field as \`name: b.name ?? a.name\``;
}

function isRegExpFromText(node: ts.Node): node is ts.NewExpression | ts.CallExpression {
  return (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "RegExp";
}

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : "";
}

/** The program of tsconfig.json, and those of its files that are compiled natively. */
function loadProject(): { program: ts.Program; files: ts.SourceFile[] } {
  const config = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config.config, ts.sys, ".");
  const names = parsed.fileNames.filter((name) => /^(?:\.\/)?src\//.test(name) && !name.endsWith(".test.ts"));
  const program = ts.createProgram(names, parsed.options);
  return { program, files: names.flatMap((name) => program.getSourceFile(name) ?? []) };
}

if (import.meta.main) {
  const { program, files } = loadProject();
  const found = trapsIn(program, files);
  for (const trap of found) console.error(trap);
  process.exitCode = found.length > 0 ? 1 : 0;
}
