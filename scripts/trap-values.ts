// Traps in values that lose their type: parsed JSON, and errors handed on as unknown.
import ts from "typescript5";

/** Says so when `JSON.parse` gives a type that is, or has a field that is, a union of records. */
export function parsedUnion(wanted: ts.Type): string | undefined {
  const union = unionOfObjects(wanted);
  if (union === "") return undefined;
  return `json-union: ${union === "." ? "the cast type" : union} is a union of records and its fields come out wrong; write: a decoder that looks at the fields, or one record type`;
}

/** The path of the first field that is a union of records: "." for the type itself, "" when there is none. */
export function unionOfObjects(type: ts.Type): string {
  if (type.isUnion() && type.types.filter((part) => (part.flags & ts.TypeFlags.Object) !== 0).length > 1) return ".";
  for (const part of type.isUnion() ? type.types : [type]) {
    if ((part.flags & ts.TypeFlags.Object) === 0) continue;
    for (const field of part.getProperties()) {
      const declared = field.valueDeclaration;
      if (declared === undefined || !ts.isPropertySignature(declared) || declared.type === undefined) continue;
      if (ts.isUnionTypeNode(declared.type) && declared.type.types.filter(isRecordNode).length > 1) return field.name;
    }
  }
  return "";
}

function isRecordNode(node: ts.TypeNode): boolean {
  return ts.isTypeLiteralNode(node) || ts.isTypeReferenceNode(node);
}

/** Says so when an error goes where `unknown` is expected. */
export function widenedError(
  node: ts.Expression,
  given: ts.Type,
  wanted: ts.Type,
  checker: ts.TypeChecker,
): string | undefined {
  if ((wanted.flags & ts.TypeFlags.Unknown) === 0) return undefined;
  if (isCaught(node, checker)) return "caught-as-unknown: it is never freed; write: asLxcError(caught as Error)";
  const parts = given.isUnion() ? given.types : [given];
  if (!parts.some((part) => isError(part))) return undefined;
  return "error-as-unknown: `instanceof Error` is false for it afterwards; write: a parameter of type Error or LxcError";
}

function isError(type: ts.Type): boolean {
  if (type.symbol?.name === "Error") return true;
  return (type.getBaseTypes() ?? []).some(isError);
}

function isCaught(node: ts.Expression, checker: ts.TypeChecker): boolean {
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
  return declaration !== undefined && ts.isCatchClause(declaration.parent);
}

/** Whether this is a call of `JSON.parse`. */
export function isJsonParse(node: ts.Node): boolean {
  return ts.isCallExpression(node) && node.expression.getText() === "JSON.parse";
}
