// Errors: their fields, their chain, and what is thrown by the language itself.

import { describe, errorCodes, LxcError } from "../../../src/base/errors.ts";
import { Undo } from "../../../src/base/undo.ts";
import { errnoText } from "../../../src/kernel/abi/errno.ts";
import { failureOf } from "./failure.ts";

export function errors(): string[] {
  const because = new LxcError("syscall-failed", "mount it", "mount: full", { errno: 28, hint: "raise it" });
  const failure = new LxcError("wrong-state", "start c1", "the file system is not ready", { because });
  const texts: string[] = [];
  for (let errno = 0; errno < 140; errno++) texts.push(errnoText(errno));
  return [
    ...describe(failure),
    `${failure.code} ${failure.errno} ${failure.because?.errno ?? "none"} ${failure.name}`,
    `${errorCodes.length}`,
    ...failureOf(() => fail(new Error("plain"))),
    ...failureOf(() => fail(failure)),
    ...takenBack(),
    texts.join("; "),
  ];
}

function fail(error: Error): void {
  throw error;
}

function takenBack(): string[] {
  const lines: string[] = [];
  const undo = new Undo();
  undo.add("take back one", () => {
    lines.push("one");
  });
  undo.add("take back two", () => fail(new LxcError("bug", "take back two", "it is gone")));
  undo.add("take back three", () => {
    lines.push("three");
  });
  for (const failure of undo.run()) lines.push(failure.message);
  return lines;
}
