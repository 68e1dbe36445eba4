// The configuration a new container begins with.

import { LxcError } from "../base/errors.ts";
import { exists } from "../kernel/files.ts";
import { loadConfig } from "./config/load.ts";
import type { RootFileSystem } from "./storage/storage.ts";

const NESTING_CONFIG = "/usr/share/lxc/config/nesting.conf";

/** The file a configuration is made from. */
export interface BaseConfig {
  readonly file: string;
  /** Its lines as they are, with new hardware addresses for those it leaves open, and a newline at its end. */
  readonly text: string;
  /** Its `lxc.rootfs.path`, without the kind of storage; "" for none. */
  readonly rootfs: string;
  readonly rootfsKind: string;
  readonly hasIdmap: boolean;
}

/** Reads `file`, or `otherwise` when that is "", which may be missing as in LXC. Throws when it is wrong. */
export function readBaseConfig(file: string, otherwise: string): BaseConfig {
  const path = file === "" ? otherwise : file;
  if (!exists(path)) {
    if (file === "") return { file: path, text: "", rootfs: "", rootfsKind: "", hasIdmap: false };
    throw new LxcError("not-found", `read the configuration ${file}`, "there is no such file", {
      hint: "give -f a file that is there, or leave -f out for the default configuration",
    });
  }
  const loaded = loadConfig(path);
  const rootfs = loaded.config.rootfsPath.value;
  return {
    file: path,
    text: withoutBlankLines(loaded.document.text()),
    rootfs: rootfs === undefined ? "" : rootfs.path,
    rootfsKind: rootfs === undefined ? "" : rootfs.type,
    hasIdmap: loaded.config.idmap.values.length > 0,
  };
}

/** As LXC writes it: comments stay, blank lines do not. Pure. */
export function withoutBlankLines(text: string): string {
  let kept = "";
  for (const line of text.split("\n")) if (line.trim() !== "") kept += `${line}\n`;
  return kept;
}

/** The text of a new configuration: LXC's header with the template, the base, the root file system. Pure. */
export function configText(
  base: BaseConfig,
  template: string,
  args: readonly string[],
  rootfs: RootFileSystem,
): string {
  const lines = [
    `# Template used to create this container: ${template}`,
    // A newline in an argument must not become a line of the configuration.
    ["# Parameters passed to the template:"].concat(args).join(" ").split("\n").join(" "),
    "# For additional config options, please look at lxc.container.conf(5)",
    "",
    "# Uncomment the following line to support nesting containers:",
    `#lxc.include = ${NESTING_CONFIG}`,
    "# (Be aware this has security implications)",
    "",
    "",
  ];
  const place = base.rootfs !== "" && rootfs.folder === base.rootfs ? "" : `lxc.rootfs.path = ${rootfs.source}\n`;
  // What was there before is not removed with the container.
  const managed = rootfs.managed ? "" : "lxc.rootfs.managed = 0\n";
  return lines.join("\n") + base.text + place + managed;
}
