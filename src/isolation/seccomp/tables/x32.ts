// How the system calls of x32 differ from those of x86_64; all have bit 30 set as well.
// Made by scripts/generate-syscalls.ts from linux-libc-dev 6.1.187-1, with younger calls added by hand there.

/** Names by number: a number is that of the name behind it, and others count on. Only those that x86_64 has elsewhere. */
export function callsOfX32(): string {
  return `
512 rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve ptrace rt_sigpending rt_sigtimedwait
rt_sigqueueinfo sigaltstack timer_create mq_notify kexec_load waitid set_robust_list get_robust_list vmsplice move_pages
preadv pwritev rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv process_vm_writev setsockopt getsockopt io_setup
io_submit execveat preadv2 pwritev2
`;
}

/** Calls of x86_64 that x32 does not have. */
export function missingInX32(): string {
  return `
uselib _sysctl create_module get_kernel_syms query_module nfsservctl set_thread_area get_thread_area epoll_ctl_old
epoll_wait_old vserver
`;
}
