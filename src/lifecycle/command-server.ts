// Answers the commands of clients, none of which can block or end it. Runs in the monitor.

import { EAGAIN, EBUSY, EINVAL, EMFILE, ENFILE, ENOSYS, EPERM } from "../kernel/abi/errno.ts";
import { EPOLLOUT } from "../kernel/abi/ioctl.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeAll, closeFd } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import { growSendBuffer, peerCredentials, tryAccept, tryReceiveInto, trySend } from "../kernel/sockets.ts";
import { Timer } from "../kernel/timers.ts";
import {
  bytesWithDescriptor,
  type Command,
  commandNumbered,
  decodeMask,
  decodeRequest,
  encodeAnswer,
  isBodyFor,
  REQUEST_SIZE,
  type Request,
  type StateMask,
} from "./command-protocol.ts";
import { type Reply, refusal, replyTo, resultReply, type Served } from "./command-served.ts";
import { firstAnswer, isWaitingFor, tellClient, waitsAcrossReboot } from "./state-clients.ts";
import { type State, stateNumber, stateOfNumber } from "./states.ts";

/** So many may have a request under way; a new one takes the place of the oldest. */
const MOST_READERS = 32;
/** So many may wait or have a terminal: the monitor has to keep descriptors for itself. */
const MOST_KEPT = 400;
/** A client that has not sent its request by then, or takes nothing of its answer, is let go. */
const REQUEST_TIMEOUT_MS = 3000;
/** More than this may not go at once. */
const USUAL_SEND_BUFFER = 65536;
/** Enough for every request of LXC's tools but long keys. */
const FIRST_READ = REQUEST_SIZE + 112;
/** A busy local user must not make others wait in vain. */
const BACKLOG = 100;

const NO_BODY = new Uint8Array(0);

type Standing = "reading" | "sending" | "tty" | "state" | "stop";

/** One connection. */
class Client {
  readonly fd: number;
  readonly mayCommand: boolean;
  /** When it began what it is at. */
  sinceMs: number;
  standing: Standing = "reading";
  isWatched = false;
  /** What has come of the request, or is still to go of the answer. */
  bytes: Uint8Array = new Uint8Array(FIRST_READ);
  length = 0;
  /** Where the request that is served ends. */
  end = 0;
  mask: StateMask = [];
  tty = -1;
  /** What came with the request, ours until it is served. */
  descriptor = -1;

  constructor(fd: number, mayCommand: boolean) {
    this.fd = fd;
    this.mayCommand = mayCommand;
    this.sinceMs = Date.now();
  }

  /** One is all that any command has; a further one is let go. */
  takeDescriptor(fd: number): void {
    if (this.descriptor >= 0) closeFd(fd);
    else this.descriptor = fd;
  }
}

/** The command socket of one container. */
export class CommandServer {
  readonly #listening: number;
  readonly #loop: EventLoop;
  readonly #served: Served;
  readonly #owner: number;
  readonly #clients = new Map<number, Client>();
  readonly #timer: Timer;
  #isPaused = false;

