// lxc-containers: what the host's init system calls to start and end containers with the system.

import { Deadline } from "../../base/deadline.ts";
import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { BootSettings, bridgesIn, wordsToStart, wordsToStop } from "../../container/boot-settings.ts";
import { AT_FDCWD, O_CREAT, O_NOFOLLOW, O_RDWR } from "../../kernel/abi/fs.ts";
import { closeFd, isDirectory, removeFile, tryCreateAt, tryReadText } from "../../kernel/files.ts";
import { tryLock } from "../../kernel/locks.ts";
import { pause } from "../../kernel/waiting.ts";
import { activeContainers } from "../../lifecycle/list.ts";
import { protect } from "./caller.ts";
import { type Arguments, format, lxcpath, parseCommand, quiet, Refusal, type Tool } from "./command.ts";
import { JsonObject, listed } from "./json.ts";
import { lxcAutostart, turnsOf } from "./lxc-autostart.ts";
import { isJson } from "./output.ts";
import { print, printLines, warn } from "./print.ts";
import { defaultConfigFile, lxcpathFrom } from "./target.ts";

const VERBS = "start|stop|restart|reload|force-reload|status";

export const lxcContainers: Tool = {
  name: "lxc-containers",
  usage: `{${VERBS}}`,
  doc: "lxc-containers starts and ends the containers that belong to the start of the system, as /etc/default/lxc says",
  options: [],
  named: false,
  run,
};

const EXIT_USAGE = 2;
/** As the LSB has it for a service that is not running. */
const EXIT_NOT_RUNNING = 3;
const BRIDGE_TIMEOUT_MS = 30_000;
const BRIDGE_PAUSE_MS = 100;

function run(args: Arguments): number {
  const verb = args.operands[0] ?? "";
  if (!VERBS.split("|").includes(verb)) throw misuse();
  if (verb !== "status") protect();
  const settings = new BootSettings((path) => tryReadText(`${path}`));
  for (const place of settings.passedOver) warn(args, `${place} is passed over: only a shell could understand it`);
  if (verb === "status") return tellStatus(args, settings);
  const stopped = verb === "start" ? 0 : autostart(args, wordsToStop(settings));
  if (verb === "stop") return stopped;
  start(args, settings);
  // As in LXC: with another exit code systemd would forget what did start, and not end it with the system.
  return 0;
}

function misuse(): Refusal {
  const error = new LxcError("config-invalid", "start or stop containers", "it was not said which", {
    hint: `say one of ${VERBS.split("|").join(", ")}`,
  });
  return new Refusal(`Usage: lxc-containers {${VERBS}}`, error, EXIT_USAGE);
}

function start(args: Arguments, settings: BootSettings): void {
  if (settings.text("LXC_AUTO") !== "true") return;
  const lock = lockFile();
  // As in LXC: one at a time. Where there is no such folder, nobody else is kept out either.
  const fd = tryCreateAt(AT_FDCWD, lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  if (fd >= 0 && !tryLock(fd)) {
    closeFd(fd);
    return;
  }
  try {
    if (settings.text("USE_LXC_BRIDGE") === "true") waitForBridges();
    autostart(args, wordsToStart(settings));
  } finally {
    if (fd >= 0) {
      removeFile(lock);
      closeFd(fd);
    }
  }
}

function lockFile(): string {
  return joinPath(isDirectory("/var/lock/subsys") ? "/var/lock/subsys" : "/var/lock", "lxc");
}

/** Another program may make the bridge of the default configuration, and need a moment for it. */
function waitForBridges(): void {
  const deadline = new Deadline(BRIDGE_TIMEOUT_MS);
  for (const bridge of bridgesIn(tryReadText(defaultConfigFile()) ?? "")) {
    while (!isUp(bridge) && !deadline.hasPassed()) pause(BRIDGE_PAUSE_MS);
  }
}

function isUp(link: string): boolean {
  if (link === "" || link.includes("/")) return true;
  const flags = parseInt(tryReadText(`/sys/class/net/${link}/flags`) ?? "0", 16);
  return flags % 2 === 1;
}

/** lxc-autostart with these words, on the container path that we were given. Returns its exit code. */
function autostart(args: Arguments, words: readonly string[]): number {
  const given = autostartArguments(args, words);
  return lxcAutostart.run(given);
}

function autostartArguments(args: Arguments, words: readonly string[]): Arguments {
  const given = parseCommand(lxcAutostart, words).args;
  given.log = args.log;
  if (args.has(lxcpath)) given.add(lxcpath, lxcpathFrom(args));
  if (args.has(quiet)) given.add(quiet, "");
  if (args.has(format)) given.add(format, args.text(format, ""));
  return given;
}

/** The containers that a start starts, and whether they run. */
function tellStatus(args: Arguments, settings: BootSettings): number {
  const path = lxcpathFrom(args);
  const running = activeContainers(path).names;
  const objects: JsonObject[] = [];
  const lines: string[] = [];
  let areAllRunning = true;
  for (const turn of turnsOf(autostartArguments(args, wordsToStart(settings)), path)) {
    for (const { name } of turn) {
      const isRunning = running.includes(name);
      if (!isRunning) areAllRunning = false;
      const state = isRunning ? "running" : "stopped";
      lines.push(`${name} is ${state}`);
      objects.push(new JsonObject().text("name", name).flag("running", isRunning));
    }
  }
  if (isJson(args)) print(`${listed(objects)}\n`);
  else printLines(lines);
  return areAllRunning ? 0 : EXIT_NOT_RUNNING;
}
