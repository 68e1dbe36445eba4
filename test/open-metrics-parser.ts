// A strict reader of OpenMetrics text, for tests: throws where the text is not as the specification wants it.

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

export function parseOpenMetrics(text: string): Map<string, ParsedFamily> {
  if (!text.endsWith("\n# EOF\n") && text !== "# EOF\n") throw new Error("it does not end in # EOF");
  const families = new Map<string, { type: string; unit: string; help: string; samples: ParsedSample[] }>();
  let current = "";
  for (const line of text.split("\n").slice(0, -2)) {
    const meta = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line);
    if (meta !== null) {
      const [, kind = "", name = "", value = ""] = meta;
      if (kind === "TYPE") {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        families.set(name, { type: value, unit: "", help: "", samples: [] });
        current = name;
      }
      const family = families.get(name);
      if (family === undefined || name !== current || family.samples.length > 0)
        throw new Error(`${line}: out of place`);
      if (kind === "UNIT") {
        if (!name.endsWith(`_${value}`)) throw new Error(`${name} does not end in its unit`);
        family.unit = value;
      }
      if (kind === "HELP") family.help = value;
      continue;
    }
    const sample = SAMPLE.exec(line);
    const family = families.get(current);
    if (sample === null || family === undefined) throw new Error(`no sample: ${line}`);
    const [, name = "", labelText = "", value = ""] = sample;
    if (name !== (family.type === "counter" ? `${current}_total` : current))
      throw new Error(`${name} below ${current}`);
    family.samples.push({ name, labels: labelsIn(labelText), value: Number(value) });
  }
  return families;
}

function labelsIn(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const found of text.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)) {
    const name = found[1] ?? "";
    if (labels[name] !== undefined) throw new Error(`the label ${name} comes twice`);
    labels[name] = (found[2] ?? "").replaceAll(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
  }
  return labels;
}
