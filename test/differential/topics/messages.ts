// What processes say to each other, as bytes: errors, the handshake of a start, and LXC's command socket.

import { decodeError, encodeError } from "../../../src/base/error-fields.ts";
import { describe, LxcError } from "../../../src/base/errors.ts";
import {
  commandNamed,
  commandNumbered,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  isBodyFor,
} from "../../../src/lifecycle/command-protocol.ts";
import { decode, encodeFailure } from "../../../src/lifecycle/handshake.ts";
import { decodeStateMessage, encodeStateMessage } from "../../../src/lifecycle/life-message.ts";
import { failureOf } from "./failure.ts";

export function messages(): string[] {
  const because = new LxcError("syscall-failed", "mount proc on /proc", "mount: ENOSPC", {
    errno: 28,
    hint: "räise it",
  });
  const failure = new LxcError("wrong-state", "start c1", "the file system is not ready", { because });
  const bytes = encodeError(failure);
  const got = decode(encodeFailure(failure), [3, 4]);
  return [
    bytes.join(),
    ...describe(decodeError(bytes)),
    ...describe(decodeError(bytes.slice(0, 9))),
    ...(got.failure === undefined ? ["no failure"] : describe(got.failure)),
    `${got.say} ${decode(new Uint8Array(0), []).say} ${decode(new TextEncoder().encode("go"), []).say}`,
    ...failureOf(() => {
      decode(new TextEncoder().encode("what"), []);
    }),
  ];
}

export function commands(): string[] {
  const lines: string[] = [];
  const body = new Uint8Array([97, 98, 0]);
  for (let number = -1; number < 30; number++) {
    const command = commandNumbered(number);
    if (command === undefined) lines.push(`${number} is no command`);
    else
      lines.push(
        `${number} ${command.name}: ${encodeRequest(command, -number, body).join()} ${isBodyFor(command, body)}`,
      );
  }
  const request = encodeRequest(commandNamed("get_state"), 2 ** 31 - 1, body);
  const answer = encodeAnswer(-38, 7, body);
  for (let length = 0; length <= request.length; length++) {
    const head = decodeRequest(request.slice(0, length));
    const reply = decodeAnswer(answer.slice(0, length));
    lines.push(head === undefined ? "no request" : `${head.number} ${head.bodyLength} ${head.value}`);
    lines.push(reply === undefined ? "no answer" : `${reply.result} ${reply.bodyLength} ${reply.value}`);
  }
  const state = encodeStateMessage("c1", "RUNNING");
  return lines.concat([state.join(), decodeStateMessage(state) ?? "none", decodeStateMessage(body) ?? "none"]);
}
