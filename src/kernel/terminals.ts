// Pseudo terminals: making pairs, raw mode, and window sizes.

import { type LxcError, withHint } from "../base/errors.ts";
import { ENOSPC } from "./abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "./abi/fs.ts";
import {
  BRKINT,
  CS8,
  CSIZE,
  ECHO,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNBRK,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IXON,
  OPOST,
  PARENB,
  PARMRK,
  TCGETS,
  TCSETS,
  TIOCGPTN,
  TIOCGPTPEER,
  TIOCGWINSZ,
  TIOCSCTTY,
  TIOCSPTLCK,
  TIOCSWINSZ,
  termios,
  VMIN,
  VTIME,
  winsize,
} from "./abi/ioctl.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryCall, tryPath } from "./call.ts";
import { tryOpenAt } from "./files.ts";

/** Both ends of a pseudo terminal, close-on-exec. */
export interface Terminal {
  /** The end a terminal program holds; non-blocking. */
  readonly control: number;
  /** The end that programs inside use as their terminal. */
  readonly peer: number;
  /** Its number: `/dev/pts/N` in the file system it was made in. */
  readonly index: number;
}

const numbers = new Layout();
const int = numbers.i32();

/** Makes a pair from an open `ptmx`. Its `control` is `ptmx` itself. The peer is opened without a path (Linux 4.13). */
export function unlockTerminal(ptmx: number): Terminal {
  const value = new Uint8Array(4);
  call("unlock a terminal", "ioctl", ptmx, TIOCSPTLCK, value);
  call("ask a terminal's number", "ioctl", ptmx, TIOCGPTN, value);
  return {
    control: ptmx,
    peer: call("open a terminal", "ioctl", ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC),
    index: int.get(value),
  };
}

/** Makes a pair in the devpts whose `ptmx` is at `path` below `dir`. */
export function openTerminal(dir: number, path: string): Terminal {
  const flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
  const opened = tryPath(SYS.openat, dir, path, flags, 0);
  if (opened < 0) throw notOpened(path, opened);
  return unlockTerminal(opened);
}

/** A `ptmx` without a file system of terminals beside it is ENODEV or EIO; what /dev of a host shall have is the reader's to mend. */
function notOpened(path: string, result: number): LxcError {
  const error = refused(`open a pseudo terminal by ${path}`, "openat", result);
  if (result === -ENOSPC)
    return withHint(error, "all are taken: raise lxc.pty.max or /proc/sys/kernel/pty/max, or lower lxc.tty.max");
  if (!path.startsWith("/")) return error;
  return withHint(
    error,
    "give the host its terminals: mount -t devpts -o ptmxmode=666 devpts /dev/pts, and ln -sf pts/ptmx /dev/ptmx",
  );
}

/** Another end for programs, of the terminal whose `control` end we have (Linux 4.13). Returns -errno. */
export function tryOpenPeer(control: number): number {
  return tryCall(SYS.ioctl, control, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/** The caller's terminal, which `first` is too, opened anew: to be non-blocking is then our matter alone. */
export function openScreen(first: number): number {
  const flags = O_RDWR | O_NOCTTY | O_NONBLOCK;
  const own = tryOpenAt(AT_FDCWD, "/dev/tty", flags);
  if (own >= 0) return own;
  // It is not our session's, or we have none.
  const again = tryOpenAt(AT_FDCWD, `/proc/self/fd/${first}`, flags);
  return again >= 0 ? again : first;
}

export function isTerminal(fd: number): boolean {
  const settings = new Uint8Array(termios.size);
  return tryCall(SYS.ioctl, fd, TCGETS, settings) === 0;
}

/** Makes `fd` the controlling terminal of our session. */
export function controlTerminal(fd: number): void {
  call("make a terminal ours", "ioctl", fd, TIOCSCTTY, 0);
}

/** Puts a terminal into raw mode, as cfmakeraw(3) does. Returns its settings until now, for `restoreTerminal`. */
export function makeRaw(fd: number): Uint8Array {
  const before = new Uint8Array(termios.size);
  call("read a terminal's settings", "ioctl", fd, TCGETS, before);
  const raw = before.slice();
  const input = IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON;
  termios.iflag.put(raw, (termios.iflag.get(raw) & ~input) >>> 0);
  termios.oflag.put(raw, (termios.oflag.get(raw) & ~OPOST) >>> 0);
  termios.lflag.put(raw, (termios.lflag.get(raw) & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN)) >>> 0);
  termios.cflag.put(raw, ((termios.cflag.get(raw) & ~(CSIZE | PARENB)) | CS8) >>> 0);
  const characters = termios.cc.get(raw);
  characters[VMIN] = 1;
  characters[VTIME] = 0;
  restoreTerminal(fd, raw);
  return before;
}

/** Has a terminal give each key at once, and not show it. Returns its settings until now. */
export function takeKeys(fd: number): Uint8Array {
  const before = new Uint8Array(termios.size);
  call("read a terminal's settings", "ioctl", fd, TCGETS, before);
  const now = before.slice();
  termios.lflag.put(now, (termios.lflag.get(now) & ~(ECHO | ICANON)) >>> 0);
  const characters = termios.cc.get(now);
  characters[VMIN] = 1;
  characters[VTIME] = 0;
  restoreTerminal(fd, now);
  return before;
}

export function restoreTerminal(fd: number, settings: Uint8Array): void {
  tryCall(SYS.ioctl, fd, TCSETS, settings);
}

/** Gives the terminal `to` the window size of `from`, if that has one. */
export function copyWindowSize(from: number, to: number): void {
  const size = new Uint8Array(winsize.size);
  if (tryCall(SYS.ioctl, from, TIOCGWINSZ, size) === 0) tryCall(SYS.ioctl, to, TIOCSWINSZ, size);
}

/** How many rows the terminal `fd` shows; 0 when it is no terminal. */
export function rowsOf(fd: number): number {
  const bytes = new Uint8Array(winsize.size);
  return tryCall(SYS.ioctl, fd, TIOCGWINSZ, bytes) < 0 ? 0 : winsize.rows.get(bytes);
}

/** How many columns the terminal `fd` shows; 0 when it is no terminal. */
export function columnsOf(fd: number): number {
  const bytes = new Uint8Array(winsize.size);
  return tryCall(SYS.ioctl, fd, TIOCGWINSZ, bytes) < 0 ? 0 : winsize.columns.get(bytes);
}
