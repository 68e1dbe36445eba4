// The configuration of a container whose root file system came from an archive: that of its distribution.

import { AT_FDCWD, O_DIRECTORY, O_NOCTTY, O_NONBLOCK, O_RDONLY } from "../../kernel/abi/fs.ts";
import { closeFd, exists, readUpTo, tryOpenAt } from "../../kernel/files.ts";
import { textOf } from "../../kernel/memory.ts";
import { tryOpenInside } from "../../kernel/resolve.ts";

const CONFIGS = "/usr/share/lxc/config";
const LARGEST_FILE_BYTES = 4096;

/** What its configuration says of it: the settings for all containers, and for its distribution. */
export function archiveConfig(name: string, folder: string, isMapped: boolean): string {
  const files = configFilesFor(distributionOf(folder), isMapped).filter((file) => exists(`${file}`));
  const lines = files.map((file) => `lxc.include = ${file}\n`).join("");
  return `${lines}lxc.uts.name = ${name}\n`;
}

/** Those of the distribution include those for all. */
function configFilesFor(distribution: string, isMapped: boolean): string[] {
  const own = `${CONFIGS}/${distribution}`;
  const isKnown = distribution !== "" && exists(`${own}.common.conf`);
  const start = isKnown ? `${own}.` : `${CONFIGS}/`;
  return isMapped ? [`${start}common.conf`, `${start}userns.conf`] : [`${start}common.conf`];
}

/** ID of os-release(5), which may be a link that leads anywhere; "" for none that can be part of a file's name. */
function distributionOf(folder: string): string {
  const root = tryOpenAt(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (root < 0) return "";
  const fd = tryOpenInside(root, "etc/os-release", O_RDONLY | O_NONBLOCK | O_NOCTTY);
  closeFd(root);
  if (fd < 0) return "";
  try {
    return distributionIn(textOf(readUpTo(fd, "etc/os-release", LARGEST_FILE_BYTES)));
  } catch {
    return "";
  } finally {
    closeFd(fd);
  }
}

export function distributionIn(text: string): string {
  for (const line of text.split("\n")) {
    if (!line.startsWith("ID=")) continue;
    const word = line.slice(3).split('"').join("").trim();
    for (let at = 0; at < word.length; at++) {
      const code = word.charCodeAt(at);
      const isPlain = (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (at > 0 && code === 45);
      if (!isPlain) return "";
    }
    return word;
  }
  return "";
}
