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
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const ENOTBLK = 15;
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
export const EPROTONOSUPPORT = 93;
export const EOPNOTSUPP = 95;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EDQUOT = 122;

/** The words for a positive errno, with its name: `no such file or directory (ENOENT)`. */
export function errnoText(errno: number): string {
  const row = rowOf(errno);
  return row === "" ? `error ${errno}` : row;
}

/** A switch: the compiled program would look through a record in the same way, from its beginning. */
function rowOf(errno: number): string {
  switch (errno) {
    case 1:
      return "operation not permitted (EPERM)";
    case 2:
      return "no such file or directory (ENOENT)";
    case 3:
      return "no such process (ESRCH)";
    case 4:
      return "interrupted system call (EINTR)";
    case 5:
      return "input/output error (EIO)";
    case 6:
      return "no such device or address (ENXIO)";
    case 7:
      return "argument list too long (E2BIG)";
    case 8:
      return "exec format error (ENOEXEC)";
    case 9:
      return "bad file descriptor (EBADF)";
    case 10:
      return "no child processes (ECHILD)";
    case 11:
      return "resource temporarily unavailable (EAGAIN)";
    case 12:
      return "cannot allocate memory (ENOMEM)";
    case 13:
      return "permission denied (EACCES)";
    case 14:
      return "bad address (EFAULT)";
    case 15:
      return "block device required (ENOTBLK)";
    case 16:
      return "device or resource busy (EBUSY)";
    case 17:
      return "file exists (EEXIST)";
    case 18:
      return "invalid cross-device link (EXDEV)";
    case 19:
      return "no such device (ENODEV)";
    case 20:
      return "not a directory (ENOTDIR)";
    case 21:
      return "is a directory (EISDIR)";
    case 22:
      return "invalid argument (EINVAL)";
    case 23:
      return "too many open files in system (ENFILE)";
    case 24:
      return "too many open files (EMFILE)";
    case 25:
      return "inappropriate ioctl for device (ENOTTY)";
    case 26:
      return "text file busy (ETXTBSY)";
    case 27:
      return "file too large (EFBIG)";
    case 28:
      return "no space left on device (ENOSPC)";
    case 29:
      return "illegal seek (ESPIPE)";
    case 30:
      return "read-only file system (EROFS)";
    case 31:
      return "too many links (EMLINK)";
    case 32:
      return "broken pipe (EPIPE)";
    case 33:
      return "numerical argument out of domain (EDOM)";
    case 34:
      return "numerical result out of range (ERANGE)";
    case 35:
      return "resource deadlock avoided (EDEADLK)";
    case 36:
      return "file name too long (ENAMETOOLONG)";
    case 37:
      return "no locks available (ENOLCK)";
    case 38:
      return "function not implemented (ENOSYS)";
    case 39:
      return "directory not empty (ENOTEMPTY)";
    case 40:
      return "too many levels of symbolic links (ELOOP)";
    case 42:
      return "no message of desired type (ENOMSG)";
    case 43:
      return "identifier removed (EIDRM)";
    case 44:
      return "channel number out of range (ECHRNG)";
    case 45:
      return "level 2 not synchronized (EL2NSYNC)";
    case 46:
      return "level 3 halted (EL3HLT)";
    case 47:
      return "level 3 reset (EL3RST)";
    case 48:
      return "link number out of range (ELNRNG)";
    case 49:
      return "protocol driver not attached (EUNATCH)";
    case 50:
      return "no CSI structure available (ENOCSI)";
    case 51:
      return "level 2 halted (EL2HLT)";
    case 52:
      return "invalid exchange (EBADE)";
    case 53:
      return "invalid request descriptor (EBADR)";
    case 54:
      return "exchange full (EXFULL)";
    case 55:
      return "no anode (ENOANO)";
    case 56:
      return "invalid request code (EBADRQC)";
    case 57:
      return "invalid slot (EBADSLT)";
    case 59:
      return "bad font file format (EBFONT)";
    case 60:
      return "device not a stream (ENOSTR)";
    case 61:
      return "no data available (ENODATA)";
    case 62:
      return "timer expired (ETIME)";
    case 63:
      return "out of streams resources (ENOSR)";
    case 64:
      return "machine is not on the network (ENONET)";
    case 65:
      return "package not installed (ENOPKG)";
    case 66:
      return "object is remote (EREMOTE)";
    case 67:
      return "link has been severed (ENOLINK)";
    case 68:
      return "advertise error (EADV)";
    case 69:
      return "srmount error (ESRMNT)";
    case 70:
      return "communication error on send (ECOMM)";
    case 71:
      return "protocol error (EPROTO)";
    case 72:
      return "multihop attempted (EMULTIHOP)";
    case 73:
      return "RFS specific error (EDOTDOT)";
    case 74:
      return "bad message (EBADMSG)";
    case 75:
      return "value too large for defined data type (EOVERFLOW)";
    case 76:
      return "name not unique on network (ENOTUNIQ)";
    case 77:
      return "file descriptor in bad state (EBADFD)";
    case 78:
      return "remote address changed (EREMCHG)";
    case 79:
      return "can not access a needed shared library (ELIBACC)";
    case 80:
      return "accessing a corrupted shared library (ELIBBAD)";
    case 81:
      return ".lib section in a.out corrupted (ELIBSCN)";
    case 82:
      return "attempting to link in too many shared libraries (ELIBMAX)";
    case 83:
      return "cannot exec a shared library directly (ELIBEXEC)";
    case 84:
      return "invalid or incomplete multibyte or wide character (EILSEQ)";
    case 85:
      return "interrupted system call should be restarted (ERESTART)";
    case 86:
      return "streams pipe error (ESTRPIPE)";
    case 87:
      return "too many users (EUSERS)";
    case 88:
      return "socket operation on non-socket (ENOTSOCK)";
    case 89:
      return "destination address required (EDESTADDRREQ)";
    case 90:
      return "message too long (EMSGSIZE)";
    case 91:
      return "protocol wrong type for socket (EPROTOTYPE)";
    case 92:
      return "protocol not available (ENOPROTOOPT)";
    case 93:
      return "protocol not supported (EPROTONOSUPPORT)";
    case 94:
      return "socket type not supported (ESOCKTNOSUPPORT)";
    case 95:
      return "operation not supported (EOPNOTSUPP)";
    case 96:
      return "protocol family not supported (EPFNOSUPPORT)";
    case 97:
      return "address family not supported by protocol (EAFNOSUPPORT)";
    case 98:
      return "address already in use (EADDRINUSE)";
    case 99:
      return "cannot assign requested address (EADDRNOTAVAIL)";
    case 100:
      return "network is down (ENETDOWN)";
    case 101:
      return "network is unreachable (ENETUNREACH)";
    case 102:
      return "network dropped connection on reset (ENETRESET)";
    case 103:
      return "software caused connection abort (ECONNABORTED)";
    case 104:
      return "connection reset by peer (ECONNRESET)";
    case 105:
      return "no buffer space available (ENOBUFS)";
    case 106:
      return "transport endpoint is already connected (EISCONN)";
    case 107:
      return "transport endpoint is not connected (ENOTCONN)";
    case 108:
      return "cannot send after transport endpoint shutdown (ESHUTDOWN)";
    case 109:
      return "too many references: cannot splice (ETOOMANYREFS)";
    case 110:
      return "connection timed out (ETIMEDOUT)";
    case 111:
      return "connection refused (ECONNREFUSED)";
    case 112:
      return "host is down (EHOSTDOWN)";
    case 113:
      return "no route to host (EHOSTUNREACH)";
    case 114:
      return "operation already in progress (EALREADY)";
    case 115:
      return "operation now in progress (EINPROGRESS)";
    case 116:
      return "stale file handle (ESTALE)";
    case 117:
      return "structure needs cleaning (EUCLEAN)";
    case 118:
      return "not a XENIX named type file (ENOTNAM)";
    case 119:
      return "no XENIX semaphores available (ENAVAIL)";
    case 120:
      return "is a named type file (EISNAM)";
    case 121:
      return "remote I/O error (EREMOTEIO)";
    case 122:
      return "disk quota exceeded (EDQUOT)";
    case 123:
      return "no medium found (ENOMEDIUM)";
    case 124:
      return "wrong medium type (EMEDIUMTYPE)";
    case 125:
      return "operation canceled (ECANCELED)";
    case 126:
      return "required key not available (ENOKEY)";
    case 127:
      return "key has expired (EKEYEXPIRED)";
    case 128:
      return "key has been revoked (EKEYREVOKED)";
    case 129:
      return "key was rejected by service (EKEYREJECTED)";
    case 130:
      return "owner died (EOWNERDEAD)";
    case 131:
      return "state not recoverable (ENOTRECOVERABLE)";
    case 132:
      return "operation not possible due to RF-kill (ERFKILL)";
    case 133:
      return "memory page has hardware error (EHWPOISON)";
    default:
      return "";
  }
}
