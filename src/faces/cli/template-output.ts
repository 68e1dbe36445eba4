// What a template prints is no output of the program that is run after it.

import { F_DUPFD_CLOEXEC, O_CLOEXEC, O_RDONLY } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../../kernel/call.ts";
import { closeFd, openFile } from "../../kernel/files.ts";
import { isTerminal } from "../../kernel/terminals.ts";

/** Calls `work` with standard output where the errors go, and nothing to read but a terminal: the input is for what comes after. */
export function withoutOutput(work: () => void): void {
  const output = call("keep the output", "fcntl", 1, F_DUPFD_CLOEXEC, 3);
  const input = isTerminal(0) ? -1 : call("keep the input", "fcntl", 0, F_DUPFD_CLOEXEC, 3);
  try {
    tryNumbers(SYS.dup2, 2, 1, 0);
    if (input >= 0) readNothing();
    work();
  } finally {
    giveBack(output, 1);
    giveBack(input, 0);
  }
}

function readNothing(): void {
  const nothing = openFile("/dev/null", O_RDONLY | O_CLOEXEC);
  tryNumbers(SYS.dup2, nothing, 0, 0);
  closeFd(nothing);
}

function giveBack(kept: number, fd: number): void {
  if (kept < 0) return;
  tryNumbers(SYS.dup2, kept, fd, 0);
  closeFd(kept);
}
