// lxc-usernsexec: runs a program as root of a new user namespace.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { firstMapsFor } from "../../container/subordinate-ids.ts";
import type { IdMapping } from "../../isolation/id-maps.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryNumbers } from "../../kernel/call.ts";
import { type ProcessEnd, shellCode } from "../../kernel/process.ts";
import { mapsIn, NOT_MAPPED, runAsMappedRoot, withSelf } from "../../lifecycle/usernsexec.ts";
import { environment } from "./caller.ts";
import { type Arguments, badValue, flag, Refusal, refusedBecause, type Tool, valued } from "./command.ts";

const map = valued(
  "map",
  "MAP",
  "m",
  "Ids to map, u, g or b for both, as in b:0:100000:65536; again for further ranges",
);
const self = flag("self", "s", "Map the caller's own user and group too, after the others");

const SHELL = "/bin/sh";

export const lxcUsernsexec: Tool = {
  name: "lxc-usernsexec",
  usage: "-m MAP -- COMMAND",
  doc: "lxc-usernsexec runs COMMAND, or a shell, as root of a new user namespace. Without -m it maps the caller's first ranges in /etc/subuid and /etc/subgid",
  options: [map, self],
  named: false,
  isForHost: true,
  run,
};

function run(args: Arguments): number {
  const maps = mapsFrom(args);
  const command = args.operands.length > 0 ? args.operands : [SHELL];
  return shellCode(execute(args.has(self) ? withSelf(maps, ownUser(), ownGroup()) : maps, command));
}

function mapsFrom(args: Arguments): IdMapping[] {
  if (!args.has(map)) return defaultMaps();
  const maps: IdMapping[] = [];
  for (const word of args.all(map)) {
    for (const each of readMap(word)) maps.push(each);
  }
  return maps;
}

function readMap(word: string): IdMapping[] {
  const read = mapsIn(word);
  if (read !== undefined) return read;
  const how = "a map is u, g or b, the first id inside, the first id outside and how many, as in b:0:100000:65536";
  throw badValue(map, word, "it is no map", how);
}

/** Without any, in LXC's words. */
function defaultMaps(): IdMapping[] {
  const maps = firstMapsFor(ownUser());
  if (maps !== undefined) return maps;
  const reason = "this user has no range of ids in both /etc/subuid and /etc/subgid";
  throw new Refusal(
    "Failed to find subuid or subgid allocation",
    new LxcError("not-permitted", "map ids", reason, { hint: "see what to do: lxc-doctor; or name a map with -m" }),
  );
}

function execute(maps: readonly IdMapping[], command: readonly string[]): ProcessEnd {
  try {
    return runAsMappedRoot(maps, command, environment());
  } catch (caught) {
    const error = asLxcError(caught as Error);
    const program = command[0] ?? "";
    if (error.doing === NOT_MAPPED)
      throw refusedBecause("Failed to write id mapping for child process", NOT_MAPPED, error);
    if (error.doing === `run ${program}`) throw refusedBecause(`Failed to execute "${program}"`, error.doing, error);
    throw error;
  }
}

function ownUser(): number {
  return tryNumbers(SYS.getuid, 0, 0, 0);
}

function ownGroup(): number {
  return tryNumbers(SYS.getgid, 0, 0, 0);
}
