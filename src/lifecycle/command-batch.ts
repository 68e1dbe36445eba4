// One question to many monitors at once: all are asked before the first answer is waited for. Runs in lxc-top.

import type { Container } from "../container/container.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeFd } from "../kernel/files.ts";
import { textOf } from "../kernel/memory.ts";
import { trySendCredentials } from "../kernel/sockets.ts";
import { connectTo } from "./command-client.ts";
import { ANSWER_SIZE, commandNamed, decodeAnswer, encodeRequest } from "./command-protocol.ts";

const ANSWER_TIMEOUT_MS = 5000;
/** A caller may have few descriptors. */
const AT_ONCE = 100;
const FIRST_READ = 512;
const NO_BODY = new Uint8Array(0);

/**
 * Where the limits of each container are, in any hierarchy; undefined for whoever does not answer at once and in full: that one is to be
 * asked alone, which also says why.
 */
export function limitCgroupPathsOf(containers: readonly Container[]): (string | undefined)[] {
  let paths: (string | undefined)[] = [];
  for (let at = 0; at < containers.length; at += AT_ONCE)
    paths = paths.concat(askSome(containers.slice(at, at + AT_ONCE)));
  return paths;
}

function askSome(containers: readonly Container[]): (string | undefined)[] {
  const request = encodeRequest(commandNamed("get_limit_cgroup"), 0, NO_BODY);
  const connections: number[] = [];
  for (const container of containers) connections.push(tryAsk(container, request));
  const bytes = new Uint8Array(FIRST_READ);
  const paths: (string | undefined)[] = [];
  for (const fd of connections) {
    paths.push(fd < 0 ? undefined : pathFrom(fd, bytes));
    if (fd >= 0) closeFd(fd);
  }
  return paths;
}

/** The connection, or a negative number. */
function tryAsk(container: Container, request: Uint8Array): number {
  try {
    const fd = connectTo(container, ANSWER_TIMEOUT_MS);
    if (fd < 0 || trySendCredentials(fd, request) === request.length) return fd;
    closeFd(fd);
    return -1;
  } catch {
    return -1;
  }
}

function pathFrom(fd: number, bytes: Uint8Array): string | undefined {
  const length = tryBytes("recvfrom", fd, bytes, bytes.length, 0);
  const head = length < ANSWER_SIZE ? undefined : decodeAnswer(bytes);
  if (head === undefined || head.result < 0 || head.bodyLength === 0) return undefined;
  return length < ANSWER_SIZE + head.bodyLength
    ? undefined
    : textOf(bytes.subarray(ANSWER_SIZE, ANSWER_SIZE + head.bodyLength));
}
