// A configuration file as its author wrote it: comments, order and blank lines survive every change.

interface Line {
  readonly text: string;
  readonly key: string;
  readonly value: string;
}

export interface Entry {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

export class ConfigDocument {
  #lines: Line[];

  constructor(text: string) {
    this.#lines = text.split("\n").map((line) => readLine(line));
  }

  /** The settings, in file order. A line that is neither a setting, a comment nor blank has an empty key. */
  entries(): Entry[] {
    const entries: Entry[] = [];
    this.#lines.forEach((line, index) => {
      if (line.key !== "" || isStray(line.text)) entries.push({ line: index + 1, key: line.key, value: line.value });
    });
    return entries;
  }

  /** Replaces every line of `key` by one line per value, where the first one stood, or at the end. */
  set(key: string, values: readonly string[]): void {
    const fresh: Line[] = values.map((value) => ({ text: `${key} = ${value}`, key, value }));
    const first = this.#lines.findIndex((line) => line.key === key);
    const at = first >= 0 ? first : this.#endOfText();
    const before = this.#lines.slice(0, at);
    const after = this.#lines.slice(at).filter((line) => line.key !== key);
    this.#lines = before.concat(fresh, after);
  }

  text(): string {
    return this.#lines.map((line) => line.text).join("\n");
  }

  /** Where a new line goes: before the empty string that follows a final newline. */
  #endOfText(): number {
    const last = this.#lines.length - 1;
    return this.#lines[last]?.text === "" ? last : last + 1;
  }
}

function readLine(text: string): Line {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(equals, 0)).trim();
  return key === "" || key.startsWith("#")
    ? { text, key: "", value: "" }
    : { text, key, value: text.slice(equals + 1).trim() };
}

function isStray(text: string): boolean {
  const bare = text.trim();
  return bare !== "" && !bare.startsWith("#");
}
