// lxc.net.[i].limit: how much goes over a pair, kept by the host's end, out of reach of whoever is root inside.

import { LxcError } from "../../base/errors.ts";
import { ENOENT, EOPNOTSUPP } from "../../kernel/abi/errno.ts";
import { type NetlinkRequest, type NetlinkSocket, refusedRequest } from "../../kernel/netlink.ts";
import {
  dropReceived,
  type LinkLimits,
  limitQuestions,
  limitsIn,
  receiveFreely,
  receivingFilters,
  sendFreely,
  slowSending,
} from "../../kernel/traffic.ts";

/** The host's end of a pair. */
export interface HostEnd {
  readonly index: number;
  readonly name: string;
}

/**
 * What the container receives at most, in bits a second; 0 for no limit. What comes too fast waits in a queue for a fifth of
 * a second, and is lost after that.
 */
export function limitReceived(socket: NetlinkSocket, end: HostEnd, bits: number, key: string): void {
  const doing = `limit what goes to the container by ${end.name} (${key})`;
  if (bits > 0) run(socket, [slowSending(end.index, bits, doing)], key);
  else tryRemove(socket, sendFreely(end.index, doing));
}

/** What it sends at most. Nothing waits on its way in: what is too much is lost. */
export function limitSent(socket: NetlinkSocket, end: HostEnd, bits: number, key: string): void {
  const doing = `limit what comes from the container by ${end.name} (${key})`;
  tryRemove(socket, receiveFreely(end.index, doing));
  if (bits === 0) return;
  const requests = [receivingFilters(end.index, doing), dropReceived(end.index, bits, doing)];
  try {
    run(socket, requests, key);
  } catch (caught) {
    tryRemove(socket, receiveFreely(end.index, doing));
    throw caught;
  }
}

/** What the device at `index` has now; a kernel without such limits has none. */
export function limitsOfLink(socket: NetlinkSocket, index: number): LinkLimits {
  return limitsIn(socket.tryRun(limitQuestions(index)).answers.map((answer) => answer.reply));
}

/** One that is not there is no failure. */
function tryRemove(socket: NetlinkSocket, request: NetlinkRequest): void {
  socket.tryRun([request]);
}

function run(socket: NetlinkSocket, requests: readonly NetlinkRequest[], key: string): void {
  for (const refusal of socket.tryRun(requests).refusals) {
    const request = requests[refusal.request];
    if (request === undefined) continue;
    const because = refusedRequest(request, refusal);
    const { errno } = refusal;
    if (errno !== ENOENT && errno !== EOPNOTSUPP) throw because;
    throw new LxcError("unsupported", `use ${key}`, "this kernel has no such limits", {
      errno,
      hint: because.hint,
      because,
    });
  }
}
