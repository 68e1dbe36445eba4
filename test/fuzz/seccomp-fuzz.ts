// Reads random policies, compiles them and runs random calls through them, and reads what a proxy might answer:
// `seccomp-fuzz SEED COUNT` prints a digest of what came of it. Runs in both engines.

import { asLxcError, describe } from "../../src/base/errors.ts";
import { findingLine } from "../../src/base/finding.ts";
import { compilePolicy } from "../../src/isolation/seccomp/compile.ts";
import { idKey, proxyMessage, proxyMessageSize, responseIn } from "../../src/isolation/seccomp/notify.ts";
import type { Policy } from "../../src/isolation/seccomp/policy.ts";
import { policyFindings, readPolicy } from "../../src/isolation/seccomp/read.ts";
import { policyWarnings } from "../../src/isolation/seccomp/warnings.ts";
import { Digest, Random } from "./random.ts";
import { type Call, dataOf, decide, run } from "./seccomp-model.ts";
import { brokenPolicy, randomCall, randomPolicy } from "./seccomp-text.ts";

const A_DIGEST = 50;
const CALLS = 30;

const seed = parseInt(process.argv[2] ?? "1", 10);
const count = parseInt(process.argv[3] ?? "1000", 10);
const random = new Random(seed);
let digest = new Digest();
for (let i = 1; i <= count; i++) {
  tryOne(random.below(3) === 0 ? brokenPolicy(random) : randomPolicy(random, 20));
  answerOne();
  if (i % A_DIGEST === 0) {
    console.log(`${i} ${digest.value}`);
    digest = new Digest();
  }
}

function tryOne(text: string): void {
  const findings = policyFindings(text, "p");
  for (const finding of findings) digest.add(findingLine(finding));
  const isWrong = findings.some((finding): boolean => finding.severity === "error");
  try {
    const policy = readPolicy(text, "p");
    must(!isWrong, "a policy with errors is refused", text);
    tell(policy, text);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    must(isWrong && error.code === "config-invalid", `nothing else is thrown: ${error.message}`, text);
    for (const line of describe(error)) digest.add(line);
  }
}

function tell(policy: Policy, text: string): void {
  const host = random.below(8) === 0 ? "arm64" : "x86_64";
  for (const finding of policyWarnings(policy, host)) digest.add(findingLine(finding));
  const program = compilePolicy(policy, host);
  for (let i = 0; i < CALLS; i++) {
    const call = randomCall(random, policy);
    const is = run(program, dataOf(call));
    digest.add(`${is.value} ${is.steps}`);
    must(is.value === decide(policy, host, call), `the program does what the policy says: ${callText(call)}`, text);
  }
}

/** Messages of any length and content: only whole ones with an empty head hold a response, and that of the call. */
function answerOne(): void {
  const sizes = { notification: 80 + 8 * random.below(3), response: 24 + 8 * random.below(3), data: 64 };
  const notification = new Uint8Array(sizes.notification);
  for (let at = 0; at < notification.length; at++) notification[at] = random.below(256);
  const message = proxyMessage(notification, sizes, { monitorPid: 1, initPid: 2, cookie: random.pick(["", "c", "é"]) });
  const size = proxyMessageSize(sizes);
  const length = random.below(2) === 0 ? size : random.below(message.length + 1);
  const answer = message.slice(0, length);
  const isTouched = random.below(2) === 0 && length >= 8;
  if (isTouched) answer[random.below(8)] = random.below(2);
  const response = responseIn(answer, sizes);
  const isWhole = length === size && idKey(answer) === "0 0 0 0 0 0 0 0 ";
  must((response !== undefined) === isWhole, "an answer is taken when it is whole", "");
  if (response !== undefined) must(idKey(response) === idKey(notification), "it is that of the call", "");
  digest.add(response === undefined ? "none" : idKey(response));
}

function callText(call: Call): string {
  const args = call.args.map((arg): string => `${arg.high}:${arg.low}`);
  return `${call.architecture} ${call.number} ${args.join(" ")}`;
}

function must(holds: boolean, what: string, text: string): void {
  if (holds) return;
  console.log(`NOT TRUE (seed ${seed}): ${what}\n${JSON.stringify(text)}`);
  process.exit(1);
}
