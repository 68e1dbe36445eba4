// Copying a container: all of it, or a layer above its files. When anything fails nothing of the copy is left.

import { asLxcError, LxcError } from "../base/errors.ts";
import { Undo } from "../base/undo.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryNumbers } from "../kernel/call.ts";
import { isDirectory, listDirectory, makeDirectory } from "../kernel/files.ts";
import { addClone, removeClone } from "./clones.ts";
import { type Container, configFileOf, directoryOf, isDefined } from "./container.ts";
import { type CopyJob, type CopyOptions, fillCopy, planCopy } from "./copy-job.ts";
import { Interrupts } from "./interrupts.ts";
import { withContainerLock } from "./lock.ts";
import { Creation, clearDeadCreation, clearIfDead, withLeftovers } from "./partial.ts";

const LXCPATH_MODE = 0o755;
const FOLDER_MODE = 0o770;

/**
 * Makes `target` a copy of `source`. When anything fails, or SIGINT, SIGTERM or SIGHUP comes, all that was made is taken
 * back, and an error is thrown; that of a signal has EINTR as its errno.
 */
export function copyContainer(options: CopyOptions): void {
  const { source, target } = options;
  clearIfDead(options.runDir, source);
  if (isDefined(target)) throw alreadyThere(source, target);
  refuseRunning(options);
  const job = planCopy(options);
  withoutMask(() => makeCopy(job));
}

/** What is made gets the modes it is to have. */
export function withoutMask(run: () => void): void {
  const umask = tryNumbers(SYS.umask, 0, 0, 0);
  try {
    run();
  } finally {
    tryNumbers(SYS.umask, umask, 0, 0);
  }
}

export function refuseRunning(options: CopyOptions): void {
  const { source } = options;
  if (!options.isRunning || options.allowRunning) return;
  const reason = `error: Original container (${source.name}) is running`;
  throw new LxcError("wrong-state", `copy ${source.name}`, reason, {
    hint: `stop it first: lxc-stop -n ${source.name} -P ${source.lxcpath}; or copy its files as they are at the moment: -a`,
  });
}

/** For a copy to a name that is taken. */
export function alreadyThere(source: Container, target: Container): LxcError {
  const reason = `error: clone: ${configFileOf(target)} exists`;
  return new LxcError("wrong-state", `copy ${source.name} to ${target.name}`, reason, {
    hint: `use another name, or remove it with lxc-destroy -n ${target.name} -P ${target.lxcpath}`,
  });
}

function makeCopy(job: CopyJob): void {
  const { target } = job.options;
  const creation = new Creation(target, job.mapped === undefined ? [] : job.loaded.config.idmap.values);
  const undo = new Undo();
  const interrupts = new Interrupts();
  try {
    beginCopy(job, creation);
    fillCopy(job, directoryOf(target), interrupts);
    tellOriginals(job, undo);
    creation.finish();
    undo.keep();
  } catch (caught) {
    const error = asLxcError(caught as Error);
    undo.run();
    throw withLeftovers(error, creation.undo(), target);
  } finally {
    interrupts.release();
  }
}

/** Makes the folders, and marks them as a creation in progress. */
function beginCopy(job: CopyJob, creation: Creation): void {
  const { source, target, runDir } = job.options;
  withContainerLock(runDir, target, () => {
    clearDeadCreation(target);
    creation.makeFolders(target.lxcpath, LXCPATH_MODE);
    if (isDefined(target)) throw alreadyThere(source, target);
    const directory = directoryOf(target);
    creation.record("folder", directory);
    if (!makeDirectory(directory, FOLDER_MODE)) {
      creation.forget(directory);
      if (!isDirectory(directory) || listDirectory(directory).length > 0) throw inTheWay(job, directory);
    }
    creation.mark();
    creation.record("contents", directory);
  });
}

function inTheWay(job: CopyJob, directory: string): LxcError {
  return new LxcError("wrong-state", job.doing, `${directory} is there already, and is not empty`, {
    hint: "nothing is written over; use another name, or move it away",
  });
}

function tellOriginals(job: CopyJob, undo: Undo): void {
  const { runDir, target } = job.options;
  for (const original of job.originals) {
    addClone(runDir, original, target);
    undo.add(`take ${target.name} out of the clones of ${original.name}`, () => removeClone(runDir, original, target));
  }
}
