// lxc-copy -e: a copy that is started, perhaps for one command, and gone when it stops.

import { Deadline } from "../../base/deadline.ts";
import { asLxcError, LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { loadConfig } from "../../container/config/load.ts";
import type { Config } from "../../container/config/schema.ts";
import { type Container, configFileOf, containerOf, directoryOf, isDefined } from "../../container/container.ts";
import { copyContainer } from "../../container/copy.ts";
import type { CopyOptions } from "../../container/copy-job.ts";
import { destroyContainer } from "../../container/destroy.ts";
import { type EphemeralParts, ephemeralParts, type MountLine, mountWishIn } from "../../container/ephemeral.ts";
import { randomLetters } from "../../container/random-name.ts";
import { isOverlay, overlayPathsIn } from "../../container/rootfs/layers.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { exists, isDirectory } from "../../kernel/files.ts";
import { pause } from "../../kernel/waiting.ts";
import { type AttachEnd, attachTo } from "../../lifecycle/attach.ts";
import { plainAttach } from "../../lifecycle/attach-options.ts";
import { startContainer } from "../../lifecycle/start.ts";
import { stopContainer } from "../../lifecycle/stop.ts";
import { environment, runFolder } from "./caller.ts";
import { type Arguments, badValue, Refusal, valued } from "./command.ts";
import { failedCopy, resultObject } from "./copy-words.ts";
import { openConfiguredLog } from "./log-file.ts";
import { isJson } from "./output.ts";
import { print, warn } from "./print.ts";
import { withProgress } from "./progress.ts";
import { cgroupsFrom } from "./target.ts";

const SUFFIX_LENGTH = 6;
/** How long its init may take to end it after the command, as for lxc-stop. */
const SHUTDOWN_TIMEOUT_S = 60;
const GONE_TIMEOUT_MS = 10_000;
const LOOK_AGAIN_MS = 5;

export interface EphemeralRequest {
  /** Without the lines that make it ephemeral. */
  readonly copy: CopyOptions;
  /** Whether the target has the name it is to have; otherwise letters come behind it. */
  readonly isNamed: boolean;
  /** As given. */
  readonly mounts: readonly string[];
  readonly keepData: boolean;
  /** What to run in it; nothing to only start it. */
  readonly command: readonly string[];
  /** Whether it is started in the background. */
  readonly leaves: boolean;
}

export function copyEphemeral(args: Arguments, request: EphemeralRequest): number {
  const { source } = request.copy;
  const target = request.isNamed ? request.copy.target : namedAnew(request.copy.target);
  const parts = partsFor(request, target);
  const options: CopyOptions = { ...request.copy, target, settings: parts.settings, files: parts.files };
  try {
    withProgress(args, () => copyContainer(options));
  } catch (caught) {
    throw failedCopy("Failed to clone", source, asLxcError(caught as Error));
  }
  if (!isJson(args)) print(createdLines(source, target, options.wish.tmpfs));
  try {
    start(args, target, request);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (!request.keepData) destroyIfThere(target);
    throw error;
  }
  const end = request.command.length > 0 ? runCommand(args, target, request.command) : undefined;
  if (end !== undefined && !request.keepData) waitUntilGone(target);
  if (isJson(args))
    print(`${resultObject(options, request.leaves && end === undefined ? "started" : "ended").encode()}\n`);
  if (end?.failure !== undefined) throw new Refusal("", end.failure, end.exitCode);
  return 0;
}

/** The same path, with a name that nothing there has. */
function namedAnew(model: Container): Container {
  for (;;) {
    const target = containerOf(`${model.name}_${randomLetters(SUFFIX_LENGTH)}`, model.lxcpath);
    if (!exists(directoryOf(target))) return target;
  }
}

function createdLines(source: Container, target: Container, tmpfs: boolean): string {
  const created = `Created ${target.name} as clone of ${source.name}\n`;
  if (!tmpfs) return created;
  return `${created}Container is placed on tmpfs.\nRebooting will cause all changes made to it to be lost!\n`;
}

function partsFor(request: EphemeralRequest, target: Container): EphemeralParts {
  const { wish, source, keepName } = request.copy;
  const { config } = loadConfig(configFileOf(source), ownEnvironment());
  return ephemeralParts({
    name: target.name,
    directory: directoryOf(target),
    lowers: lowersOf(config, directoryOf(target)),
    tmpfs: wish.tmpfs,
    keepData: request.keepData,
    keepName,
    isMapped: config.idmap.values.length > 0,
    mounts: request.mounts.map((text): MountLine => mountLine(text)),
    suffix: randomLetters(SUFFIX_LENGTH),
  });
}

/** The layers that a copy on a tmpfs only reads. */
function lowersOf(config: Config, directory: string): readonly string[] {
  const place = config.rootfsPath.value;
  if (place === undefined) return [];
  return isOverlay(place.type) ? [joinPath(directory, "base")].concat(overlayPathsIn(place.path).lowers) : [place.path];
}

const mountOption = valued("mount", "TYPE=SRC[:DST]", "m", "");

function mountLine(text: string): MountLine {
  try {
    const wish = mountWishIn(text);
    if (exists(wish.source)) return { wish, isFolder: isDirectory(wish.source), suffix: randomLetters(SUFFIX_LENGTH) };
    throw new LxcError("not-found", `show ${wish.source} inside`, "there is no such file or folder");
  } catch (caught) {
    const error = asLxcError(caught as Error);
    throw badValue(mountOption, text, error.reason, error.hint);
  }
}

/** Returns once it runs, or when it has stopped. */
function start(args: Arguments, target: Container, request: EphemeralRequest): void {
  const loaded = loadConfig(configFileOf(target), ownEnvironment());
  args.log = openConfiguredLog(args, loaded.config) ?? args.log;
  startContainer({
    container: target,
    config: loaded.config,
    configFile: loaded.path,
    sources: loaded.sources,
    daemon: request.leaves,
    command: [],
    useInit: false,
    pidFile: "",
    closeAllFds: request.leaves,
    logFd: args.log.fd,
    environment: environment(),
    warn: (text) => warn(args, text),
    inform: (text) => args.log.info("lxc", text),
  });
}

/** Runs it in the container, with LXC's clean environment, then shuts the container down whatever became of it. */
function runCommand(args: Arguments, target: Container, command: readonly string[]): AttachEnd {
  try {
    return attachTo(
      target,
      plainAttach(command, environment(), (text) => warn(args, text)),
    );
  } finally {
    stopContainer(target, {
      timeoutS: SHUTDOWN_TIMEOUT_S,
      kill: false,
      noKill: false,
      environment: ownEnvironment(),
      reboot: false,
      cgroups: () => cgroupsFrom(args, target),
    });
  }
}

/** Its monitor destroys it after it has said STOPPED; who comes next may want the name. */
function waitUntilGone(container: Container): void {
  const deadline = new Deadline(GONE_TIMEOUT_MS);
  while (exists(directoryOf(container)) && !deadline.hasPassed()) pause(LOOK_AGAIN_MS);
}

/** After a start that failed; its monitor may have done it already. */
function destroyIfThere(container: Container): void {
  if (!isDefined(container)) return;
  destroyContainer({
    container,
    runDir: runFolder(),
    environment: environment(),
    isRunning: false,
    configFile: "",
    force: false,
    stop: () => undefined,
  });
}