  /** Serves those who connect to `listening`, which is non-blocking and bound, and now ours. */
  constructor(listening: number, loop: EventLoop, served: Served) {
    this.#listening = listening;
    this.#loop = loop;
    this.#served = served;
    this.#owner = effectiveUser();
    this.#timer = new Timer(loop, () => this.#tick());
    // Listening again records us as the one who listens (unix(7), SO_PEERCRED): before, it was who bound the socket.
    tryNumbers(SYS.listen, listening, BACKLOG, 0);
    loop.watch(listening, () => this.#accept());
  }

  /** Tells everyone who waits for `state`, once; call it at each change, THAWED included. */
  tellState(state: State): void {
    for (const client of [...this.#clients.values()]) {
      if (client.standing !== "state" || !isWaitingFor(client.mask, state)) continue;
      tellClient(client.fd, this.#served.name(), state);
      this.#drop(client);
    }
  }

  /** Before a container that reboots starts again: those who do not wait for that are let go. */
  dropForReboot(): void {
    for (const client of [...this.#clients.values()]) {
      if (client.standing !== "state" || !waitsAcrossReboot(client.mask)) this.#drop(client);
    }
  }

  /** Lets everyone go, and stops listening: from here on the container looks stopped. */
  close(): void {
    if (!this.#isPaused) this.#loop.forget(this.#listening);
    closeFd(this.#listening);
    for (const client of [...this.#clients.values()]) this.#drop(client);
    this.#timer.close();
  }

  /** How many connections there are. */
  clientCount(): number {
    return this.#clients.size;
  }

  #accept(): void {
    this.#makeRoom();
    const fd = tryAccept(this.#listening);
    if (fd === -EMFILE || fd === -ENFILE) this.#pause();
    if (fd < 0) return;
    const uid = peerCredentials(fd).uid;
    const client = new Client(fd, uid === 0 || uid === this.#owner);
    this.#clients.set(fd, client);
    // Most have sent their request by now: then no more calls are needed.
    this.#read(client);
  }

  /** Lets the oldest of those go that have a request under way, first of those who may not command us. */
  #makeRoom(): void {
    let readers = 0;
    let oldest: Client | undefined;
    for (const client of this.#clients.values()) {
      if (client.standing !== "reading") continue;
      readers++;
      if (oldest === undefined || (oldest.mayCommand && !client.mayCommand)) oldest = client;
    }
    if (readers >= MOST_READERS && oldest !== undefined) this.#drop(oldest);
  }

  /** Without descriptors to accept with, epoll would wake us again and again. */
  #pause(): void {
    this.#loop.forget(this.#listening);
    this.#isPaused = true;
    this.#timer.startOnce(1000);
  }

  #tick(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#loop.watch(this.#listening, () => this.#accept());
    }
    const now = Date.now();
    let isBusy = false;
    for (const client of [...this.#clients.values()]) {
      if (client.standing !== "reading" && client.standing !== "sending") continue;
      if (now - client.sinceMs >= REQUEST_TIMEOUT_MS) this.#drop(client);
      else isBusy = true;
    }
    if (isBusy) this.#timer.startOnce(1000);
  }

  #ready(fd: number): void {
    const client = this.#clients.get(fd);
    if (client === undefined) return;
    if (client.standing === "reading") this.#read(client);
    else if (client.standing === "sending") this.#sendMore(client);
    else this.#checkKept(client);
  }

  /** Who has its answer sends nothing more: whatever comes is the end, but an event may be of an earlier connection. */
  #checkKept(client: Client): void {
    const byte = new Uint8Array(1);
    if (tryBytes(SYS.recvfrom, client.fd, byte, byte.length, 0) !== -EAGAIN) this.#drop(client);
  }

  #read(client: Client): void {
    const room = client.length === 0 ? client.bytes : client.bytes.subarray(client.length);
    const got = tryReceiveInto(client.fd, room);
    if (got.descriptor >= 0) client.takeDescriptor(got.descriptor);
    if (got.length === -EAGAIN) this.#watch(client);
    else if (got.length <= 0) this.#drop(client);
    else this.#received(client, got.length);
  }

  #received(client: Client, count: number): void {
    client.length += count;
    if (client.length < REQUEST_SIZE) {
      this.#watch(client);
      return;
    }
    const request = decodeRequest(client.bytes);
    if (request === undefined) {
      this.#finish(client, refusal(EINVAL));
      return;
    }
    const whole = REQUEST_SIZE + request.bodyLength + bytesWithDescriptor(request);
    if (client.length >= whole) {
      client.end = whole;
      this.#obey(client, request, client.bytes.subarray(REQUEST_SIZE, whole));
      return;
    }
    // An unread body would make the client's own sending fail, so it is read also when the answer will be no.
    if (client.bytes.length < whole) {
      const longer = new Uint8Array(whole);
      longer.set(client.bytes);
      client.bytes = longer;
    }
    this.#watch(client);
  }

  #obey(client: Client, request: Request, body: Uint8Array): void {
    const command = commandNumbered(request.number);
    if (!client.mayCommand) this.#finish(client, refusal(EPERM));
    else if (command === undefined) this.#finish(client, refusal(ENOSYS));
    else if (!isBodyFor(command, body)) this.#finish(client, refusal(EINVAL));
    else if (command.keeps && this.#countKept() >= MOST_KEPT) this.#finish(client, refusal(EBUSY));
    else if (command.name === "stop") this.#stop(client);
    else if (command.name === "get_tty_fd") this.#grantTty(client, request.value);
    else if (command.name === "add_state_client") this.#addStateClient(client, body);
    else if (command.name === "seccomp_notify_add_listener") this.#addListener(client);
    else this.#answer(client, command, request.value, body);
  }

  /** Whoever waits is told before the client that changed the state: it may look at once. */
  #answer(client: Client, command: Command, value: number, body: Uint8Array): void {
    const reply = replyTo(this.#served, command, value, body);
    if (reply.result === 0 && command.name === "serve_state_clients") this.#tellNumber(value);
    this.#finish(client, reply);
  }

  #countKept(): number {
    let count = 0;
    for (const client of this.#clients.values()) if (client.standing !== "reading") count++;
    return count;
  }

  #tellNumber(number: number): void {
    const state = stateOfNumber(number);
    if (state !== undefined) this.tellState(state);
  }

  /** There is no answer: the connection ends when the container has. */
  #stop(client: Client): void {
    const result = this.#served.stop();
    if (result < 0) this.#finish(client, refusal(-result));
    else this.#keep(client, "stop");
  }

