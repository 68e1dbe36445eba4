// An error as bytes: how it travels from one process to another, with its causes and all its fields.

import { type ErrorCode, errorCodes, LxcError } from "./errors.ts";

const SEPARATOR = "\0";
const FIELDS_PER_ERROR = 5;

/** The fields of `error` and of each of its causes, separated by NUL. */
export function encodeError(error: LxcError): Uint8Array {
  const fields: string[] = [];
  let each: LxcError | undefined = error;
  while (each !== undefined) {
    fields.push(each.code, bare(each.doing), bare(each.reason), String(each.errno), bare(each.hint));
    each = each.because;
  }
  return new TextEncoder().encode(fields.join(SEPARATOR));
}

/** What `encodeError` wrote. A text cut short loses its innermost causes; a text that is none of ours is a bug. */
export function decodeError(bytes: Uint8Array): LxcError {
  const fields = new TextDecoder().decode(bytes).split(SEPARATOR);
  let error: LxcError | undefined;
  for (let at = wholeErrors(fields.length) - FIELDS_PER_ERROR; at >= 0; at -= FIELDS_PER_ERROR) {
    error = errorFrom(fields.slice(at, at + FIELDS_PER_ERROR), error);
  }
  return error ?? new LxcError("bug", "understand another process of ours", "it sent an error without fields");
}

function wholeErrors(count: number): number {
  return count - (count % FIELDS_PER_ERROR);
}

function bare(text: string): string {
  return text.includes(SEPARATOR) ? text.split(SEPARATOR).join(" ") : text;
}

function errorFrom(fields: readonly string[], because: LxcError | undefined): LxcError {
  const [code = "", doing = "", reason = "", errno = "0", hint = ""] = fields;
  return new LxcError(codeFrom(code), doing, reason, { errno: parseInt(errno, 10), hint, because });
}

function codeFrom(text: string): ErrorCode {
  for (const code of errorCodes) if (code === text) return code;
  return "bug";
}
