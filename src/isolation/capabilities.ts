// The names of the capabilities, and their numbers in the kernel's sets. Pure.

/** In the order of linux/capability.h: the index is the number. Lower case, without CAP_, as LXC's configuration writes them. */
export const capabilityNames: readonly string[] = [
  "chown",
  "dac_override",
  "dac_read_search",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setpcap",
  "linux_immutable",
  "net_bind_service",
  "net_broadcast",
  "net_admin",
  "net_raw",
  "ipc_lock",
  "ipc_owner",
  "sys_module",
  "sys_rawio",
  "sys_chroot",
  "sys_ptrace",
  "sys_pacct",
  "sys_admin",
  "sys_boot",
  "sys_nice",
  "sys_resource",
  "sys_time",
  "sys_tty_config",
  "mknod",
  "lease",
  "audit_write",
  "audit_control",
  "setfcap",
  "mac_override",
  "mac_admin",
  "syslog",
  "wake_alarm",
  "block_suspend",
  "audit_read",
  "perfmon",
  "bpf",
  "checkpoint_restore",
];

/** The number of a capability by its name; undefined when there is none of that name. */
export function capabilityNumber(name: string): number | undefined {
  const index = capabilityNames.indexOf(name);
  return index < 0 ? undefined : index;
}
