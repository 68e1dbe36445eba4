// What lxc-doctor found, to people and to programs.

import { type DoctorCheck, isFixable, type Weight, weights } from "../../container/doctor-checks.ts";
import { commandText, type FixResult, sudoText } from "../../container/doctor-fix.ts";
import type { FixStep } from "../../container/host-facts.ts";
import type { User } from "../../kernel/passwd.ts";
import { JsonObject } from "./json.ts";
import { type Column, column, flagValue, listValue, rowsJson, textValue } from "./listing.ts";

export interface DoctorLook {
  readonly colored: boolean;
  /** Whether the reader is not root. */
  readonly withSudo: boolean;
}

const WORDS: Readonly<Record<Weight, string>> = {
  stops: "Stops containers",
  limits: "Limits containers",
  advice: "Advice",
  fine: "",
  unknown: "",
};

/** Red, yellow and plain, as lxc-checkconfig has them. */
const COLORS: Readonly<Record<Weight, string>> = { stops: "31", limits: "33", advice: "0", fine: "", unknown: "" };

/** `about` is whose containers, or which. */
export function doctorLines(about: string, checks: readonly DoctorCheck[], look: DoctorLook): string[] {
  const lines: string[] = [];
  for (const weight of weights()) {
    const word = WORDS[weight];
    const those = checks.filter((check) => check.weight === weight);
    if (word === "" || those.length === 0) continue;
    lines.push(look.colored ? `\x1b[1;${COLORS[weight]}m--- ${word} ---\x1b[0;39m` : `--- ${word} ---`);
    for (const check of those) lines.push(...checkLines(check, look));
    lines.push("");
  }
  lines.push(summary(about, checks));
  return lines;
}

function checkLines(check: DoctorCheck, look: DoctorLook): string[] {
  const lines = [`  ${check.what}${check.detail === "" ? "" : `: ${check.detail}`}`];
  if (check.steps.length === 0) return check.fix === "" ? lines : lines.concat([`    fix: ${check.fix}`]);
  let lead = "    fix: ";
  for (const step of check.steps) {
    lines.push(`${lead}${look.withSudo ? sudoText(step) : commandText(step)}`);
    lead = "         ";
  }
  return lines;
}

function summary(about: string, checks: readonly DoctorCheck[]): string {
  const stops = checks.filter((check) => check.weight === "stops").length;
  const fine = checks.filter((check) => check.weight === "fine").length;
  const well = `${fine} ${fine === 1 ? "check is" : "checks are"} fine`;
  if (stops === 0) return `Nothing stops ${about}; ${well}.`;
  return `${stops} ${stops === 1 ? "thing stops" : "things stop"} ${about}; ${well}.`;
}

/** Before a step is done. */
export function startLine(step: FixStep): string {
  return `# ${commandText(step)}`;
}

/** After it. */
export function resultLines(result: FixResult): string[] {
  const said = result.said.split("\n").filter((line): boolean => line !== "");
  return said.map((line) => `  ${line}`).concat([result.isDone ? "  done" : "  failed"]);
}

export function doctorJson(
  user: User,
  container: string,
  checks: readonly DoctorCheck[],
  results: readonly FixResult[],
): JsonObject {
  return new JsonObject()
    .text("user", user.name)
    .number("uid", user.uid)
    .text("container", container)
    .flag(
      "stopped",
      checks.some((check) => check.weight === "stops"),
    )
    .raw("checks", rowsJson(checkColumns(checks), checks.length))
    .objects("fixed", results.map(resultJson));
}

/** What there is of each check. */
export function checkColumns(checks: readonly DoctorCheck[]): Column[] {
  const of = (at: number): DoctorCheck => checks[at]!;
  return [
    column("id", (at) => textValue(of(at).id)),
    column("weight", (at) => textValue(of(at).weight)),
    column("what", (at) => textValue(of(at).what)),
    column("detail", (at) => textValue(of(at).detail)),
    column("fix", (at) => textValue(of(at).fix)),
    column("commands", (at) => listValue(of(at).steps.map(commandText))),
    column("automatic", (at) => flagValue(isFixable(of(at)))),
  ];
}

function resultJson(result: FixResult): JsonObject {
  return new JsonObject().text("command", result.command).flag("done", result.isDone).text("said", result.said);
}
