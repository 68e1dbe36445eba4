// Clocks and timers, from linux/time.h and linux/timerfd.h.

import { Layout } from "./struct.ts";

export const CLOCK_MONOTONIC = 1;
export const TFD_CLOEXEC = 0x80000;
export const TFD_NONBLOCK = 0x800;

const timer = new Layout();
export const itimerspec = {
  intervalSeconds: timer.u64(),
  intervalNanoseconds: timer.u64(),
  seconds: timer.u64(),
  nanoseconds: timer.u64(),
  size: timer.size(),
};
