// From linux/mount.h.
import { Layout } from "./struct.ts";

export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_BIND = 4096;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;

const layout = new Layout();
export const mountAttr = {
  attrSet: layout.u64(),
  attrClr: layout.u64(),
  propagation: layout.u64(),
  usernsFd: layout.u64(),
  size: layout.size(),
};
