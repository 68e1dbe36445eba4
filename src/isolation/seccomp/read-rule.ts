// Reads one rule of a seccomp policy: NAME [ACTION] [INDEX,VALUE,OPERATOR(,MASK)]… Pure.

import { cInteger, shown } from "../../base/text.ts";
import { EACCES } from "../../kernel/abi/errno.ts";
import { errnoAction } from "./actions.ts";
import { type Comparison, OPERATOR_WORDS, operatorNamed, type Rule } from "./policy.ts";
import { ALL_BITS, maskedWord, NO_BITS, parseWord, type Word } from "./word.ts";
import { type PolicyLine, type PolicyText, type PolicyWord, readAction } from "./words.ts";

const FORMAT = "write [INDEX,VALUE,OPERATOR] or [INDEX,VALUE,&=,MASK]";
const MOST_ARGUMENTS = 6;
/** umount2's flag, linux/fs.h. */
const MNT_FORCE: Word = { high: 0, low: 1 };

/** The rule of `line`; undefined when it is wrong, which is then said. */
export function readRule(
  source: PolicyText,
  line: PolicyLine,
  section: string,
  defaultAction: number,
): Rule | undefined {
  const name = line.words[0]!.text;
  const isForced = name === "reject_force_umount";
  let action = isForced ? errnoAction(EACCES) : defaultAction;
  let at = 1;
  if (at < line.words.length && !line.words[at]!.text.startsWith("[")) {
    const read = readAction(source, line, at);
    if (read === undefined) return undefined;
    action = read.action;
    at = read.next;
  }
  const comparisons = readComparisons(source, line, at);
  if (comparisons === undefined) return undefined;
  if (isForced) return forcedUmount(line, section, action);
  return { line: line.number, section, name, number: -1, action, comparisons };
}

/** LXC's own word for unmounting by force, whose arguments it ignores; its errno is EACCES unless another is given. */
function forcedUmount(line: PolicyLine, section: string, action: number): Rule {
  const comparison: Comparison = { index: 1, operator: "MASKED_EQ", value: MNT_FORCE, mask: MNT_FORCE };
  return { line: line.number, section, name: "umount2", number: -1, action, comparisons: [comparison] };
}

function readComparisons(source: PolicyText, line: PolicyLine, from: number): Comparison[] | undefined {
  const comparisons: Comparison[] = [];
  for (let at = from; at < line.words.length; at++) {
    const word = line.words[at]!;
    if (!word.text.startsWith("[")) {
      source.extra(line, at);
      return undefined;
    }
    const comparison = readComparison(source, line, word);
    if (comparison === undefined) return undefined;
    comparisons.push(comparison);
  }
  return comparisons;
}

function readComparison(source: PolicyText, line: PolicyLine, word: PolicyWord): Comparison | undefined {
  const wrong = (problem: string, hint: string): undefined => {
    source.error(line.number, word.column, shown(word.text), problem, hint);
    return undefined;
  };
  if (!word.text.endsWith("]")) return wrong("its ] is missing", FORMAT);
  const parts = word.text
    .slice(1, word.text.length - 1)
    .split(",")
    .map((part): string => part.trim());
  if (parts.length !== 3 && parts.length !== 4) return wrong("that is no comparison of an argument", FORMAT);
  const index = cInteger(parts[0]!) ?? -1;
  if (index < 0 || index >= MOST_ARGUMENTS) return wrong("arguments are numbered from 0 to 5", FORMAT);
  const value = parseWord(parts[1]!);
  if (value === undefined) return wrong(`${shown(parts[1]!)} is no number of at most 64 bits`, FORMAT);
  const operator = operatorNamed(parts[2]!);
  if (operator === undefined) return wrong(`${shown(parts[2]!)} is no operator`, `write ${OPERATOR_WORDS}`);
  const mask = maskOf(parts);
  if (mask === undefined) return wrong(`${shown(parts[3]!)} is no number of at most 64 bits`, FORMAT);
  if (operator !== "MASKED_EQ") {
    if (parts.length === 4) warnOfMask(source, line, word);
    return { index, operator, value, mask: ALL_BITS };
  }
  // Without a mask LXC takes 0, with which every call matches.
  if (mask.high === 0 && mask.low === 0) return wrong("&= needs a mask that is not 0", `${FORMAT}: ${sample(parts)}`);
  return { index, operator, value: maskedWord(value, mask), mask };
}

function sample(parts: readonly string[]): string {
  return `[${parts[0]!},${parts[1]!},&=,${parts[1]!}]`;
}

function maskOf(parts: readonly string[]): Word | undefined {
  return parts.length === 4 ? parseWord(parts[3]!) : NO_BITS;
}

function warnOfMask(source: PolicyText, line: PolicyLine, word: PolicyWord): void {
  source.warning(line.number, word.column, shown(word.text), "only &= looks at the mask", "take the mask out");
}
