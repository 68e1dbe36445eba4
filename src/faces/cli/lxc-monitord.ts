// lxc-monitord: tells every lxc-monitor what containers do. Started by lxc-monitor, or by systemd.

import { encodeError } from "../../base/error-fields.ts";
import { asLxcError, LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { closeFd } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { setCommandName } from "../../kernel/process.ts";
import { Monitord } from "../../lifecycle/monitord.ts";
import { claimMonitord, type MonitordClaim } from "../../lifecycle/monitord-claim.ts";
import { MONITORD, READY } from "../../lifecycle/monitord-client.ts";
import { absolute, runFolder } from "./caller.ts";
import { type Arguments, flag, Refusal, type Tool } from "./command.ts";
import { lxcpathFrom } from "./target.ts";

const daemon = flag("daemon", "", "Stay, also while nobody watches");

export const lxcMonitord: Tool = {
  name: MONITORD,
  usage: "--daemon [LXCPATH]\n       lxc-monitord LXCPATH SYNC-FD",
  doc: "lxc-monitord hears what the containers of LXCPATH do, and tells every lxc-monitor",
  options: [daemon],
  named: false,
  isForHost: true,
  run,
};

function run(args: Arguments): number {
  setCommandName(MONITORD);
  const persistent = args.has(daemon);
  const channel = channelFrom(args, persistent);
  const given = args.operands[0];
  // As it is: the names of fifo and socket are made of it, letter by letter.
  const lxcpath = given === undefined ? lxcpathFrom(args) : given === "/" ? given : withoutEndSlash(absolute(given));
  const claim = claimAndTell(lxcpath, channel);
  if (claim === undefined) throw isThereAlready(lxcpath);
  if (channel >= 0) {
    const ready = bytesOfText(READY);
    tryBytes(SYS.write, channel, ready, ready.length, 0);
    closeFd(channel);
  }
  args.log.info("monitord", `watches the containers of ${lxcpath}`);
  new Monitord(claim, persistent).run();
  args.log.info("monitord", `no longer watches the containers of ${lxcpath}`);
  return 0;
}

/** Whoever started us is told why it cannot be: our own messages go nowhere. */
function claimAndTell(lxcpath: string, channel: number): MonitordClaim | undefined {
  try {
    return claimMonitord(runFolder(), lxcpath);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    const bytes = encodeError(error);
    if (channel >= 0) tryBytes(SYS.write, channel, bytes, bytes.length, 0);
    throw error;
  }
}

/** As in LXC, it stays or it has somebody to tell that it is ready, never both and never neither. */
function channelFrom(args: Arguments, persistent: boolean): number {
  const word = args.operands[1];
  const channel = word === undefined ? -1 : (wholeNumberIn(word) ?? -1);
  if (args.operands.length <= 2 && persistent === (word === undefined) && persistent === channel < 0) return channel;
  const error = new LxcError("config-invalid", "read the command line", "these are not the words it takes", {
    hint: "lxc-monitor starts it by itself; by hand it is: lxc-monitord --daemon LXCPATH",
  });
  throw new Refusal("", error);
}

function isThereAlready(lxcpath: string): LxcError {
  return new LxcError("wrong-state", `watch the containers of ${lxcpath}`, "another lxc-monitord does already", {
    hint: `end that one: lxc-monitor -Q -P ${lxcpath}`,
  });
}

function withoutEndSlash(path: string): string {
  let end = path.length;
  while (end > 1 && path.charAt(end - 1) === "/") end--;
  return path.slice(0, end);
}
