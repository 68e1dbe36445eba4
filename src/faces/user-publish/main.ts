// lxc-user-publish, a program of its own: setuid root, it lets ports of the host lead to an ordinary user's container, those
// that /etc/lxc/lxc-usernet allows, for as long as its standard input is open.
//
// Like lxc-user-nic it says one sentence for all that is not allowed, or not there.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { publishRules } from "../../container/config/usernet.ts";
import { type Caller, callerOf, readTrusted } from "../../container/network/caller.ts";
import { isOwnNic, type NicLine } from "../../container/network/nics.ts";
import { mayPublish, READY, takenText } from "../../container/network/publish-rules.ts";
import { USERNET } from "../../container/network/user-refusals.ts";
import { EAGAIN } from "../../kernel/abi/errno.ts";
import { SIGTERM } from "../../kernel/abi/signal.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { effectiveUser, exitNow } from "../../kernel/process.ts";
import { allSignalsBut, blockSignals } from "../../kernel/signals.ts";
import { POLLIN, pause, waitFor } from "../../kernel/waiting.ts";
import { NicDatabase } from "../setuid/database.ts";
import { becomeRoot, CAP_NET_ADMIN, leaveCaller, realUser } from "../setuid/privileges.ts";
import { PortKeeper } from "./keeper.ts";
import { type PublishRequest, requestIn, USAGE } from "./request.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const REFUSED = "lxc-user-publish: this is not allowed, or something that it needs is not there\n";
const NOT_SETUID =
  "lxc-user-publish: it is not setuid root: chown root:root FILE && chmod 4755 FILE, and no mount with nosuid\n";
/** However often the caller asks for it. */
const LEAST_BETWEEN_MS = 100;
const FOR_EVER = -1;

exitNow(main(process.argv.slice(2)));

function main(words: readonly string[]): number {
  if (effectiveUser() !== 0) return say(STDERR, NOT_SETUID, 1);
  try {
    leaveCaller();
    const request = requestIn(words);
    if (request === undefined) return say(STDERR, USAGE, 1);
    const uid = realUser();
    becomeRoot([CAP_NET_ADMIN]);
    requireAllowed(request, callerOf(uid));
    return keep(new PortKeeper(request, uid));
  } catch (caught) {
    const error = asLxcError(caught as Error);
    return say(STDERR, error.code === "wrong-state" ? takenText(error.doing) : REFUSED, 1);
  }
}

/** The ports by the file, and the device by lxc-user-nic's list: the caller has one on that bridge. */
function requireAllowed(request: PublishRequest, caller: Caller): void {
  const { bridge, device, ports } = request;
  const rules = publishRules(readTrusted(USERNET));
  const database = new NicDatabase();
  const lines = database.read();
  database.close();
  const wanted: NicLine = { owner: "", type: "veth", bridge, device };
  const isOwn = lines.some((line) => isOwnNic(line, caller, wanted));
  const isAllowed = ports.every((one) => mayPublish(rules, caller, bridge, one));
  if (!isOwn || !isAllowed) throw new LxcError("not-permitted", "publish ports", "no line allows it");
}

function keep(keeper: PortKeeper): number {
  try {
    keeper.open();
    // From here on root may end us at any time: the kernel removes the table with us.
    blockSignals(allSignalsBut([SIGTERM]));
    say(STDOUT, READY, 0);
    while (isHeardOf()) {
      keeper.lead();
      pause(LEAST_BETWEEN_MS);
    }
    return 0;
  } finally {
    keeper.close();
  }
}

/** Waits until the caller wants us to look for its addresses again. False when it has ended. */
function isHeardOf(): boolean {
  const bytes = new Uint8Array(64);
  for (;;) {
    waitFor(STDIN, POLLIN, FOR_EVER);
    const count = tryBytes(SYS.read, STDIN, bytes, bytes.length, 0);
    if (count !== -EAGAIN) return count > 0;
  }
}

function say(fd: number, text: string, code: number): number {
  const bytes = bytesOfText(text);
  tryBytes(SYS.write, fd, bytes, bytes.length, 0);
  return code;
}
