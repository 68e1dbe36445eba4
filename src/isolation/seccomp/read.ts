// Reads a seccomp policy, of version 1 or 2, and says all that is wrong with it at once. Pure.

import { LxcError } from "../../base/errors.ts";
import type { Finding } from "../../base/finding.ts";
import { lowerCase, nearest, shown, wholeNumberIn } from "../../base/text.ts";
import { SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_USER_NOTIF } from "../../kernel/abi/seccomp.ts";
import { type Policy, type Rule, sectionNames } from "./policy.ts";
import { readRule } from "./read-rule.ts";
import { type PolicyLine, PolicyText, readAction } from "./words.ts";

/**
 * The policy in `text`; `file` is its name in messages. Throws `config-invalid` with every finding.
 *
 * What LXC takes, this takes with the same meaning. It takes more: comments and blanks anywhere, comparisons without an
 * action before them, several comparisons of one argument.
 */
export function readPolicy(text: string, file: string): Policy {
  const source = new PolicyText(file, text);
  const policy = policyIn(source);
  const errors = source.errors();
  if (errors.length === 0) return policy;
  const reason = errors.length === 1 ? "one line is wrong" : `${errors.length} lines are wrong`;
  throw new LxcError("config-invalid", `read the seccomp policy ${file}`, reason, { findings: errors });
}

/** What is wrong and what is odd, without throwing. */
export function policyFindings(text: string, file: string): readonly Finding[] {
  const source = new PolicyText(file, text);
  policyIn(source);
  return source.findings;
}

function policyIn(source: PolicyText): Policy {
  const version = readVersion(source);
  const style = readStyle(source, version);
  const rules = version === 1 ? readNumbers(source) : readRules(source, style.ruleAction);
  const { file, findings } = source;
  return { file, version, defaultAction: style.defaultAction, rules, warnings: findings };
}

function readVersion(source: PolicyText): 1 | 2 {
  const line = source.next();
  const word = line?.words[0];
  if (line === undefined || word === undefined) {
    source.error(0, 0, "", "it is empty", 'begin it with the line "2", then "denylist" or "allowlist"');
    return 2;
  }
  if (line.words.length > 1) source.extra(line, 1);
  if (word.text === "1") return 1;
  if (word.text !== "2") {
    source.error(line.number, word.column, shown(word.text), "there is no such version", 'begin with the line "2"');
    // What follows may be a policy all the same, but then this line was one of it.
    if (isStyle(word.text)) source.back();
  }
  return 2;
}

/** Bit 30 and those above tell architectures apart. */
const LARGEST_NUMBER = 0x3fffffff;

interface Style {
  readonly defaultAction: number;
  readonly ruleAction: number;
}

const DENY: Style = { defaultAction: SECCOMP_RET_ALLOW, ruleAction: SECCOMP_RET_KILL_THREAD };
const ALLOW: Style = { defaultAction: SECCOMP_RET_KILL_THREAD, ruleAction: SECCOMP_RET_ALLOW };

function isStyle(word: string): boolean {
  return word === "denylist" || word === "blacklist" || word === "allowlist" || word === "whitelist";
}

/** `denylist` or `allowlist`, by the old names as well, with what happens to all other calls. */
function readStyle(source: PolicyText, version: 1 | 2): Style {
  const line = source.next();
  const word = line?.words[0];
  if (line === undefined || word === undefined) {
    const hint = 'write "denylist" or "allowlist" behind the version';
    if (source.errors().length === 0) source.error(0, 0, "", "it ends where its kind should be", hint);
    return DENY;
  }
  if (!isStyle(word.text)) {
    const meant = nearest(word.text, ["denylist", "allowlist"]);
    const hint = meant === undefined ? 'write "denylist" or "allowlist" here' : `did you mean ${meant}?`;
    source.error(line.number, word.column, shown(word.text), "that is no kind of policy", hint);
    if (word.text.startsWith("[")) source.back();
    return DENY;
  }
  const style = word.text === "denylist" || word.text === "blacklist" ? DENY : ALLOW;
  if (version === 1 && style === DENY) {
    source.error(line.number, word.column, word.text, "version 1 has only allowlist", 'begin with the line "2"');
  }
  return withDefault(source, line, style);
}

function withDefault(source: PolicyText, line: PolicyLine, style: Style): Style {
  if (line.words.length === 1) return style;
  const read = readAction(source, line, 1);
  if (read === undefined) return style;
  if (read.next < line.words.length) source.extra(line, read.next);
  if (read.action === SECCOMP_RET_USER_NOTIF) {
    const problem = "this would stop every call, and first those that hand the calls on";
    source.error(line.number, line.words[1]!.column, "notify", problem, "name the calls, one a line: mknod notify");
    return style;
  }
  return { defaultAction: read.action, ruleAction: style.ruleAction };
}

/** Version 1: a number on each line. */
function readNumbers(source: PolicyText): Rule[] {
  const rules: Rule[] = [];
  for (let line = source.next(); line !== undefined; line = source.next()) {
    const word = line.words[0]!;
    const number = wholeNumberIn(word.text) ?? -1;
    if (number < 0 || number > LARGEST_NUMBER) {
      const hint = 'write names behind the line "2"';
      source.error(line.number, word.column, shown(word.text), "version 1 takes numbers of system calls", hint);
      continue;
    }
    if (line.words.length > 1) source.extra(line, 1);
    rules.push({
      line: line.number,
      section: "native",
      name: "",
      number,
      action: SECCOMP_RET_ALLOW,
      comparisons: [],
    });
  }
  return rules;
}

/** Version 2: names, below the architectures they are for. Before the first section they are for all. */
function readRules(source: PolicyText, ruleAction: number): Rule[] {
  const rules: Rule[] = [];
  let section = "all";
  for (let line = source.next(); line !== undefined; line = source.next()) {
    const word = line.words[0]!;
    if (word.text.startsWith("[")) {
      section = readSection(source, line);
      continue;
    }
    const rule = readRule(source, line, section, ruleAction);
    if (rule !== undefined) rules.push(rule);
  }
  return rules;
}

function readSection(source: PolicyText, line: PolicyLine): string {
  const word = line.words[0]!;
  if (line.words.length > 1) source.extra(line, 1);
  const name = lowerCase(word.text.slice(1, word.text.length - 1));
  const names = sectionNames();
  if (names.includes(name)) return name;
  const meant = nearest(name, names);
  const hint = meant === undefined ? `there are ${names.join(", ")}` : `did you mean [${meant}]?`;
  source.error(line.number, word.column, shown(word.text), "there is no such architecture", hint);
  return "all";
}
