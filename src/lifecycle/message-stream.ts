// The messages in a stream of bytes that may hold anything else besides. Pure.

import { isMessageAt, MESSAGE_SIZE } from "./life-message.ts";

const NOTHING = new Uint8Array(0);

/** Finds what lxc_msg there are in what comes. */
export class MessageStream {
  /** The beginning of a message, of which the rest has not come. */
  #rest: Uint8Array = NOTHING;

  /** The whole messages in what was left and what comes now. What is no message is passed over, byte by byte. */
  take(bytes: Uint8Array): Uint8Array[] {
    const all = this.#joined(bytes);
    const found: Uint8Array[] = [];
    let at = 0;
    while (at + MESSAGE_SIZE <= all.length) {
      if (isMessageAt(all, at)) {
        found.push(all.slice(at, at + MESSAGE_SIZE));
        at += MESSAGE_SIZE;
      } else at++;
    }
    this.#rest = at === all.length ? NOTHING : all.slice(at);
    return found;
  }

  /** Whoever wrote the rest will not complete it: in a pipe a message comes whole or not at all (PIPE_BUF). */
  drop(): void {
    this.#rest = NOTHING;
  }

  #joined(bytes: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return bytes;
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    return all;
  }
}
