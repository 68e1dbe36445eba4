// What machine this is.

import { call } from "./call.ts";
import { textOf } from "./memory.ts";

/** struct new_utsname has six names of 65 bytes, NUL included; the fifth is the machine's (uname(2)). */
const NAME_BYTES = 65;
const MACHINE = 4;

/** As `uname -m` prints it; i686 in a process with the personality of one. */
export function machineName(): string {
  const names = new Uint8Array(6 * NAME_BYTES);
  call("ask what machine this is", "uname", names);
  const field = names.subarray(MACHINE * NAME_BYTES, (MACHINE + 1) * NAME_BYTES);
  let length = 0;
  while (length < NAME_BYTES && field[length] !== 0) length++;
  return textOf(field.subarray(0, length));
}
