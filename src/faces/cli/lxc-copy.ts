// lxc-copy: copies a container, renames it, or starts a copy that is gone when it stops.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { normalPath } from "../../base/path.ts";
import { type Container, containerOf, isDefined } from "../../container/container.ts";
import { copyContainer } from "../../container/copy.ts";
import type { CopyOptions } from "../../container/copy-job.ts";
import type { CopyWish } from "../../container/copy-plan.ts";
import { renameContainer } from "../../container/rename.ts";
import { storageNamed } from "../../container/storage/backends.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { absolute, environment, protect, runFolder } from "./caller.ts";
import { type Arguments, flag, later, type Option, Refusal, rcFile, type Tool, valued } from "./command.ts";
import { copyEphemeral, type EphemeralRequest } from "./copy-ephemeral.ts";
import { failedCopy, resultObject } from "./copy-words.ts";
import { isJson } from "./output.ts";
import { print } from "./print.ts";
import { copyProgress, withProgress } from "./progress.ts";
import { containerFrom, controlling, missing } from "./target.ts";

const newName = valued("newname", "NEWNAME", "N", "Name of the copy");
const newPath = valued("newpath", "NEWPATH", "p", "Where the copy is kept");
const rename = flag("rename", "R", "Rename the container");
const snapshot = flag("snapshot", "s", "Share the files of the container, and keep only what changes");
const allowRunning = flag("allowrunning", "a", "Copy it also while it runs");
const foreground = flag("foreground", "F", "Start with this terminal as the console of the copy");
const daemon = flag("daemon", "d", "Start in the background, which is the default");
const ephemeral = flag("ephemeral", "e", "Start the copy, and destroy it when it stops");
const mount = valued(
  "mount",
  "TYPE=SRC[:DST]",
  "m",
  "With -e: show something of the host inside, bind=SRC or overlay=SRC",
);
const backing = valued("backingstorage", "TYPE", "B", "How the copy is kept: dir or overlay");
const tmpfs = flag("tmpfs", "t", "With -e: keep what changes in memory; it is lost on reboot");
const fsSize = later(valued("fssize", "SIZE", "L", "Size of a volume"));
const keepData = flag("keepdata", "D", "With -e: do not destroy it when it stops");
const keepName = flag("keepname", "K", "Keep the host name");
const keepMac = flag("keepmac", "M", "Keep the hardware addresses");

export const lxcCopy: Tool = {
  name: "lxc-copy",
  usage: "--name=NAME [-N NEWNAME] [-p NEWPATH] [-s | -R | -e [-d | -F]] [-- hook options or COMMAND]",
  doc: "lxc-copy copies the container NAME; what follows -- is for its clone hooks, or with -e runs in the copy",
  options: [
    newName,
    newPath,
    rename,
    snapshot,
    allowRunning,
    foreground,
    daemon,
    ephemeral,
    mount,
    backing,
    tmpfs,
    fsSize,
    keepData,
    keepName,
    keepMac,
    rcFile,
  ],
  named: true,
  run,
};

function run(args: Arguments): number {
  const isEphemeral = args.isOn(ephemeral, rename, false);
  if (isEphemeral) protect();
  // As in LXC: of -e, -R and -s the last one counts.
  const renames = !isEphemeral && args.isOn(rename, snapshot, false);
  if (!args.has(newName) && !isEphemeral) throw unnamed(args);
  for (const option of [mount, tmpfs, keepData]) if (args.has(option) && !isEphemeral) throw onlyWith(option);
  storageNamed(args.text(backing, ""));
  const container = containerFrom(args);
  const isRunning = controlling(container, () => stateOf(container)) !== "STOPPED";
  if (!isDefined(container)) {
    throw missing(container, `copy ${container.name}`, `Container ${container.name} is not defined`);
  }
  if (isEphemeral) return copyEphemeral(args, ephemeralRequest(args, container, isRunning));
  const target = targetOf(args, container);
  if (renames && target.lxcpath !== container.lxcpath) throw renamedElsewhere(container);
  if (renames && args.has(rcFile)) throw renamedByFile(container);
  const options = optionsFrom(args, container, target, isRunning, renames);
  if (renames) renameTo(args, options);
  else copyTo(args, options);
  const result = renames ? "renamed" : args.has(snapshot) ? "cloned" : "copied";
  if (isJson(args)) print(`${resultObject(options, result).encode()}\n`);
  return 0;
}

function targetOf(args: Arguments, container: Container): Container {
  const path = args.has(newPath) ? normalPath(absolute(args.text(newPath, ""))) : container.lxcpath;
  return containerOf(args.text(newName, ""), path);
}

function optionsFrom(
  args: Arguments,
  source: Container,
  target: Container,
  isRunning: boolean,
  renames: boolean,
): CopyOptions {
  return {
    source,
    target,
    configFile: args.has(rcFile) ? absolute(args.text(rcFile, "")) : "",
    wish: wishFrom(args, args.has(snapshot) && !renames),
    keepName: args.has(keepName),
    keepMac: args.has(keepMac) || renames,
    hookArgs: args.operands,
    runDir: runFolder(),
    environment: environment(),
    isRunning,
    allowRunning: args.has(allowRunning) && !renames,
    progress: copyProgress,
    settings: [],
    files: [],
  };
}

function wishFrom(args: Arguments, shares: boolean): CopyWish {
  return { snapshot: shares, backing: args.text(backing, ""), maybe: false, tmpfs: args.has(tmpfs) };
}

function ephemeralRequest(args: Arguments, source: Container, isRunning: boolean): EphemeralRequest {
  const path = args.has(newPath) ? normalPath(absolute(args.text(newPath, ""))) : source.lxcpath;
  const target = containerOf(args.has(newName) ? args.text(newName, "") : source.name, path);
  return {
    copy: { ...optionsFrom(args, source, target, isRunning, false), wish: wishFrom(args, true), hookArgs: [] },
    isNamed: args.has(newName),
    mounts: args.all(mount),
    keepData: args.has(keepData),
    command: args.operands,
    // As in LXC: a command is run in a container that is in the background.
    leaves: args.isOn(daemon, foreground, true) || args.operands.length > 0,
  };
}

function copyTo(args: Arguments, options: CopyOptions): void {
  try {
    withProgress(args, () => copyContainer(options));
  } catch (caught) {
    throw failedCopy("Failed to clone", options.source, asLxcError(caught as Error));
  }
}

function renameTo(args: Arguments, options: CopyOptions): void {
  try {
    withProgress(args, () => renameContainer(options));
  } catch (caught) {
    const headline = `Renaming container ${options.source.name} to ${options.target.name} failed`;
    throw failedCopy(headline, options.source, asLxcError(caught as Error));
  }
}

function unnamed(args: Arguments): Refusal {
  const message = "You must provide a NEWNAME for the clone";
  const hint = `say -N NEWNAME; only with -e a name is made up`;
  return new Refusal(message, new LxcError("config-invalid", `copy ${args.name}`, message, { hint }));
}

function onlyWith(option: Option): LxcError {
  return new LxcError("config-invalid", `use --${option.long}`, "it is only for a copy that is started", {
    hint: "add -e",
  });
}

function renamedByFile(container: Container): LxcError {
  return new LxcError(
    "config-invalid",
    `rename ${container.name}`,
    "a container that is renamed keeps its configuration",
    {
      hint: "leave --rcfile out, or copy it with that, and destroy it here",
    },
  );
}

function renamedElsewhere(container: Container): LxcError {
  return new LxcError("config-invalid", `rename ${container.name}`, "a container that is renamed stays in its folder", {
    hint: "leave -p out, or copy it there and destroy it here",
  });
}
