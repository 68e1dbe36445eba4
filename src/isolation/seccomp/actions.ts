// What may happen to a system call, as a policy names it and as the kernel is told. Pure.

import { errnoText } from "../../kernel/abi/errno.ts";
import {
  SECCOMP_RET_ACTION_FULL,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_DATA,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_PROCESS,
  SECCOMP_RET_KILL_THREAD,
  SECCOMP_RET_LOG,
  SECCOMP_RET_TRAP,
  SECCOMP_RET_USER_NOTIF,
} from "../../kernel/abi/seccomp.ts";

/** The kernel's MAX_ERRNO: programs do not take more for an error. */
export const LARGEST_ERRNO = 4095;

export const ACTION_WORDS = "kill, kill_process, trap, errno N, notify, log or allow";

/** All words, for who means another. */
export function actionWords(): string[] {
  return ["kill", "kill_thread", "kill_process", "trap", "errno", "notify", "log", "allow"];
}

/**
 * What a word means; `errno` still lacks its number. `kill` ends the thread alone, as in LXC; `kill_process`, which LXC
 * reads as `kill`, ends all of them. `log` allows the call and tells the kernel's log; LXC has no such word.
 */
export function actionNamed(word: string): number | undefined {
  switch (word) {
    case "kill":
    case "kill_thread":
      return SECCOMP_RET_KILL_THREAD;
    case "kill_process":
      return SECCOMP_RET_KILL_PROCESS;
    case "trap":
      return SECCOMP_RET_TRAP;
    case "errno":
      return SECCOMP_RET_ERRNO;
    case "notify":
      return SECCOMP_RET_USER_NOTIF;
    case "log":
      return SECCOMP_RET_LOG;
    case "allow":
      return SECCOMP_RET_ALLOW;
    default:
      return undefined;
  }
}

export function errnoAction(errno: number): number {
  return SECCOMP_RET_ERRNO + errno;
}

export function isNotify(action: number): boolean {
  return action === SECCOMP_RET_USER_NOTIF;
}

/** The word of a policy for it, such as `errno 1`. */
export function actionText(action: number): string {
  const kind = (action & SECCOMP_RET_ACTION_FULL) >>> 0;
  if (kind === SECCOMP_RET_ERRNO) return `errno ${action & SECCOMP_RET_DATA}`;
  for (const word of actionWords()) if (actionNamed(word) === kind) return word;
  return `action ${action}`;
}

/** The number of an errno by its name, such as EPERM; -1 when there is none. */
export function errnoNamed(name: string): number {
  for (let errno = 1; errno <= 133; errno++) if (errnoText(errno).endsWith(`(${name})`)) return errno;
  return -1;
}
