// What lxc-copy and lxc-snapshot say of a copy.

import type { LxcError } from "../../base/errors.ts";
import type { Container } from "../../container/container.ts";
import type { CopyOptions } from "../../container/copy-job.ts";
import { EINTR } from "../../kernel/abi/errno.ts";
import { Refusal, refusedBecause } from "./command.ts";
import { JsonObject } from "./json.ts";

/** What a shell says of a program that ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/** LXC's words, with the cause; of an interruption there is nothing more to say. */
export function failedCopy(headline: string, source: Container, error: LxcError): Refusal {
  if (error.errno === EINTR) return new Refusal("", error, EXIT_INTERRUPTED);
  return refusedBecause(headline, `copy ${source.name}`, error);
}

export function resultObject(options: CopyOptions, result: string): JsonObject {
  return new JsonObject()
    .text("name", options.target.name)
    .text("path", options.target.lxcpath)
    .text("source", options.source.name)
    .text("result", result);
}
