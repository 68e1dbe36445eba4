// A moment as LXC writes it into the file `ts` of a snapshot: by the clock of the host's time zone.

import { zoneOffsetAt } from "../base/zone.ts";
import { AT_FDCWD, O_RDONLY } from "../kernel/abi/fs.ts";
import { closeFd, readUpTo, tryOpenAt } from "../kernel/files.ts";

const ZONES = "/usr/share/zoneinfo/";
const MOST_BYTES = 65536;

/** `2024:01:31 12:00:00`. `zone` is the variable TZ, "" for the host's own. */
export function localTimeText(milliseconds: number, zone: string): string {
  const offset = zoneOffsetAt(zoneFile(zone), Math.floor(milliseconds / 1000));
  const text = new Date(milliseconds + offset * 1000).toISOString();
  return `${text.slice(0, 10).split("-").join(":")} ${text.slice(11, 19)}`;
}

function zoneFile(zone: string): Uint8Array {
  const name = zone.startsWith(":") ? zone.slice(1) : zone;
  const path = name === "" ? "/etc/localtime" : name.startsWith("/") ? name : ZONES + name;
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return new Uint8Array(0);
  try {
    return readUpTo(fd, path, MOST_BYTES);
  } catch {
    // A folder, or a file that is no zone: then it is Greenwich, as in the C library.
    return new Uint8Array(0);
  } finally {
    closeFd(fd);
  }
}
