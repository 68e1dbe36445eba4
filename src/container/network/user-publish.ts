// Published ports of an ordinary user's container: lxc-user-publish has them for as long as it hears of us. Runs in the tool
// that starts, and in the monitor, as its user.

import { Deadline } from "../../base/deadline.ts";
import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/abi/socket.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../../kernel/call.ts";
import { closeFd } from "../../kernel/files.ts";
import { textOf } from "../../kernel/memory.ts";
import { cloneProcess, exitNow, tryEndOf, tryExec } from "../../kernel/process.ts";
import { blockSignals, signalSet } from "../../kernel/signals.ts";
import { socketPair } from "../../kernel/sockets.ts";
import { POLLIN, waitFor } from "../../kernel/waiting.ts";
import { publishedText } from "../config/publish-codecs.ts";
import { publishRules } from "../config/usernet.ts";
import { type AddressWatch, watchAddresses } from "./address-watch.ts";
import type { NetworkMeans } from "./device.ts";
import type { PlannedNetwork } from "./planned.ts";
import { refuseListeners, wantedPorts } from "./publish-host.ts";
import { mayPublish, notAllowedToPublish, READY, whyNotPublished } from "./publish-rules.ts";
import { PUBLISH_HELPER, requireHelper } from "./setuid-helpers.ts";
import { usernetView } from "./usernet-view.ts";

const LONGEST_ANSWER = 4096;
const LONGEST_WAIT_MS = 60_000;
const LONGEST_END_MS = 5000;
const NO_ENVIRONMENT: readonly string[] = [];

/** Throws for the first port that the user cannot have, as far as it can be told before anything is made. */
export function refuseUserPorts(networks: readonly PlannedNetwork[]): void {
  if (wantedPorts(networks).length === 0) return;
  requirePublishHelper();
  const view = usernetView();
  const rules = publishRules(view.text ?? "");
  for (const network of view.text === undefined ? [] : networks) {
    for (const wanted of wantedPorts([network])) {
      if (mayPublish(rules, view.caller, network.link, wanted.ports)) continue;
      throw notAllowedToPublish(wanted, view.caller.name, network.link);
    }
  }
  refuseListeners(wantedPorts(networks));
}

function requirePublishHelper(): string {
  return requireHelper(
    PUBLISH_HELPER,
    "publish ports of the host for an ordinary user",
    "take lxc.net.[i].publish out",
  );
}

export class UserPublisher {
  readonly #network: PlannedNetwork;
  readonly #means: NetworkMeans;
  #pidfd = -1;
  #channel = -1;
  #isWatched = false;
  #watch: AddressWatch | undefined = undefined;

  constructor(network: PlannedNetwork, means: NetworkMeans) {
    this.#network = network;
    this.#means = means;
  }

  /** Has the helper take the ports, and lead them to the addresses that the container has by now. */
  open(): void {
    const helper = requirePublishHelper();
    const pair = socketPair();
    const child = cloneProcess(0, -1);
    if (child.pid === 0) becomeHelper(helper, this.#words(), pair.right);
    closeFd(pair.right);
    this.#channel = pair.left;
    this.#pidfd = child.pidfd;
    const said = answerFrom(pair.left);
    if (said === READY) return;
    this.close();
    const user = usernetView().caller.name;
    const asked = { user, bridge: this.#network.link, wanted: wantedPorts([this.#network]) };
    throw whyNotPublished(said.trim(), helper, asked);
  }

  /** Wakes the helper when the container's addresses change: it looks for itself. */
  watch(): void {
    const channel = this.#channel;
    const { target } = this.#means;
    if (channel < 0) return;
    this.#isWatched = true;
    target.loop.watch(this.#pidfd, () => this.#lost());
    this.#watch = watchAddresses(target, this.#network.name, () => wake(channel));
    // For what came before.
    wake(channel);
  }

  /** Lets the ports go, and waits until they are free. */
  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    if (this.#pidfd < 0) return;
    if (this.#isWatched) this.#means.target.loop.forget(this.#pidfd);
    this.#isWatched = false;
    closeFd(this.#channel);
    waitFor(this.#pidfd, POLLIN, LONGEST_END_MS);
    tryEndOf(this.#pidfd, false);
    closeFd(this.#pidfd);
    this.#pidfd = -1;
    this.#channel = -1;
  }

  #lost(): void {
    this.close();
    const { target } = this.#means;
    target.warn(`the published ports of ${this.#network.name} lead nowhere: ${PUBLISH_HELPER} has ended`);
  }

  #words(): string[] {
    const { container } = this.#means.target;
    const { index, link, hostName, veth } = this.#network;
    const words = [container.lxcpath, container.name, String(index), link, hostName];
    for (const ports of veth?.published ?? []) words.push(publishedText(ports));
    return words;
  }
}

/** Runs in the new process. */
function becomeHelper(helper: string, words: readonly string[], channel: number): never {
  for (let standard = 0; standard < 3; standard++) tryNumbers(SYS.dup2, channel, standard, 0);
  blockSignals(signalSet([]));
  const result = tryExec(helper, [helper, ...words], NO_ENVIRONMENT);
  return exitNow(-result);
}

/** Any byte does. One that does not fit is not needed: others wait there already. */
function wake(channel: number): void {
  tryBytes(SYS.sendto, channel, new Uint8Array(1), 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/** What it says until it is ready, or ends. */
function answerFrom(channel: number): string {
  const deadline = new Deadline(LONGEST_WAIT_MS);
  const room = new Uint8Array(LONGEST_ANSWER);
  let length = 0;
  while (length < room.length && waitFor(channel, POLLIN, deadline.leftMs())) {
    const part = room.subarray(length);
    const count = tryBytes(SYS.read, channel, part, part.length, 0);
    if (count <= 0) break;
    length += count;
    if (textOf(room.subarray(0, length)) === READY) break;
  }
  return textOf(room.subarray(0, length));
}
