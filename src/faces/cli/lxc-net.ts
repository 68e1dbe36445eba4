// lxc-net: the bridge of the containers, with addresses, names and a way out.

import { asLxcError, LxcError, nearestHint } from "../../base/errors.ts";
import { dnsmasqsOf } from "../../container/bridge/dnsmasq-process.ts";
import { type ReadSettings, readBridgeSettings } from "../../container/bridge/settings.ts";
import { type BridgeOutcome, restartBridge, startBridge, stopBridge } from "../../container/bridge/start.ts";
import { tryReadText } from "../../kernel/files.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { type Arguments, lxcpath, quiet, Refusal, refusedBecause, type Tool } from "./command.ts";
import { JsonObject } from "./json.ts";
import { tellStatus } from "./net-status.ts";
import { isJson } from "./output.ts";
import { print, printError, printLines, warn } from "./print.ts";

export const NET_VERBS = "start|stop|restart|reload|force-reload|status";

export const lxcNet: Tool = {
  name: "lxc-net",
  usage: `{${NET_VERBS} [NAME]}`,
  doc: "lxc-net sets up the bridge that containers are connected to, with addresses, names and a way out, as /etc/default/lxc-net says; status says how it is, and status NAME why a container is not reached",
  options: [lxcpath],
  named: false,
  isForHost: true,
  run,
};

const EXIT_USAGE = 2;

function run(args: Arguments): number {
  const verb = args.operands[0] ?? "";
  const most = verb === "status" ? 2 : 1;
  if (!NET_VERBS.split("|").includes(verb) || args.operands.length > most) throw misuse();
  const read = readSettings();
  for (const warning of read.warnings) warn(args, warning);
  if (verb === "status") return tellStatus(args, read);
  // As in LXC, whoever wants no bridge is content with that.
  if (!read.settings.isWanted) return 0;
  if (effectiveUser() !== 0) throw needsRoot(verb);
  switch (verb) {
    case "start":
      return start(args, read);
    case "stop":
      return stop(args, read);
    default:
      return told(
        args,
        setUp(() => restartBridge(read.settings)),
        "running",
      );
  }
}

function readSettings(): ReadSettings {
  const id = tryReadText("/etc/machine-id") ?? tryReadText("/var/lib/dbus/machine-id") ?? "";
  // A system without one has a name at least.
  const drawn = id.trim() !== "" ? id : (tryReadText("/proc/sys/kernel/hostname") ?? "");
  return readBridgeSettings((path) => tryReadText(`${path}`), drawn);
}

function misuse(): Refusal {
  const error = new LxcError("config-invalid", "act on the bridge", "it was not said what to do", {
    hint: `say one of ${NET_VERBS.split("|").join(", ")}`,
  });
  return new Refusal(`Usage: lxc-net {${NET_VERBS} [NAME]}`, error, EXIT_USAGE);
}

function needsRoot(verb: string): LxcError {
  return new LxcError("not-permitted", `${verb} lxc-net`, "it takes root to change this host's network", {
    hint: `sudo lxc-net ${verb}`,
  });
}

function setUp(act: () => BridgeOutcome): BridgeOutcome {
  try {
    return act();
  } catch (caught) {
    throw refusedBecause("Failed to setup lxc-net.", "set up lxc-net", asLxcError(caught as Error));
  }
}

function start(args: Arguments, read: ReadSettings): number {
  const { bridge } = read.settings;
  const outcome = setUp(() => startBridge(read.settings));
  if (outcome.isChanged) return told(args, outcome, "running");
  const isWhole = dnsmasqsOf(bridge).length > 0;
  const reason = isWhole ? "it is running" : "it is running, but its dnsmasq is not";
  const hint = isWhole ? "lxc-net status says how it is; lxc-net restart sets it up anew" : "lxc-net restart";
  return refusedAsLxc(
    args,
    "lxc-net is already running",
    new LxcError("wrong-state", "start lxc-net", reason, { hint }),
  );
}

function stop(args: Arguments, read: ReadSettings): number {
  const outcome = stopBridge(read.settings);
  if (outcome.isChanged) return told(args, outcome, "stopped");
  const error = new LxcError("wrong-state", "stop lxc-net", "it is not running", { hint: "lxc-net start" });
  return refusedAsLxc(args, "lxc-net isn't running", error);
}

/** As in LXC, the line alone, on standard output, and 1. */
function refusedAsLxc(args: Arguments, line: string, error: LxcError): number {
  if (isJson(args)) throw new Refusal(line, error);
  if (args.has(quiet)) return 1;
  printLines([line]);
  printError(`  hint: ${nearestHint(error)}\n`);
  return 1;
}

function told(args: Arguments, outcome: BridgeOutcome, state: string): number {
  if (isJson(args)) {
    print(`${new JsonObject().text("state", state).texts("notes", outcome.notes).encode()}\n`);
  } else if (!args.has(quiet)) printLines(outcome.notes);
  return 0;
}
