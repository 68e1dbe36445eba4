// What is said of many times of one thing: the median, which noise hardly moves, and the least, which it cannot lower.

/** The middle one of sorted `values`; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export interface Summary {
  readonly median: number;
  readonly least: number;
}

/** Of `values` without the first `warmUp`. */
export function summarize(values: readonly number[], warmUp: number): Summary {
  const counted = values.slice(warmUp);
  return { median: median(counted), least: Math.min(...counted) };
}

/** Milliseconds, or any number, with three digits that mean something. */
export function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "-";
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
