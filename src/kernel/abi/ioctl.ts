// Terminals and epoll, from asm-generic/ioctls.h, asm-generic/termbits.h and linux/eventpoll.h.

import { Layout } from "./struct.ts";

export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TIOCSCTTY = 0x540e;
export const TIOCGWINSZ = 0x5413;
export const TIOCSWINSZ = 0x5414;
export const TIOCNOTTY = 0x5422;
export const TIOCGPTN = 0x80045430;
export const TIOCSPTLCK = 0x40045431;
export const TIOCGPTPEER = 0x5441;

export const IGNBRK = 0o1;
export const BRKINT = 0o2;
export const PARMRK = 0o10;
export const ISTRIP = 0o40;
export const INLCR = 0o100;
export const IGNCR = 0o200;
export const ICRNL = 0o400;
export const IXON = 0o2000;
export const OPOST = 0o1;
export const CSIZE = 0o60;
export const CS8 = 0o60;
export const PARENB = 0o400;
export const ISIG = 0o1;
export const ICANON = 0o2;
export const ECHO = 0o10;
export const ECHONL = 0o100;
export const IEXTEN = 0o100000;
export const VTIME = 5;
export const VMIN = 6;

export const EPOLL_CLOEXEC = 0x80000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLERR = 8;
export const EPOLLHUP = 16;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;

const poll = new Layout();
export const pollfd = { fd: poll.i32(), events: poll.u16(), revents: poll.u16(), size: poll.size() };

/** The kernel's `struct termios` of TCGETS, which has no speed fields. */
const tty = new Layout();
export const termios = {
  iflag: tty.u32(),
  oflag: tty.u32(),
  cflag: tty.u32(),
  lflag: tty.u32(),
  line: tty.u8(),
  cc: tty.bytes(19),
  size: tty.size(),
};

const window = new Layout();
export const winsize = {
  rows: window.u16(),
  columns: window.u16(),
  xPixels: window.u16(),
  yPixels: window.u16(),
  size: window.size(),
};

/** Packed on x86_64, as the kernel header says: the data follows the events without padding. */
export const epollEvent = { eventsAt: 0, dataAt: 4, size: 12 };

const time = new Layout();
export const timespec = { seconds: time.u64(), nanoseconds: time.u64(), size: time.size() };
