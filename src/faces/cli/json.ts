// JSON as text, built field by field. Pure.

/** One object; fields keep the order in which they are put. */
export class JsonObject {
  readonly #fields: string[] = [];

  text(key: string, value: string): JsonObject {
    return this.raw(key, quoted(value));
  }

  number(key: string, value: number): JsonObject {
    return this.raw(key, String(value));
  }

  flag(key: string, value: boolean): JsonObject {
    return this.raw(key, value ? "true" : "false");
  }

  texts(key: string, values: readonly string[]): JsonObject {
    return this.raw(key, `[${values.map((value) => quoted(value)).join(",")}]`);
  }

  object(key: string, value: JsonObject): JsonObject {
    return this.raw(key, value.encode());
  }

  objects(key: string, values: readonly JsonObject[]): JsonObject {
    return this.raw(key, listed(values));
  }

  nothing(key: string): JsonObject {
    return this.raw(key, "null");
  }

  encode(): string {
    return `{${this.#fields.join(",")}}`;
  }

  /** `value` is JSON already. */
  raw(key: string, value: string): JsonObject {
    this.#fields.push(`${quoted(key)}:${value}`);
    return this;
  }
}

export function listed(values: readonly JsonObject[]): string {
  return `[${values.map((value) => value.encode()).join(",")}]`;
}

const SHORT = '"\\\b\f\n\r\t';
const LETTERS = '"\\bfnrt';

/** A JSON string. */
export function quoted(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const at = SHORT.indexOf(text.charAt(i));
    if (at >= 0) out += `\\${LETTERS.charAt(at)}`;
    else if (code < 32) out += `\\u00${code < 16 ? "0" : "1"}${"0123456789abcdef".charAt(code & 15)}`;
    else out += text.charAt(i);
  }
  return `"${out}"`;
}
