// Calling lxc-user-nic, ours or LXC's: it makes for an ordinary user the devices that only root of the host may make.

import { LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { isDeviceName } from "../../kernel/links.ts";
import { exitNow, tryExec } from "../../kernel/process.ts";
import { runWithOutput } from "../../kernel/run-program.ts";
import { NIC_HELPER, requireHelper } from "./setuid-helpers.ts";

const NO_ENVIRONMENT: readonly string[] = [];

/** What it has made. */
export interface MadeNic {
  readonly inside: string;
  readonly insideIndex: number;
  readonly host: string;
  readonly hostIndex: number;
}

/** What became of a call. */
export interface NicCall {
  readonly succeeded: boolean;
  readonly said: string;
}

/** The one that works. Throws where there is none, before anything is made. */
export function requireNicHelper(): string {
  const doing = "give an ordinary user a network device of the host";
  return requireHelper(NIC_HELPER, doing, "set the network to lxc.net.[i].type = empty");
}

/** Runs it with `words`. Both of its outputs are one text, as in LXC. */
export function callNicHelper(helper: string, words: readonly string[]): NicCall {
  const ran = runWithOutput(() => {
    const result = tryExec(helper, [helper, ...words], NO_ENVIRONMENT);
    exitNow(-result);
  });
  return { succeeded: ran.end.signal === 0 && ran.end.code === 0, said: ran.said };
}

/** `INSIDE:INDEX:HOST:INDEX`, the last line that it says. */
export function madeNicIn(said: string): MadeNic {
  const parts = said.slice(said.lastIndexOf("\n") + 1).split(":");
  const [inside = "", first = "", host = "", second = ""] = parts;
  const insideIndex = wholeNumberIn(first) ?? 0;
  const hostIndex = wholeNumberIn(second) ?? 0;
  if (parts.length === 4 && isDeviceName(inside) && isDeviceName(host) && insideIndex > 0 && hostIndex > 0) {
    return { inside, insideIndex, host, hostIndex };
  }
  throw new LxcError("bug", "read what lxc-user-nic has made", "its answer is none of those that it can give");
}
