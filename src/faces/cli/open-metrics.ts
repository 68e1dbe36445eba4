// Numbers as OpenMetrics text (version 1.0), which Prometheus and others read. Pure.

/** `stateset` has a sample for each state, of which one is 1. */
export type MetricType = "gauge" | "counter" | "stateset";

interface Label {
  readonly name: string;
  readonly value: string;
}

interface Sample {
  readonly labels: readonly Label[];
  readonly value: number;
}

/** One metric family: a name, and a sample for each thing that is measured. */
export class MetricFamily {
  readonly name: string;
  readonly #type: MetricType;
  readonly #unit: string;
  readonly #help: string;
  readonly #samples: Sample[] = [];

  /** The name ends in `_unit` where there is a unit, and a counter's without `_total`. `help` is a sentence. */
  constructor(name: string, type: MetricType, unit: string, help: string) {
    this.name = name;
    this.#type = type;
    this.#unit = unit;
    this.#help = help;
  }

  /** `labels` are names and values in turn. What is undefined is not counted here, and has no sample. */
  add(value: number | undefined, labels: readonly string[]): void {
    if (value === undefined) return;
    const pairs: Label[] = [];
    for (let at = 0; at + 1 < labels.length; at += 2) pairs.push({ name: labels[at]!, value: labels[at + 1]! });
    this.#samples.push({ labels: pairs, value });
  }

  /** A sample for each of `states`. */
  addState(state: string, states: readonly string[], labels: readonly string[]): void {
    for (const each of states) this.add(each === state ? 1 : 0, labels.concat([this.name, each]));
  }

  /** "" without samples. */
  text(): string {
    if (this.#samples.length === 0) return "";
    let text = `# TYPE ${this.name} ${this.#type}\n`;
    if (this.#unit !== "") text += `# UNIT ${this.name} ${this.#unit}\n`;
    text += `# HELP ${this.name} ${escaped(this.#help)}\n`;
    const name = this.#type === "counter" ? `${this.name}_total` : this.name;
    for (const sample of this.#samples) text += `${name}${labelsText(sample.labels)} ${sample.value}\n`;
    return text;
  }
}

/** All of it, with the line that says that nothing is missing. */
export function metricsText(families: readonly MetricFamily[]): string {
  return `${families.map((family) => family.text()).join("")}# EOF\n`;
}

function labelsText(labels: readonly Label[]): string {
  if (labels.length === 0) return "";
  return `{${labels.map((label) => `${label.name}="${escaped(label.value)}"`).join(",")}}`;
}

/** A backslash, a quote and a line feed are written with a backslash. */
function escaped(text: string): string {
  return text.split("\\").join("\\\\").split('"').join('\\"').split("\n").join("\\n");
}
