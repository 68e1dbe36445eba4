// The first process in a user namespace asks, and the monitor, which is in the host's, does: `MountHelper` over the channel.

import { LxcError } from "../base/errors.ts";
import { plain } from "../base/number.ts";
import { CONTAINER, MountHelper, noUserNamespace, shiftOwners } from "../container/rootfs/mount-helper.ts";
import { EACCES } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_PATH } from "../kernel/abi/fs.ts";
import { closeFd, tryOpenAt } from "../kernel/files.ts";
import { tryCloneTree } from "../kernel/mounts.ts";
import { hear, type Message, tell, tellWith, unexpected, type Word } from "./handshake.ts";

/** In the first process. */
export class MonitorHelper extends MountHelper {
  readonly #channel: number;
  /** Whether we are in another user namespace than the monitor. */
  readonly #isInside: boolean;
  readonly #opened = new Map<string, number>();
  /** What the monitor said meanwhile: it does not wait for us before `configured`. */
  #configured: string | undefined = undefined;

  constructor(channel: number, isInside: boolean) {
    super();
    this.#channel = channel;
    this.#isInside = isInside;
  }

  /**
   * Opens what is there of `paths`, all of the host. To be called before the process becomes somebody in its user
   * namespace: until then it may come to whatever its caller may, be it root or the owner of a closed home.
   */
  open(paths: readonly string[]): void {
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      const fd = tryOpenAt(AT_FDCWD, path, O_PATH);
      if (fd >= 0) this.#opened.set(path, fd);
    }
  }

  override folder(path: string): number {
    return this.#opened.get(path) ?? -EACCES;
  }

  override tree(path: string, recursive: boolean): number {
    const fd = this.#opened.get(path);
    return fd === undefined ? -EACCES : tryCloneTree(fd, "", recursive);
  }

  override shift(tree: number, space: string): void {
    if (!this.#isInside && space === CONTAINER) throw noUserNamespace();
    if (this.#isInside) this.#ask("shift", space, [tree], "shifted");
    else shiftOwners(tree, space, space);
  }

  /** Waits for `configured`, and returns its path. */
  configured(): string {
    return this.#configured ?? this.#waitFor("configured").path;
  }

  #ask(word: Word, text: string, descriptors: readonly number[], answer: Word): Message {
    tellWith(this.#channel, word, text, descriptors);
    return this.#waitFor(answer);
  }

  #waitFor(wanted: Word): Message {
    for (;;) {
      const got = hear(this.#channel);
      if (got.say === wanted) return got;
      if (got.say !== "configured" || wanted === "configured") throw unexpected(got, wanted);
      this.#configured = got.path;
    }
  }
}

/** In the monitor, whose container's first process is `pid`. */
export function answerShift(channel: number, message: Message, pid: number): void {
  const tree = message.descriptors[0];
  if (tree === undefined) throw new LxcError("bug", "shift a mount for the container", "there is none");
  try {
    const space = message.path === CONTAINER ? `/proc/${pid}/ns/user` : message.path;
    shiftOwners(tree, space, message.path);
  } finally {
    closeFd(plain(tree));
  }
  tell(channel, "shifted");
}
