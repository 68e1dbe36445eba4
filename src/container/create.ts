// Making a container: its folder, its root file system, what a template puts there, and its configuration.

import { asLxcError, LxcError } from "../base/errors.ts";
import { normalPath } from "../base/path.ts";
import { visible } from "../base/text.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../kernel/call.ts";
import { ownEnvironment } from "../kernel/environment.ts";
import { createText, exists, makeDirectory } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import { loadConfig } from "./config/load.ts";
import { type Container, configFileOf, directoryOf, isDefined } from "./container.ts";
import { type BaseConfig, configText, readBaseConfig, withIdMaps, withLines } from "./create-config.ts";
import { Interrupts } from "./interrupts.ts";
import { withContainerLock } from "./lock.ts";
import { asRoot, type MappedRoot, mappedRootOf } from "./mapped-root.ts";
import { Creation, clearDeadCreation, withLeftovers } from "./partial.ts";
import { storageNamed } from "./storage/backends.ts";
import type { RootFileSystem, Storage } from "./storage/storage.ts";
import { usualMapsFor } from "./subordinate-ids.ts";
import { unpackArchive } from "./templates/archive.ts";
import { archiveConfig } from "./templates/archive-config.ts";
import { busyboxConfig, makeBusyboxRootfs } from "./templates/busybox.ts";
import { busyboxOptionsFrom } from "./templates/busybox-options.ts";
import { runTemplate } from "./templates/template-program.ts";
import { findTemplate, type Template } from "./templates/templates.ts";

const LXCPATH_MODE = 0o755;
const FOLDER_MODE = 0o770;
const CONFIG_MODE = 0o640;

export interface CreateOptions {
  readonly container: Container;
  /** A template's name or absolute path; `none` makes a configuration only. */
  readonly template: string;
  readonly templateArgs: readonly string[];
  /** What the configuration begins with; "" for `defaultConfigFile`, which may be missing. */
  readonly configFile: string;
  readonly defaultConfigFile: string;
  /** What the configuration says after that. */
  readonly lines: readonly string[];
  /** `-B`: the kind of storage, "" for a plain folder. */
  readonly backing: string;
  /** `--dir`: an absolute path for the root file system, "" for the container's own folder. */
  readonly dir: string;
  /** Whether a template that is a program runs without terminal and output. */
  readonly quiet: boolean;
  readonly runDir: string;
  /** The caller's environment, `NAME=value`; templates get it as it is. */
  readonly environment: readonly string[];
}

/** What is known before anything is made. */
interface Request {
  readonly options: CreateOptions;
  readonly doing: string;
  readonly template: Template;
  readonly storage: Storage;
  readonly base: BaseConfig;
  /** Who owns what is in the root file system; undefined for the host's root. */
  readonly mapped: MappedRoot | undefined;
}

/**
 * Makes a container. When anything fails, or SIGINT, SIGTERM or SIGHUP comes, all that was made is taken back, and
 * nothing else, and an error is thrown; that of a signal has EINTR as its errno.
 */
export function createContainer(options: CreateOptions): void {
  const doing = `create ${options.container.name}`;
  for (const written of [options.template, options.container.lxcpath]) checkWritten(written);
  const template = findTemplate(options.template);
  checkDir(options.dir);
  const given = withLines(readBaseConfig(options.configFile, options.defaultConfigFile), options.lines);
  // An ordinary user has no other way, so that it need not be said.
  const isAlone = effectiveUser() !== 0 && given.idMaps.length === 0 && template.kind !== "none";
  const base = isAlone ? withIdMaps(given, usualMapsFor(effectiveUser())) : given;
  checkBase(base, template.kind === "none", options);
  const kind = base.rootfs !== "" && options.dir === "" ? base.rootfsKind : options.backing;
  const storage = storageNamed(template.kind === "none" ? options.backing : kind);
  const mapped = base.shiftsRootfs ? undefined : mappedRootOf(base.idMaps);
  const request: Request = { options, doing, template, storage, base, mapped };
  const umask = tryNumbers(SYS.umask, 0, 0, 0);
  try {
    createWith(request);
  } finally {
    tryNumbers(SYS.umask, umask, 0, 0);
  }
}

function checkBase(base: BaseConfig, isConfigOnly: boolean, options: CreateOptions): void {
  const doing = `create ${options.container.name}`;
  if (isConfigOnly && options.dir !== "")
    throw new LxcError("config-invalid", doing, "--dir has no effect without a template", {
      hint: `put lxc.rootfs.path = dir:${options.dir} into the configuration`,
    });
  if (base.rootfs !== "" && base.rootfs.startsWith("/") && options.dir === "" && !exists(base.rootfs))
    throw new LxcError("not-found", doing, `The rootfs "${base.rootfs}" does not exist`, {
      hint: `make it first, or take lxc.rootfs.path out of ${base.file}`,
    });
}

function checkDir(dir: string): void {
  if (dir === "") return;
  const doing = `use the folder ${dir}`;
  if (!dir.startsWith("/"))
    throw new LxcError("config-invalid", doing, "--dir should use absolute path", { hint: "begin it with /" });
  checkWritten(dir);
  if (normalPath(dir) === "/") throw new LxcError("not-permitted", doing, "it is the root of the host");
}

/** What stands in the new configuration must not become a line of it (CVE-2026-23953). */
function checkWritten(path: string): void {
  for (let at = 0; at < path.length; at++) {
    if (path.charCodeAt(at) >= 32) continue;
    throw new LxcError("config-invalid", `use ${visible(path)}`, "its name has a control character");
  }
}

