// How the kernel headers spell what src/kernel/abi/ holds, where the names alone do not say it.

/** C expressions for constants that have no macro or enumerator of their own name. */
export const spellings: Readonly<Record<string, string>> = {
  DIRENT64_NAME_AT: "offsetof(struct dirent, d_name)",
  LINUX_CAPABILITY_VERSION_3: "_LINUX_CAPABILITY_VERSION_3",
  SIGRTMIN: "SIGRTMIN + 2", // the first two belong to the C library
  SIGSET_SIZE: "sizeof(sigset_t)",
  SUN_PATH_LENGTH: "UNIX_PATH_MAX",
  WALL: "__WALL",
};

/** Constants that Debian 12's headers (Linux 6.1) do not know yet, or that no exported header has. */
export const unknownToHeaders: readonly string[] = [
  "MFD_EXEC",
  "MNT_DETACH",
  "SIGRTMAX",
  "ST_RDONLY",
  "UMOUNT_NOFOLLOW",
];

/** A struct of src/kernel/abi/: its C type, what its members' names begin with, and the members named otherwise there. */
export interface StructRow {
  readonly c: string;
  readonly prefix?: string;
  /** A C expression, where ours is only the first part. */
  readonly size?: string;
  /** C member by our field; empty for a field that holds no single member. */
  readonly fields?: Readonly<Record<string, string>>;
}

export const structs: Readonly<Record<string, StructRow>> = {
  bpfCgroupDevCtx: { c: "struct bpf_cgroup_dev_ctx" },
  bpfInsn: { c: "struct bpf_insn", fields: { registers: "" } },
  progAttachAttr: { c: "union bpf_attr", size: "offsetof(union bpf_attr, replace_bpf_fd) + 4" },
  progLoadAttr: { c: "union bpf_attr", size: "offsetof(union bpf_attr, prog_ifindex)" },
  capData: {
    c: "struct cap_data",
    fields: {
      effectiveLow: "low.effective",
      permittedLow: "low.permitted",
      inheritableLow: "low.inheritable",
      effectiveHigh: "high.effective",
      permittedHigh: "high.permitted",
      inheritableHigh: "high.inheritable",
    },
  },
  capHeader: { c: "struct __user_cap_header_struct" },
  cloneArgs: { c: "struct clone_args" },
  cmsghdr: { c: "struct cmsghdr", prefix: "cmsg_", fields: { length: "cmsg_len" } },
  dirent64: { c: "struct dirent", prefix: "d_" }, // the C library's is the kernel's linux_dirent64
  elfHeader: { c: "Elf64_Ehdr", prefix: "e_" },
  programHeader: { c: "Elf64_Phdr", prefix: "p_" },
  epollEvent: { c: "struct epoll_event" },
  fdPair: { c: "int[2]", fields: { left: "", right: "" } },
  flock: { c: "struct flock", prefix: "l_" },
  iovec: { c: "struct iovec", prefix: "iov_", fields: { length: "iov_len" } },
  mountAttr: { c: "struct mount_attr", fields: { usernsFd: "userns_fd" } },
  msghdr: {
    c: "struct msghdr",
    prefix: "msg_",
    fields: { nameLength: "msg_namelen", iovLength: "msg_iovlen", controlLength: "msg_controllen" },
  },
  openHow: { c: "struct open_how" },
  pollfd: { c: "struct pollfd" },
  seccompData: { c: "struct seccomp_data" },
  seccompNotif: { c: "struct seccomp_notif" },
  seccompNotifResp: { c: "struct seccomp_notif_resp" },
  seccompNotifSizes: { c: "struct seccomp_notif_sizes" },
  sockFilter: { c: "struct sock_filter" },
  sockFprog: { c: "struct sock_fprog" },
  prctlMmMap: { c: "struct prctl_mm_map" },
  rlimit64: { c: "struct rlimit64", prefix: "rlim_", fields: { current: "rlim_cur", maximum: "rlim_max" } },
  signalfdSiginfo: { c: "struct signalfd_siginfo", prefix: "ssi_", fields: { rest: "" } },
  sockaddrIn: { c: "struct sockaddr_in", prefix: "sin_", fields: { address: "sin_addr", zero: "sin_zero" } },
  sockaddrUn: { c: "struct sockaddr_un", prefix: "sun_" },
  statfs: { c: "struct statfs", prefix: "f_", fields: { rest: "" } },
  statx: {
    c: "struct statx",
    prefix: "stx_",
    fields: { sizeBytes: "stx_size", rest: "", spare: "" },
  },
  termios: { c: "struct termios", prefix: "c_" },
  timespec: { c: "struct timespec", fields: { seconds: "tv_sec", nanoseconds: "tv_nsec" } },
  timeval: { c: "struct timeval", fields: { seconds: "tv_sec", microseconds: "tv_usec" } },
  ucred: { c: "struct ucred" },
  waitInfo: { c: "siginfo_t", prefix: "si_", fields: { pad: "", rest: "" } },
  nlattr: { c: "struct nlattr", prefix: "nla_", fields: { length: "nla_len" } },
  nlmsgerr: { c: "struct nlmsgerr", fields: { request: "msg" } },
  nlmsghdr: {
    c: "struct nlmsghdr",
    prefix: "nlmsg_",
    fields: { length: "nlmsg_len", sequence: "nlmsg_seq", portId: "nlmsg_pid" },
  },
  sockaddrNl: { c: "struct sockaddr_nl", prefix: "nl_", fields: { portId: "nl_pid" } },
  ifaddrmsg: { c: "struct ifaddrmsg", prefix: "ifa_" },
  bridgeVlanInfo: { c: "struct bridge_vlan_info" },
  ndmsg: { c: "struct ndmsg", prefix: "ndm_", fields: { index: "ndm_ifindex" } },
  ifinfomsg: { c: "struct ifinfomsg", prefix: "ifi_", fields: { pad: "" } },
  rtgenmsg: { c: "struct rtgenmsg", prefix: "rtgen_" },
  rtmsg: { c: "struct rtmsg", prefix: "rtm_" },
  rtnlLinkStats64: { c: "struct rtnl_link_stats64" },
  itimerspec: {
    c: "struct itimerspec",
    fields: {
      intervalSeconds: "it_interval.tv_sec",
      intervalNanoseconds: "it_interval.tv_nsec",
      seconds: "it_value.tv_sec",
      nanoseconds: "it_value.tv_nsec",
    },
  },
  nfgenmsg: { c: "struct nfgenmsg", fields: { family: "nfgen_family", resId: "res_id" } },
  tcmsg: { c: "struct tcmsg", prefix: "tcm_", fields: { pad1: "tcm__pad1", pad2: "tcm__pad2" } },
  tcPolice: { c: "struct tc_police" },
  tcRatespec: { c: "struct tc_ratespec" },
  tcTbfQopt: { c: "struct tc_tbf_qopt" },
  winsize: {
    c: "struct winsize",
    prefix: "ws_",
    fields: { rows: "ws_row", columns: "ws_col", xPixels: "ws_xpixel", yPixels: "ws_ypixel" },
  },
};
