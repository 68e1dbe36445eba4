// lxc-snapshot: keeps a container as it is now, and brings it back.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { type Container, containerOf, isDefined } from "../../container/container.ts";
import { localTimeText } from "../../container/local-time.ts";
import { restoreAs, restoreOver } from "../../container/restore.ts";
import {
  destroyAllSnapshots,
  destroySnapshot,
  listSnapshots,
  type Snapshot,
  type SnapshotOptions,
  snapshotsFolderOf,
  takeSnapshot,
} from "../../container/snapshots.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { readText } from "../../kernel/files.ts";
import { stateOf } from "../../lifecycle/command-client.ts";
import { absolute, environment, runFolder } from "./caller.ts";
import { type Arguments, columns, flag, Refusal, rcFile, type Tool, valued } from "./command.ts";
import { failedCopy } from "./copy-words.ts";
import { JsonObject } from "./json.ts";
import { type Column, column, columnsFrom, printListing, textValue } from "./listing.ts";
import { formatOf, isJson } from "./output.ts";
import { print } from "./print.ts";
import { copyProgress, withProgress } from "./progress.ts";
import { containerFrom, controlling, missing } from "./target.ts";

const list = flag("list", "L", "List the snapshots");
const restore = valued("restore", "NAME", "r", "Bring the snapshot NAME back");
const newName = valued("newname", "NEWNAME", "N", "With -r: as a new container of this name");
const destroy = valued("destroy", "NAME", "d", "Destroy the snapshot NAME, or ALL");
const comment = valued("comment", "FILE", "c", "Keep the text of FILE with the snapshot");
const showComments = flag("showcomments", "C", "With -L: show their comments");

export const lxcSnapshot: Tool = {
  name: "lxc-snapshot",
  usage: "--name=NAME [-L [-C]] [-c FILE] [-d NAME] [-r NAME [-N NEWNAME]]",
  doc: "lxc-snapshot takes, lists, restores and destroys snapshots of the container NAME",
  options: [list, restore, newName, destroy, comment, showComments, rcFile],
  named: true,
  rows: true,
  run,
};

/** LXC's word for every snapshot there is. */
const ALL = "ALL";

function run(args: Arguments): number {
  const container = containerFrom(args);
  const isRunning = controlling(container, () => stateOf(container)) !== "STOPPED";
  if (!isDefined(container)) throw missing(container, `use ${container.name}`, "No container config specified");
  const options: SnapshotOptions = {
    container,
    runDir: runFolder(),
    environment: environment(),
    isRunning,
    progress: copyProgress,
    configFile: args.has(rcFile) ? absolute(args.text(rcFile, "")) : "",
  };
  switch (actionFrom(args)) {
    case "list":
      return show(args, container);
    case "destroy":
      return remove(args, options);
    case "restore":
      return bringBack(args, options);
    case "take":
      return take(args, options);
  }
}

/** As in LXC the last one counts. */
function actionFrom(args: Arguments): "take" | "list" | "restore" | "destroy" {
  if (args.isOn(list, restore, false) && args.isOn(list, destroy, false)) return "list";
  if (args.isOn(destroy, restore, false) && args.isOn(destroy, list, false)) return "destroy";
  return args.has(restore) ? "restore" : "take";
}

function show(args: Arguments, container: Container): number {
  const snapshots = listSnapshots(container);
  const wanted = columnsFrom(args, columnsOf(snapshots), columnsOf(snapshots));
  if (formatOf(args) !== "table" || args.has(columns)) printListing(args, wanted, snapshots.length);
  else if (snapshots.length === 0) print("No snapshots\n");
  else for (const one of snapshots) print(lineOf(one, args.has(showComments)));
  return 0;
}

function columnsOf(snapshots: readonly Snapshot[]): readonly Column[] {
  return [
    column("name", (at) => textValue(snapshots[at]!.name)),
    column("comment", (at) => textValue(snapshots[at]!.comment)),
    column("timestamp", (at) => textValue(snapshots[at]!.time)),
    column("path", (at) => textValue(snapshots[at]!.path)),
  ];
}

function lineOf(one: Snapshot, withComment: boolean): string {
  const line = `${one.name} (${one.path}) ${one.time}\n`;
  if (!withComment || one.comment === "") return line;
  return one.comment.endsWith("\n") ? line + one.comment : `${line}${one.comment}\n`;
}

function take(args: Arguments, options: SnapshotOptions): number {
  const { container } = options;
  try {
    const text = args.has(comment) ? readText(args.text(comment, "")) : undefined;
    let name = "";
    withProgress(args, () => {
      name = takeSnapshot(options, localTimeText(Date.now(), ownEnvironment().get("TZ") ?? ""), text);
    });
    tell(args, snapshotResult(container, name, "created"));
  } catch (caught) {
    throw failedCopy("Error creating a snapshot", container, asLxcError(caught as Error));
  }
  return 0;
}

function remove(args: Arguments, options: SnapshotOptions): number {
  const name = args.text(destroy, "");
  try {
    withProgress(args, () => {
      if (name === ALL) destroyAllSnapshots(options);
      else destroySnapshot(options, name);
    });
    tell(args, snapshotResult(options.container, name, "destroyed"));
  } catch (caught) {
    const headline = name === ALL ? "Error destroying snapshots" : `Error destroying snapshot ${name}`;
    throw failedCopy(headline, options.container, asLxcError(caught as Error));
  }
  return 0;
}

function bringBack(args: Arguments, options: SnapshotOptions): number {
  if (args.operands.length > 1) throw tooMany();
  const { container } = options;
  const name = args.text(restore, "");
  const wanted = args.has(newName) ? args.text(newName, "") : (args.operands[0] ?? container.name);
  try {
    withProgress(args, () => {
      if (wanted === container.name) restoreOver(options, name);
      else restoreAs(options, name, containerOf(`${wanted}`, container.lxcpath));
    });
    tell(args, snapshotResult(container, name, "restored").text("as", wanted));
  } catch (caught) {
    throw failedCopy(`Error restoring snapshot ${name}`, container, asLxcError(caught as Error));
  }
  return 0;
}

function snapshotResult(container: Container, snapshot: string, result: string): JsonObject {
  return new JsonObject()
    .text("name", container.name)
    .text("snapshot", snapshot)
    .text("path", snapshotsFolderOf(container))
    .text("result", result);
}

function tell(args: Arguments, object: JsonObject): void {
  if (isJson(args)) print(`${object.encode()}\n`);
}

function tooMany(): Refusal {
  const message = "Too many arguments";
  const error = new LxcError("config-invalid", "restore a snapshot", message, {
    hint: "name the new container with -N, or as the only further word",
  });
  return new Refusal(message, error);
}
