// How the compiler lays a type out in memory, as a text: values move between two types uncopied when the texts agree.
import ts from "typescript5";

const LISTS = ["Array", "ReadonlyArray", "Map", "ReadonlyMap", "Set", "ReadonlySet"];

/** Texts for types. Two records with the same fields, each of the same shape, share one text, whatever their names. */
export class Shapes {
  readonly #checker: ts.TypeChecker;
  readonly #known = new Map<ts.Type, string>();
  readonly #open: ts.Type[] = [];

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** Says why `from` is copied, or fails when called, where `to` is expected; undefined when it is handed on as it is. */
  difference(from: ts.Type, to: ts.Type): string | undefined {
    const targets = members(to);
    if (targets.some(isOpen)) return undefined;
    for (const part of members(from)) {
      const difference = this.#memberDifference(part, targets);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  #memberDifference(from: ts.Type, targets: readonly ts.Type[]): string | undefined {
    if (!isStructure(from) || targets.includes(from)) return undefined;
    const near = targets.filter((to) => isStructure(to) && this.#checker.isTypeAssignableTo(from, to));
    if (near.length === 0 || near.some((to) => this.shapeOf(to) === this.shapeOf(from))) return undefined;
    const differences = near.map((to) => this.#structureDifference(from, to));
    return differences.includes(undefined) ? undefined : differences[0];
  }

  #structureDifference(from: ts.Type, to: ts.Type): string | undefined {
    const given = from.getCallSignatures()[0];
    const wanted = to.getCallSignatures()[0];
    if (given !== undefined && wanted !== undefined) return this.#functionDifference(given, wanted);
    if (given !== undefined || wanted !== undefined || isTuple(from) || isEmptyList(from)) return undefined;
    const names = `${this.#checker.typeToString(from)} is copied to become ${this.#checker.typeToString(to)}`;
    return isList(from) || from.getStringIndexType() !== undefined ? names : `${names}${this.#fieldNote(from, to)}`;
  }

  #functionDifference(given: ts.Signature, wanted: ts.Signature): string | undefined {
    for (const [i, parameter] of given.getParameters().entries()) {
      const target = wanted.getParameters()[i];
      if (target === undefined) break;
      const takes = this.#checker.getTypeOfSymbol(parameter);
      const gets = this.#checker.getTypeOfSymbol(target);
      if (this.difference(gets, takes) !== undefined)
        return `a function of ${this.#checker.typeToString(takes)} throws when called with ${this.#checker.typeToString(gets)}`;
    }
    return this.difference(given.getReturnType(), wanted.getReturnType());
  }

  #fieldNote(from: ts.Type, to: ts.Type): string {
    const given = new Map(from.getProperties().map((field) => [field.name, this.#field(field)]));
    const wanted = new Map(to.getProperties().map((field) => [field.name, this.#field(field)]));
    const names = [...new Set([...given.keys(), ...wanted.keys()])];
    return ` (${names.filter((name) => given.get(name) !== wanted.get(name)).join(", ")})`;
  }

  #field(field: ts.Symbol): string {
    const optional = (field.flags & ts.SymbolFlags.Optional) !== 0 ? "?" : "";
    return `${optional}:${this.shapeOf(this.#checker.getTypeOfSymbol(field))}`;
  }

  shapeOf(type: ts.Type): string {
    const known = this.#known.get(type);
    if (known !== undefined) return known;
    const depth = this.#open.indexOf(type);
    if (depth >= 0) return `^${type.symbol?.name ?? depth}`;
    this.#open.push(type);
    const shape = this.#shape(type);
    this.#open.pop();
    if (this.#open.length === 0) this.#known.set(type, shape);
    return shape;
  }

  #shape(type: ts.Type): string {
    if (type.isUnion()) return [...new Set(type.types.map((part) => this.shapeOf(part)))].sort().join("|");
    if ((type.flags & ts.TypeFlags.StringLike) !== 0) return "string";
    if ((type.flags & ts.TypeFlags.NumberLike) !== 0) return "number";
    if ((type.flags & ts.TypeFlags.BooleanLike) !== 0) return "boolean";
    const signature = type.getCallSignatures()[0];
    if (signature !== undefined) return this.#functionShape(signature);
    if (isList(type) || isTuple(type)) {
      const parts = this.#checker.getTypeArguments(type as ts.TypeReference).map((part) => this.shapeOf(part));
      return `${(type.symbol?.name ?? "Tuple").replace("Readonly", "")}<${parts.join(",")}>`;
    }
    const item = type.getStringIndexType();
    if (item !== undefined) return `{[]:${this.shapeOf(item)}}`;
    if (!isStructure(type)) return this.#objectShape(type);
    const fields = type.getProperties().map((field) => `${field.name}${this.#field(field)}`);
    return `{${fields.sort().join(",")}}`;
  }

  /** A class, a built-in object or a type parameter. Going from a class to its base keeps identity, so the base stands for it. */
  #objectShape(type: ts.Type): string {
    if ((type.flags & ts.TypeFlags.TypeParameter) !== 0) {
      const bound = this.#checker.getBaseConstraintOfType(type);
      return bound === undefined || isOpen(bound) ? this.#checker.typeToString(type) : this.shapeOf(bound);
    }
    const declared = (type as ts.TypeReference).target ?? type;
    const base = declared.getBaseTypes()?.[0];
    if (base !== undefined) return this.shapeOf(base);
    return isFromLibrary(type) ? (type.symbol?.name ?? "") : this.#checker.typeToString(type);
  }

  #functionShape(signature: ts.Signature): string {
    const takes = signature.getParameters().map((parameter) => this.#field(parameter));
    return `(${takes.join(",")})=>${this.shapeOf(signature.getReturnType())}`;
  }
}

/** The types a value may have, without undefined and null. */
function members(type: ts.Type): ts.Type[] {
  const parts = type.isUnion() ? type.types : [type];
  return parts.filter((part) => (part.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) === 0);
}

/** Anything goes in here, or nothing is known about it. */
function isOpen(type: ts.Type): boolean {
  return (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.TypeParameter)) !== 0;
}

function isList(type: ts.Type): boolean {
  return isFromLibrary(type) && LISTS.includes(type.symbol?.name ?? "");
}

function isTuple(type: ts.Type): boolean {
  const target = (type as ts.TypeReference).target as ts.ObjectType | undefined;
  return target !== undefined && (target.objectFlags & ts.ObjectFlags.Tuple) !== 0;
}

function isEmptyList(type: ts.Type): boolean {
  return isList(type) && (type as ts.TypeReference).typeArguments?.[0]?.flags === ts.TypeFlags.Never;
}

/** A record, list or function: no primitive, no class, no built-in object. */
function isStructure(type: ts.Type): boolean {
  if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return false;
  if (type.isClass() || ((type.symbol?.flags ?? 0) & ts.SymbolFlags.Class) !== 0) return false;
  return isList(type) || isTuple(type) || !isFromLibrary(type);
}

function isFromLibrary(type: ts.Type): boolean {
  const file = type.symbol?.declarations?.[0]?.getSourceFile();
  return file?.isDeclarationFile ?? false;
}
