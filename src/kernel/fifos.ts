// Named pipes (fifo(7)).

import { EEXIST } from "./abi/errno.ts";
import { F_SETFD, F_SETPIPE_SZ, S_IFIFO } from "./abi/fs.ts";
import { SYS } from "./abi/syscalls.ts";
import { refused, tryNumbers, tryPath } from "./call.ts";

/** Makes a named pipe below the folder `dir`. Returns false when something of that name is there already. */
export function makeFifo(dir: number, name: string, mode: number): boolean {
  const result = tryPath(SYS.mknodat, dir, name, S_IFIFO | mode, 0);
  if (result < 0 && result !== -EEXIST) throw refused(`make the pipe ${name}`, "mknodat", result);
  return result === 0;
}

/** Lets so many bytes wait in a pipe, if the host allows it. */
export function growPipe(fd: number, sizeBytes: number): void {
  tryNumbers(SYS.fcntl, fd, F_SETPIPE_SZ, sizeBytes);
}

/** Lets a program that this process becomes have `fd`. */
export function keepAcrossExec(fd: number): void {
  tryNumbers(SYS.fcntl, fd, F_SETFD, 0);
}
