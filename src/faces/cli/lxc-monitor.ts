// lxc-monitor: tells what containers do, as it happens.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { visible } from "../../base/text.ts";
import { EAGAIN, ECONNRESET, EPIPE } from "../../kernel/abi/errno.ts";
import { MSG_DONTWAIT } from "../../kernel/abi/socket.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { EventLoop } from "../../kernel/event-loop.ts";
import { closeFd } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { Pattern } from "../../kernel/pattern.ts";
import { decodeEvent, type LifeEvent } from "../../lifecycle/life-message.ts";
import { MessageStream } from "../../lifecycle/message-stream.ts";
import { connectMonitord, openMonitord } from "../../lifecycle/monitord-client.ts";
import { environment } from "./caller.ts";
import { type Arguments, flag, name, Refusal, refusedBecause, type Tool, unusedRcFile, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { printLines } from "./print.ts";
import { lxcpathsFrom } from "./target.ts";

const names = valued(
  "name",
  "NAME",
  "n",
  "Only containers whose whole name matches NAME, an extended regular expression",
);
const quit = flag("quit", "Q", "Tell lxc-monitord to quit");
const format = valued("format", "FORMAT", "", "Print text; or with json or ndjson an object a line for each event");

export const lxcMonitor: Tool = {
  name: "lxc-monitor",
  usage: "[--name=NAME]",
  doc: "lxc-monitor tells when the state of containers changes, and how they end, until it is interrupted",
  options: [names, quit, format, unusedRcFile],
  named: false,
  run,
};

const AT_ONCE = 16_384;

function run(args: Arguments): number {
  const lxcpaths = lxcpathsFrom(args);
  if (args.has(quit)) return quitAll(args, lxcpaths);
  const monitor = new Monitor(args, args.has(name) ? patternOf(args.text(name, "")) : undefined);
  for (const lxcpath of lxcpaths) monitor.open(lxcpath);
  return monitor.run();
}

/** As in LXC's manual, the expression is about the whole name; an alternative in it, too. */
function patternOf(expression: string): Pattern {
  try {
    // Alone first: `a)|(b` is none, but would be one in parentheses.
    new Pattern(expression);
    return new Pattern(`^(${expression})$`);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    throw refusedBecause(`failed to compile the regex '${visible(expression)}'`, "choose containers", error);
  }
}

/** Goes on to the other paths when one of them fails, as in LXC. */
function quitAll(args: Arguments, lxcpaths: readonly string[]): number {
  let failure: Refusal | undefined;
  for (const lxcpath of lxcpaths) {
    const fd = connectMonitord(lxcpath);
    if (fd < 0) {
      const error = new LxcError("not-found", `end the lxc-monitord of ${lxcpath}`, "there is none");
      failure = new Refusal(`Unable to open monitor on path: ${lxcpath}`, error);
      args.log.error("monitor", failure.message);
      continue;
    }
    const word = bytesOfText("quit");
    tryBytes(SYS.write, fd, word, word.length, 0);
    closeFd(fd);
  }
  if (failure !== undefined) throw failure;
  return 0;
}

/** Tells what comes from any number of lxc-monitords. */
class Monitor {
  readonly #args: Arguments;
  readonly #pattern: Pattern | undefined;
  readonly #loop = new EventLoop();
  readonly #bytes = new Uint8Array(AT_ONCE);
  #failure: Refusal | undefined = undefined;

  /** Without a pattern all names are wanted. */
  constructor(args: Arguments, pattern: Pattern | undefined) {
    this.#args = args;
    this.#pattern = pattern;
  }

  open(lxcpath: string): void {
    const fd = openMonitord(lxcpath, environment());
    const stream = new MessageStream();
    this.#loop.watch(fd, () => this.#hear(lxcpath, fd, stream));
  }

  /** Until it is interrupted, nobody reads any more, or an lxc-monitord ends. */
  run(): number {
    this.#watchReader();
    try {
      this.#loop.run();
    } catch (caught) {
      const error = asLxcError(caught as Error);
      if (error.errno !== EPIPE) throw error;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return 0;
  }

  /** Whoever reads may go while nothing happens. A file has no reader, and cannot be watched. */
  #watchReader(): void {
    try {
      this.#loop.watch(1, () => this.#loop.stop(), 0);
    } catch {
      this.#loop.forget(1);
    }
  }

  #hear(lxcpath: string, fd: number, stream: MessageStream): void {
    const got = tryBytes(SYS.recvfrom, fd, this.#bytes, this.#bytes.length, MSG_DONTWAIT);
    if (got === -EAGAIN) return;
    if (got <= 0) {
      this.#loop.forget(fd);
      closeFd(fd);
      // It was about to end when we came.
      if (got === -ECONNRESET) this.open(lxcpath);
      else this.#end(lxcpath);
      return;
    }
    const lines: string[] = [];
    for (const message of stream.take(this.#bytes.subarray(0, got))) {
      const event = decodeEvent(message);
      if (event !== undefined && this.#isWanted(event.name)) lines.push(this.#lineOf(lxcpath, event));
    }
    printLines(lines);
  }

  #isWanted(name: string): boolean {
    return this.#pattern === undefined || this.#pattern.isIn(name);
  }

  #end(lxcpath: string): void {
    const error = new LxcError("wrong-state", `watch the containers of ${lxcpath}`, "lxc-monitord has ended", {
      hint: "somebody has told it to (lxc-monitor -Q), or nothing was read here for long; start lxc-monitor again",
    });
    this.#failure = new Refusal("", error);
    this.#loop.stop();
  }

  #lineOf(lxcpath: string, event: LifeEvent): string {
    const code = (event.status >> 8) & 255;
    if (!isJson(this.#args)) {
      const shown = `'${visible(event.name)}'`;
      return event.kind === "state"
        ? `${shown} changed state to [${event.state}]`
        : `${shown} exited with status [${code}]`;
    }
    const json = new JsonObject().text("time", new Date(Date.now()).toISOString()).text("lxcpath", lxcpath);
    json.text("name", event.name).text("event", event.kind);
    if (event.kind === "state") json.text("state", event.state);
    else json.number("status", code).number("signal", event.status & 127);
    return json.encode();
  }
}
