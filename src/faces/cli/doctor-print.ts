// What lxc-doctor found, to people and to programs.

import { type DoctorCheck, isFixable, type Weight, weights } from "../../container/doctor-checks.ts";
import { commandText, type FixResult, sudoText } from "../../container/doctor-fix.ts";
import type { FixStep } from "../../container/host-facts.ts";
import type { User } from "../../kernel/passwd.ts";
import { JsonObject } from "./json.ts";

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
    .objects("checks", checks.map(checkJson))
    .objects("fixed", results.map(resultJson));
}

function checkJson(check: DoctorCheck): JsonObject {
  return new JsonObject()
    .text("id", check.id)
    .text("weight", check.weight)
    .text("what", check.what)
    .text("detail", check.detail)
    .text("fix", check.fix)
    .texts("commands", check.steps.map(commandText))
    .flag("automatic", isFixable(check));
}

function resultJson(result: FixResult): JsonObject {
  return new JsonObject().text("command", result.command).flag("done", result.isDone).text("said", result.said);
}