function createWith(request: Request): void {
  const container = request.options.container;
  const creation = new Creation(container, request.mapped === undefined ? [] : request.base.idMaps);
  const interrupts = new Interrupts();
  try {
    beginCreation(request, creation);
    interrupts.check(request.doing);
    fill(request, creation, interrupts);
    interrupts.check(request.doing);
    creation.finish();
  } catch (caught) {
    throw withLeftovers(asLxcError(caught as Error), creation.undo(), container);
  } finally {
    interrupts.release();
  }
}

/** Makes the folders, and marks them as a creation in progress. */
function beginCreation(request: Request, creation: Creation): void {
  const container = request.options.container;
  withContainerLock(request.options.runDir, container, () => {
    clearDeadCreation(container);
    creation.makeFolders(container.lxcpath, LXCPATH_MODE);
    if (isDefined(container)) throw alreadyThere(request);
    const directory = directoryOf(container);
    creation.record("folder", directory);
    const made = makeDirectory(directory, FOLDER_MODE);
    if (!made) creation.forget(directory);
    creation.mark();
    // What a folder of somebody else holds is recorded one by one.
    if (made) creation.record("contents", directory);
  });
}

function alreadyThere(request: Request): LxcError {
  const container = request.options.container;
  return new LxcError("wrong-state", request.doing, "Container already exists", {
    hint: `use another name, or remove it with lxc-destroy -n ${container.name} -P ${container.lxcpath}`,
  });
}

function fill(request: Request, creation: Creation, interrupts: Interrupts): void {
  const options = request.options;
  if (request.template.kind === "none") {
    writeConfig(configFileOf(options.container), request.base.text, creation);
    return;
  }
  const place = { container: options.container, dir: options.dir, given: request.base.rootfs };
  const rootfs = request.storage.create(place, creation);
  if (request.mapped !== undefined) giveToRoot(request.mapped, options.container, rootfs);
  if (request.template.kind === "archive") fillFromArchive(request, rootfs, creation, interrupts);
  else if (request.template.kind === "busybox") fillWithBusybox(request, rootfs, creation, interrupts);
  else fillWithProgram(request, request.template.path, rootfs, creation, interrupts);
}

/** As in LXC the container's folder belongs to its root as well, and to the caller as its group. */
function giveToRoot(mapped: MappedRoot, container: Container, rootfs: RootFileSystem): void {
  const { uid, gid } = mapped.root;
  asRoot(mapped, () => {
    const directory = directoryOf(container);
    call(`give ${directory} to its root`, "fchownat", AT_FDCWD, directory, uid, mapped.callerGid, 0);
    if (!rootfs.managed) return;
    call(`give ${rootfs.folder} to its root`, "fchownat", AT_FDCWD, rootfs.folder, uid, gid, 0);
  });
}

function fillWithBusybox(request: Request, rootfs: RootFileSystem, creation: Creation, interrupts: Interrupts): void {
  const options = request.options;
  const name = options.container.name;
  const wanted = busyboxOptionsFrom(options.templateArgs);
  const path = valueIn(options.environment, "PATH");
  asRoot(request.mapped, () => {
    makeBusyboxRootfs({ name, rootfs, options: wanted, path, doing: request.doing }, creation, interrupts);
  });
  const config = configFileOf(options.container);
  // Written whole at the end: until then nobody takes it for a container.
  const head = configText(request.base, "busybox (built in)", options.templateArgs, rootfs);
  writeConfig(config, head + busyboxConfig(name, rootfs.folder), creation);
  if (wanted.mappedUid >= 0 || wanted.mappedGid >= 0)
    call(`give ${config} away`, "fchownat", AT_FDCWD, config, wanted.mappedUid, wanted.mappedGid, 0);
}

function fillFromArchive(request: Request, rootfs: RootFileSystem, creation: Creation, interrupts: Interrupts): void {
  const { options, mapped, doing } = request;
  const archive = request.template.path;
  if (options.templateArgs.length > 0) {
    throw new LxcError("config-invalid", doing, "an archive takes no options", { hint: "take what follows -- out" });
  }
  const run = { archive, folder: rootfs.folder, mapped, environment: options.environment, doing };
  unpackArchive(run, interrupts);
  const name = options.container.name;
  const own = archiveConfig(name, rootfs.folder, request.base.idMaps.length > 0);
  // Written whole at the end, too.
  const head = configText(request.base, archive, [], rootfs);
  writeConfig(configFileOf(options.container), head + own, creation);
}

function fillWithProgram(
  request: Request,
  path: string,
  rootfs: RootFileSystem,
  creation: Creation,
  interrupts: Interrupts,
): void {
  const options = request.options;
  const config = configFileOf(options.container);
  writeConfig(config, configText(request.base, path, options.templateArgs, rootfs), creation);
  const given = [
    `--path=${directoryOf(options.container)}`,
    `--name=${options.container.name}`,
    `--rootfs=${rootfs.folder}`,
  ].concat(mappedIds(request.mapped));
  runTemplate(
    {
      path,
      mapped: request.mapped,
      args: given.concat(options.templateArgs),
      environment: options.environment,
      quiet: options.quiet,
      doing: request.doing,
    },
    interrupts,
  );
  // As in LXC: a template that leaves a configuration nobody can read has failed.
  loadConfig(config, ownEnvironment());
}

/** Who the caller is where the template runs, for it to give the configuration to, as in LXC. */
function mappedIds(mapped: MappedRoot | undefined): string[] {
  return mapped === undefined ? [] : [`--mapped-uid=${mapped.callerUid}`, `--mapped-gid=${mapped.callerGid}`];
}

function writeConfig(path: string, text: string, creation: Creation): void {
  creation.record("file", path);
  createText(path, text, CONFIG_MODE);
}

function valueIn(environment: readonly string[], name: string): string {
  for (const entry of environment) if (entry.startsWith(`${name}=`)) return entry.slice(name.length + 1);
  return "";
}
