// What there is of a finding, as columns: the same names as in JSON.

import type { Finding } from "../../base/finding.ts";
import { type Column, column, numberValue, textValue } from "./listing.ts";

export function findingColumns(findings: readonly Finding[]): Column[] {
  const of = (at: number): Finding => findings[at]!;
  return [
    column("severity", (at) => textValue(of(at).severity)),
    column("file", (at) => textValue(of(at).file)),
    column("line", (at) => numberValue(of(at).line)),
    column("column", (at) => numberValue(of(at).column)),
    column("key", (at) => textValue(of(at).subject)),
    column("problem", (at) => textValue(of(at).problem)),
    column("hint", (at) => textValue(of(at).hint)),
  ];
}
