// The configuration a new container begins with.

import { LxcError } from "../base/errors.ts";
import type { IdMapping } from "../isolation/id-maps.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { exists } from "../kernel/files.ts";
import { loadConfig } from "./config/load.ts";
import type { RootFileSystem } from "./storage/storage.ts";

const NO_MAPS: readonly IdMapping[] = [];
const NESTING_CONFIG = "/usr/share/lxc/config/nesting.conf";

/** The file a configuration is made from. */
export interface BaseConfig {
  readonly file: string;
  /** Its lines as they are, with new hardware addresses for those it leaves open, and a newline at its end. */
  readonly text: string;
  /** Its `lxc.rootfs.path`, without the kind of storage; "" for none. */
  readonly rootfs: string;
  readonly rootfsKind: string;
  readonly idMaps: readonly IdMapping[];
  /** Whether the owners of its files are shifted by the mount, and not on the disk. */
  readonly shiftsRootfs: boolean;
}

/** Reads `file`, or `otherwise` when that is "", which may be missing as in LXC. Throws when it is wrong. */
export function readBaseConfig(file: string, otherwise: string): BaseConfig {
  const path = file === "" ? otherwise : file;
  if (!exists(path)) {
    if (file === "") return { file: path, text: "", rootfs: "", rootfsKind: "", idMaps: NO_MAPS, shiftsRootfs: false };
    throw new LxcError("not-found", `read the configuration ${file}`, "there is no such file", {
      hint: "give -f a file that is there, or leave -f out for the default configuration",
    });
  }
  const loaded = loadConfig(path, ownEnvironment());
  const rootfs = loaded.config.rootfsPath.value;
  return {
    file: path,
    text: withoutBlankLines(loaded.document.text()),
    rootfs: rootfs === undefined ? "" : rootfs.path,
    rootfsKind: rootfs === undefined ? "" : rootfs.type,
    idMaps: loaded.config.idmap.values,
    shiftsRootfs: (loaded.config.rootfsOptions.value ?? "").includes("idmap="),
  };
}

/** The same with id maps, which an ordinary user cannot do without: its own when there are none. */
export function withIdMaps(base: BaseConfig, maps: readonly IdMapping[]): BaseConfig {
  const lines = maps.map((map) => `lxc.idmap = ${map.kind} ${map.inside} ${map.outside} ${map.count}\n`).join("");
  return {
    file: base.file,
    text: base.text + lines,
    rootfs: base.rootfs,
    rootfsKind: base.rootfsKind,
    idMaps: maps,
    shiftsRootfs: base.shiftsRootfs,
  };
}

/** The same with further lines, which say nothing of the root file system or its owners. */
export function withLines(base: BaseConfig, lines: readonly string[]): BaseConfig {
  return {
    file: base.file,
    text: base.text + lines.map((line) => `${line}\n`).join(""),
    rootfs: base.rootfs,
    rootfsKind: base.rootfsKind,
    idMaps: base.idMaps,
    shiftsRootfs: base.shiftsRootfs,
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
