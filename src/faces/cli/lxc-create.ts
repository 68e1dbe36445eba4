// lxc-create: makes a container.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { findingText } from "../../base/finding.ts";
import { warningsIn } from "../../container/config/findings.ts";
import { loadConfig } from "../../container/config/load.ts";
import { configFileOf } from "../../container/container.ts";
import { type CreateOptions, createContainer } from "../../container/create.ts";
import { templateHelp } from "../../container/templates/help.ts";
import { EINTR } from "../../kernel/abi/errno.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { absolute, environment, isArchiveWord, runFolder } from "./caller.ts";
import { type Arguments, later, quiet, Refusal, type Tool, unusedRcFile, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print, warn } from "./print.ts";
import { withProgress } from "./progress.ts";
import { containerFrom, defaultConfigFile } from "./target.ts";

const config = valued("config", "FILE", "f", "What its configuration begins with");
const template = valued(
  "template",
  "TEMPLATE",
  "t",
  "What fills it: busybox, none, a program by name or path, or an archive that tar can read",
);
const backing = valued("bdev", "KIND", "B", "How its root file system is kept: dir");
const dir = valued("dir", "DIR", "", "Where its root file system is made");

export const lxcCreate: Tool = {
  name: "lxc-create",
  usage: "--name=NAME --template=TEMPLATE [OPTION...] [-- template-options]",
  doc: "lxc-create makes the container NAME; what follows -- is for the template",
  options: [
    config,
    template,
    backing,
    dir,
    later(valued("lvname", "NAME", "", "Name of the LVM volume")),
    later(valued("vgname", "GROUP", "", "LVM volume group")),
    later(valued("thinpool", "POOL", "", "LVM thin pool")),
    later(valued("rbdname", "NAME", "", "Name of the Ceph volume")),
    later(valued("rbdpool", "POOL", "", "Ceph pool")),
    later(valued("rbduser", "USER", "", "Ceph user")),
    later(valued("zfsroot", "PATH", "", "ZFS file system that it is made in")),
    later(valued("fstype", "TYPE", "", "File system of a volume")),
    later(valued("fssize", "SIZE", "", "Size of a volume")),
    unusedRcFile,
  ],
  named: true,
  moreHelp,
  run,
};

/** What a shell says of a program that ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/** As in LXC, the help of the template follows ours, when -t stands before -h. */
function moreHelp(args: Arguments): void {
  if (args.has(template)) print(templateHelp(args.text(template, ""), environment()));
}

function run(args: Arguments): number {
  const what = args.text(template, "");
  if (what === "") {
    const hint = 'Use "none" if you really want a container without a rootfs; otherwise say -t busybox';
    const error = new LxcError("config-invalid", `create ${args.name}`, "no template was given", { hint });
    throw new Refusal("A template must be specified", error);
  }
  const place = args.text(dir, "");
  if (place !== "" && !place.startsWith("/")) {
    const message = "--dir should use absolute path";
    throw new Refusal(message, new LxcError("config-invalid", `create ${args.name}`, message));
  }
  const container = containerFrom(args);
  const json = isJson(args);
  const options: CreateOptions = {
    container,
    template: isArchiveWord(what) ? absolute(what) : what,
    templateArgs: args.operands,
    configFile: args.has(config) ? absolute(args.text(config, "")) : "",
    defaultConfigFile: defaultConfigFile(),
    lines: [],
    backing: args.text(backing, ""),
    dir: place,
    // What a template prints would stand in the middle of the JSON.
    quiet: args.has(quiet) || json,
    runDir: runFolder(),
    environment: environment(),
  };
  withProgress(args, () => create(options));
  const loaded = loadConfig(configFileOf(container), ownEnvironment());
  for (const finding of warningsIn(loaded.config, loaded.sources)) warn(args, findingText(finding));
  if (json) print(`${new JsonObject().text("name", container.name).text("result", "created").encode()}\n`);
  return 0;
}

function create(options: CreateOptions): void {
  try {
    createContainer(options);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    if (error.errno === EINTR) throw new Refusal("", error, EXIT_INTERRUPTED);
    throw error;
  }
}
