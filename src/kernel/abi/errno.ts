// Error numbers, from asm-generic/errno-base.h and errno.h; test/abi compares them with the headers.

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const ENOEXEC = 8;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const EACCES = 13;
export const EBUSY = 16;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ETXTBSY = 26;
export const EFBIG = 27;
export const ENOSPC = 28;
export const EROFS = 30;
export const EMLINK = 31;
export const EPIPE = 32;
export const ERANGE = 34;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ENOTEMPTY = 39;
export const ELOOP = 40;
export const ENODATA = 61;
export const EPROTO = 71;
export const EOVERFLOW = 75;
export const ENOTSOCK = 88;
export const EMSGSIZE = 90;
export const EOPNOTSUPP = 95;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNRESET = 104;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EDQUOT = 122;

interface ErrnoRow {
  readonly name: string;
  readonly text: string;
}

const ROWS: Readonly<Record<number, ErrnoRow>> = {
  1: { name: "EPERM", text: "operation not permitted" },
  2: { name: "ENOENT", text: "no such file or directory" },
  3: { name: "ESRCH", text: "no such process" },
  4: { name: "EINTR", text: "interrupted system call" },
  5: { name: "EIO", text: "input/output error" },
  6: { name: "ENXIO", text: "no such device or address" },
  7: { name: "E2BIG", text: "argument list too long" },
  8: { name: "ENOEXEC", text: "exec format error" },
  9: { name: "EBADF", text: "bad file descriptor" },
  10: { name: "ECHILD", text: "no child processes" },
  11: { name: "EAGAIN", text: "resource temporarily unavailable" },
  12: { name: "ENOMEM", text: "cannot allocate memory" },
  13: { name: "EACCES", text: "permission denied" },
  14: { name: "EFAULT", text: "bad address" },
  15: { name: "ENOTBLK", text: "block device required" },
  16: { name: "EBUSY", text: "device or resource busy" },
  17: { name: "EEXIST", text: "file exists" },
  18: { name: "EXDEV", text: "invalid cross-device link" },
  19: { name: "ENODEV", text: "no such device" },
  20: { name: "ENOTDIR", text: "not a directory" },
  21: { name: "EISDIR", text: "is a directory" },
  22: { name: "EINVAL", text: "invalid argument" },
  23: { name: "ENFILE", text: "too many open files in system" },
  24: { name: "EMFILE", text: "too many open files" },
  25: { name: "ENOTTY", text: "inappropriate ioctl for device" },
  26: { name: "ETXTBSY", text: "text file busy" },
  27: { name: "EFBIG", text: "file too large" },
  28: { name: "ENOSPC", text: "no space left on device" },
  29: { name: "ESPIPE", text: "illegal seek" },
  30: { name: "EROFS", text: "read-only file system" },
  31: { name: "EMLINK", text: "too many links" },
  32: { name: "EPIPE", text: "broken pipe" },
  33: { name: "EDOM", text: "numerical argument out of domain" },
  34: { name: "ERANGE", text: "numerical result out of range" },
  35: { name: "EDEADLK", text: "resource deadlock avoided" },
  36: { name: "ENAMETOOLONG", text: "file name too long" },
  37: { name: "ENOLCK", text: "no locks available" },
  38: { name: "ENOSYS", text: "function not implemented" },
  39: { name: "ENOTEMPTY", text: "directory not empty" },
  40: { name: "ELOOP", text: "too many levels of symbolic links" },
  42: { name: "ENOMSG", text: "no message of desired type" },
  43: { name: "EIDRM", text: "identifier removed" },
  44: { name: "ECHRNG", text: "channel number out of range" },
  45: { name: "EL2NSYNC", text: "level 2 not synchronized" },
  46: { name: "EL3HLT", text: "level 3 halted" },
  47: { name: "EL3RST", text: "level 3 reset" },
  48: { name: "ELNRNG", text: "link number out of range" },
  49: { name: "EUNATCH", text: "protocol driver not attached" },
  50: { name: "ENOCSI", text: "no CSI structure available" },
  51: { name: "EL2HLT", text: "level 2 halted" },
  52: { name: "EBADE", text: "invalid exchange" },
  53: { name: "EBADR", text: "invalid request descriptor" },
  54: { name: "EXFULL", text: "exchange full" },
  55: { name: "ENOANO", text: "no anode" },
  56: { name: "EBADRQC", text: "invalid request code" },
  57: { name: "EBADSLT", text: "invalid slot" },
  59: { name: "EBFONT", text: "bad font file format" },
  60: { name: "ENOSTR", text: "device not a stream" },
  61: { name: "ENODATA", text: "no data available" },
  62: { name: "ETIME", text: "timer expired" },
  63: { name: "ENOSR", text: "out of streams resources" },
  64: { name: "ENONET", text: "machine is not on the network" },
  65: { name: "ENOPKG", text: "package not installed" },
  66: { name: "EREMOTE", text: "object is remote" },
  67: { name: "ENOLINK", text: "link has been severed" },
  68: { name: "EADV", text: "advertise error" },
  69: { name: "ESRMNT", text: "srmount error" },
  70: { name: "ECOMM", text: "communication error on send" },
  71: { name: "EPROTO", text: "protocol error" },
  72: { name: "EMULTIHOP", text: "multihop attempted" },
  73: { name: "EDOTDOT", text: "RFS specific error" },
  74: { name: "EBADMSG", text: "bad message" },
  75: { name: "EOVERFLOW", text: "value too large for defined data type" },
  76: { name: "ENOTUNIQ", text: "name not unique on network" },
  77: { name: "EBADFD", text: "file descriptor in bad state" },
  78: { name: "EREMCHG", text: "remote address changed" },
  79: { name: "ELIBACC", text: "can not access a needed shared library" },
  80: { name: "ELIBBAD", text: "accessing a corrupted shared library" },
  81: { name: "ELIBSCN", text: ".lib section in a.out corrupted" },
  82: { name: "ELIBMAX", text: "attempting to link in too many shared libraries" },
  83: { name: "ELIBEXEC", text: "cannot exec a shared library directly" },
  84: { name: "EILSEQ", text: "invalid or incomplete multibyte or wide character" },
  85: { name: "ERESTART", text: "interrupted system call should be restarted" },
  86: { name: "ESTRPIPE", text: "streams pipe error" },
  87: { name: "EUSERS", text: "too many users" },
  88: { name: "ENOTSOCK", text: "socket operation on non-socket" },
  89: { name: "EDESTADDRREQ", text: "destination address required" },
  90: { name: "EMSGSIZE", text: "message too long" },
  91: { name: "EPROTOTYPE", text: "protocol wrong type for socket" },
  92: { name: "ENOPROTOOPT", text: "protocol not available" },
  93: { name: "EPROTONOSUPPORT", text: "protocol not supported" },
  94: { name: "ESOCKTNOSUPPORT", text: "socket type not supported" },
  95: { name: "EOPNOTSUPP", text: "operation not supported" },
  96: { name: "EPFNOSUPPORT", text: "protocol family not supported" },
  97: { name: "EAFNOSUPPORT", text: "address family not supported by protocol" },
  98: { name: "EADDRINUSE", text: "address already in use" },
  99: { name: "EADDRNOTAVAIL", text: "cannot assign requested address" },
  100: { name: "ENETDOWN", text: "network is down" },
  101: { name: "ENETUNREACH", text: "network is unreachable" },
  102: { name: "ENETRESET", text: "network dropped connection on reset" },
  103: { name: "ECONNABORTED", text: "software caused connection abort" },
  104: { name: "ECONNRESET", text: "connection reset by peer" },
  105: { name: "ENOBUFS", text: "no buffer space available" },
  106: { name: "EISCONN", text: "transport endpoint is already connected" },
  107: { name: "ENOTCONN", text: "transport endpoint is not connected" },
  108: { name: "ESHUTDOWN", text: "cannot send after transport endpoint shutdown" },
  109: { name: "ETOOMANYREFS", text: "too many references: cannot splice" },
  110: { name: "ETIMEDOUT", text: "connection timed out" },
  111: { name: "ECONNREFUSED", text: "connection refused" },
  112: { name: "EHOSTDOWN", text: "host is down" },
  113: { name: "EHOSTUNREACH", text: "no route to host" },
  114: { name: "EALREADY", text: "operation already in progress" },
  115: { name: "EINPROGRESS", text: "operation now in progress" },
  116: { name: "ESTALE", text: "stale file handle" },
  117: { name: "EUCLEAN", text: "structure needs cleaning" },
  118: { name: "ENOTNAM", text: "not a XENIX named type file" },
  119: { name: "ENAVAIL", text: "no XENIX semaphores available" },
  120: { name: "EISNAM", text: "is a named type file" },
  121: { name: "EREMOTEIO", text: "remote I/O error" },
  122: { name: "EDQUOT", text: "disk quota exceeded" },
  123: { name: "ENOMEDIUM", text: "no medium found" },
  124: { name: "EMEDIUMTYPE", text: "wrong medium type" },
  125: { name: "ECANCELED", text: "operation canceled" },
  126: { name: "ENOKEY", text: "required key not available" },
  127: { name: "EKEYEXPIRED", text: "key has expired" },
  128: { name: "EKEYREVOKED", text: "key has been revoked" },
  129: { name: "EKEYREJECTED", text: "key was rejected by service" },
  130: { name: "EOWNERDEAD", text: "owner died" },
  131: { name: "ENOTRECOVERABLE", text: "state not recoverable" },
  132: { name: "ERFKILL", text: "operation not possible due to RF-kill" },
  133: { name: "EHWPOISON", text: "memory page has hardware error" },
};

/** The words for a positive errno, with its name: `no such file or directory (ENOENT)`. */
export function errnoText(errno: number): string {
  const row = ROWS[errno];
  return row === undefined ? `error ${errno}` : `${row.text} (${row.name})`;
}