  #grantTty(client: Client, number: number): void {
    let taken = this.#served.takeTty(number);
    // Whoever had it may have gone just now.
    if (taken === undefined && this.#dropGoneOwners()) taken = this.#served.takeTty(number);
    if (taken === undefined) {
      // As in LXC: no answer at all says that it is taken.
      this.#drop(client);
      return;
    }
    client.tty = taken.number;
    if (trySend(client.fd, encodeAnswer(0, taken.number, NO_BODY), [taken.fd]) < 0) {
      this.#served.freeTty(taken.number);
      this.#drop(client);
      return;
    }
    this.#keep(client, "tty");
  }

  /** Returns whether anybody who had a terminal has gone. */
  #dropGoneOwners(): boolean {
    const before = this.#clients.size;
    for (const client of [...this.#clients.values()]) if (client.standing === "tty") this.#checkKept(client);
    return this.#clients.size < before;
  }

  #addStateClient(client: Client, body: Uint8Array): void {
    const mask = decodeMask(body);
    if (mask === undefined) {
      this.#finish(client, refusal(EINVAL));
      return;
    }
    const number = firstAnswer(mask, this.#served.state());
    const sent = trySend(client.fd, encodeAnswer(number, number, NO_BODY), []);
    client.mask = mask;
    if (sent < 0 || number === stateNumber(this.#served.state())) this.#drop(client);
    else this.#keep(client, "state");
  }

  #addListener(client: Client): void {
    const result = client.descriptor < 0 ? -EINVAL : this.#served.addSeccompListener(client.descriptor);
    if (result >= 0) client.descriptor = -1;
    this.#finish(client, resultReply(result));
  }

  #keep(client: Client, standing: Standing): void {
    client.standing = standing;
    client.bytes = NO_BODY;
    this.#watch(client);
  }

  #watch(client: Client): void {
    if (client.standing === "reading") this.#timer.startOnce(REQUEST_TIMEOUT_MS);
    if (client.isWatched) return;
    client.isWatched = true;
    this.#loop.watch(client.fd, () => this.#ready(client.fd));
  }

  /** Answers, and lets go of who has asked no more. Only the console's buffer may be more than there is room for in a new socket. */
  #finish(client: Client, reply: Reply): void {
    const answer = encodeAnswer(reply.result, reply.value, reply.body);
    // LXC's clients take what is there of it for the whole.
    if (answer.length > USUAL_SEND_BUFFER) growSendBuffer(client.fd, 2 * answer.length);
    const sent = trySend(client.fd, answer, reply.descriptors);
    if (reply.closesThem) closeAll(reply.descriptors);
    if (sent >= 0 && sent < answer.length) this.#keepSending(client, answer.subarray(sent));
    else if (sent < 0 || !this.#serveNext(client)) this.#drop(client);
  }

  /** Serves the request that came in one piece with the one before. Returns whether there was one. */
  #serveNext(client: Client): boolean {
    const rest = client.bytes.subarray(client.end, client.length);
    const request = decodeRequest(rest);
    if (request === undefined || REQUEST_SIZE + request.bodyLength + bytesWithDescriptor(request) > rest.length)
      return false;
    client.bytes = rest;
    client.length = 0;
    this.#received(client, rest.length);
    return true;
  }

  #keepSending(client: Client, rest: Uint8Array): void {
    client.standing = "sending";
    client.bytes = rest;
    client.sinceMs = Date.now();
    this.#timer.startOnce(REQUEST_TIMEOUT_MS);
    if (client.isWatched) this.#loop.forget(client.fd);
    client.isWatched = true;
    this.#loop.watch(client.fd, () => this.#ready(client.fd), EPOLLOUT);
  }

  #sendMore(client: Client): void {
    const sent = trySend(client.fd, client.bytes, []);
    if (sent === -EAGAIN) return;
    if (sent < 0 || sent === client.bytes.length) {
      this.#drop(client);
      return;
    }
    client.bytes = client.bytes.subarray(sent);
    client.sinceMs = Date.now();
  }

  #drop(client: Client): void {
    if (!this.#clients.delete(client.fd)) return;
    if (client.isWatched) this.#loop.forget(client.fd);
    closeFd(client.fd);
    if (client.descriptor >= 0) closeFd(client.descriptor);
    if (client.standing === "tty") this.#served.freeTty(client.tty);
  }
}
