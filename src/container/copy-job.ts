// One copy of a container: what is known before anything is made, and the making of all that is in its folder.

import { bytesOfLetters, lettersOf } from "../base/latin1.ts";
import { baseName, below, joinPath } from "../base/path.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { call } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { createText } from "../kernel/files.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { readRegular } from "../kernel/replace-file.ts";
import { runApart } from "./apart.ts";
import { originalsOf, pairsText } from "./clones.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import { type Container, configFileOf, directoryOf } from "./container.ts";
import {
  addressesIn,
  BYTES_AN_ADDRESS,
  type CopiedConfig,
  copiedConfig,
  type FileCopy,
  type Setting,
} from "./copy-config.ts";
import { copyNamedFile, createBytes } from "./copy-files.ts";
import { changeInside } from "./copy-inside.ts";
import { type CopyWish, layersOf, planRootfsCopy, type RootfsCopy, rootfsSourceOf } from "./copy-plan.ts";
import { copyRootfs } from "./copy-rootfs.ts";
import type { Interrupts } from "./interrupts.ts";
import { asRoot, asRootOrOwner, type MappedRoot, mappedRootOf } from "./mapped-root.ts";
import { storageNamed } from "./storage/backends.ts";

const CONFIG_MODE = 0o640;
const FILE_MODE = 0o644;
/** How often it is looked whether somebody wants us to stop. */
const FILES_A_LOOK = 16;

/** Told of the files and bytes that were copied; the last time with `isOver`. */
export type CopyProgress = (files: number, sizeBytes: number, isOver: boolean) => void;

export interface CopyOptions {
  readonly source: Container;
  readonly target: Container;
  /** Read instead of the source's configuration; "" for that. */
  readonly configFile: string;
  readonly wish: CopyWish;
  readonly keepName: boolean;
  readonly keepMac: boolean;
  /** For the clone hooks. */
  readonly hookArgs: readonly string[];
  readonly runDir: string;
  /** The caller's environment, `NAME=value`, which the clone hooks get with LXC's variables. */
  readonly environment: readonly string[];
  readonly isRunning: boolean;
  readonly allowRunning: boolean;
  readonly progress: CopyProgress;
  /** Further lines of its configuration. */
  readonly settings: readonly Setting[];
  /** Further files in its folder. */
  readonly files: readonly TextFile[];
}

export interface TextFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/** What is known before anything is made. */
export interface CopyJob {
  readonly options: CopyOptions;
  readonly doing: string;
  readonly loaded: LoadedConfig;
  readonly copy: RootfsCopy;
  readonly mapped: MappedRoot | undefined;
  /** The containers whose files the copy will need. */
  readonly originals: readonly Container[];
  readonly config: CopiedConfig;
  readonly fstab: FileCopy | undefined;
}

/** Reads the source's configuration, and decides what its copy is. Throws when there can be none; makes nothing. */
export function planCopy(options: CopyOptions): CopyJob {
  const { source, target } = options;
  const doing = `copy ${source.name} to ${target.name}`;
  const file = options.configFile === "" ? configFileOf(source) : options.configFile;
  const loaded = loadConfig(file, ownEnvironment());
  const { config } = loaded;
  // Throws for kinds of storage that are not there.
  storageNamed(options.wish.backing);
  storageNamed(config.rootfsPath.value?.type ?? "");
  const copy = planRootfsCopy(config.rootfsPath.value, options.wish);
  const text = lettersOf(readRegular(file));
  const fstab = fstabCopy(config.mountFstab.value, source, target);
  const copied = copiedConfig({
    text,
    from: letters(directoryOf(source)),
    to: letters(directoryOf(target)),
    rootfs: letters(rootfsSourceOf(copy, directoryOf(target))),
    isMoved: false,
    hostName: options.keepName || config.utsName.value === undefined ? "" : letters(target.name),
    fstab: fstab === undefined ? "" : fstab.to,
    random: options.keepMac ? new Uint8Array(0) : randomBytes(addressesIn(text) * BYTES_AN_ADDRESS),
    settings: options.settings.map((one): Setting => ({ key: one.key, value: letters(one.value) })),
  });
  const shifts = (config.rootfsOptions.value ?? "").includes("idmap=");
  return {
    options,
    doing,
    loaded,
    copy,
    mapped: shifts ? undefined : mappedRootOf(config.idmap.values),
    originals: originalsFor(options, copy),
    config: copied,
    fstab,
  };
}

/** As in LXC: what the source needs and, but for its own snapshots, the source. */
function originalsFor(options: CopyOptions, copy: RootfsCopy): Container[] {
  if (copy.kind !== "layers") return [];
  const own = options.wish.maybe ? [] : [options.source];
  return originalsOf(options.source).concat(own);
}

/** As in LXC the file is copied wherever it is. */
function fstabCopy(path: string | undefined, source: Container, target: Container): FileCopy | undefined {
  if (path === undefined) return undefined;
  const rest = below(directoryOf(source), `${path}`) ?? baseName(`${path}`);
  return { from: letters(path), to: letters(joinPath(directoryOf(target), rest)) };
}

/** Makes everything in `folder`, which is there, empty, and will be or is the target's. */
export function fillCopy(job: CopyJob, folder: string, interrupts: Interrupts): void {
  const { options } = job;
  const directory = directoryOf(options.target);
  if (job.mapped !== undefined) giveFolderToRoot(job.mapped, folder);
  const make = (): void => {
    const watch = new Watch(job, interrupts);
    try {
      copyRootfs(job.copy, folder, job.loaded.config.idmap.values.length > 0, watch.tell);
    } finally {
      watch.end();
    }
    const files = job.config.files.concat(job.fstab === undefined ? [] : [job.fstab]);
    for (const file of files) copyNamedFile(file, { source: directoryOf(options.source), directory, folder });
  };
  // For an overlay is made to read it all, which takes a mount namespace of one's own.
  if (job.copy.kind === "merged") runApart(job.mapped, make);
  else asRootOrOwner(job.mapped, make);
  interrupts.check(job.doing);
  if (job.originals.length > 0) createText(joinPath(folder, "lxc_rdepends"), pairsText(job.originals), FILE_MODE);
  for (const file of options.files) createText(joinPath(folder, file.name), file.text, file.mode);
  createBytes(joinPath(folder, "config"), bytesOfLetters(job.config.text), CONFIG_MODE);
  changeInside({
    source: options.source,
    target: options.target,
    loaded: loadConfig(joinPath(folder, "config"), ownEnvironment()),
    root: job.copy.kind === "none" ? "" : joinPath(folder, "rootfs"),
    layers: layersOf(job.copy, folder),
    mapped: job.mapped,
    environment: options.environment,
    hookArgs: options.hookArgs,
    renames: !options.keepName,
  });
  interrupts.check(job.doing);
}

/** Looks now and then whether to go on, and tells how far it is. */
class Watch {
  readonly #job: CopyJob;
  readonly #interrupts: Interrupts;
  readonly tell: (files: number, sizeBytes: number) => void;
  #files = 0;
  #sizeBytes = 0;
  #calls = 0;

  constructor(job: CopyJob, interrupts: Interrupts) {
    this.#job = job;
    this.#interrupts = interrupts;
    this.tell = (files, sizeBytes) => this.#look(files, sizeBytes);
  }

  end(): void {
    this.#job.options.progress(this.#files, this.#sizeBytes, true);
  }

  #look(files: number, sizeBytes: number): void {
    this.#files = files;
    this.#sizeBytes = sizeBytes;
    this.#calls++;
    if (this.#calls % FILES_A_LOOK !== 0) return;
    this.#interrupts.check(this.#job.doing);
    this.#job.options.progress(files, sizeBytes, false);
  }
}

/** As lxc-create does it: the container's root owns its folder, with the caller as its group. */
function giveFolderToRoot(mapped: MappedRoot, folder: string): void {
  asRoot(mapped, () => {
    const doing = `give ${folder} to its root`;
    call(doing, "fchownat", AT_FDCWD, folder, mapped.root.uid, mapped.callerGid, 0);
  });
}

export function letters(text: string): string {
  return lettersOf(bytesOfText(`${text}`));
}

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  if (count > 0) call("draw hardware addresses", "getrandom", bytes, count, 0);
  return bytes;
}
