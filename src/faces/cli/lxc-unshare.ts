// lxc-unshare: runs a program in new namespaces.

import { LxcError } from "../../base/errors.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS } from "../../kernel/abi/sched.ts";
import { tryReadText } from "../../kernel/files.ts";
import { changeRequest, findLink } from "../../kernel/links.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { namespacesIn } from "../../lifecycle/attach-options.ts";
import { runUnshared } from "../../lifecycle/unshare.ts";
import { environment } from "./caller.ts";
import { type Arguments, badValue, flag, Refusal, type Tool, unusedRcFile, valued } from "./command.ts";
import { understood } from "./target.ts";

const namespaces = valued("namespaces", "LIST", "s", "Such as MOUNT|PID|UTSNAME|IPC|USER|NETWORK");
const user = valued("user", "USER", "u", "User to become, by name or number");
const hostName = valued("hostname", "NAME", "H", "Host name inside (with UTSNAME)");
const device = valued("ifname", "NAME", "i", "Network device to move inside (with NETWORK)");
const daemon = flag("daemon", "d", "Do not wait for the program");
const remount = flag("remount", "M", "Mount /proc, /dev/shm and /dev/mqueue anew (with MOUNT)");

export const lxcUnshare: Tool = {
  name: "lxc-unshare",
  usage: "-s NAMESPACES COMMAND",
  doc: "lxc-unshare runs COMMAND in new namespaces",
  options: [namespaces, user, hostName, device, daemon, remount, unusedRcFile],
  named: false,
  run,
};

function run(args: Arguments): number {
  const flags = understood(() => namespacesIn(args.text(namespaces, "")));
  const uid = args.has(user) ? userNumber(args.text(user, "")) : -1;
  checkCombination(args, flags);
  const end = runUnshared({
    namespaces: flags,
    uid,
    hostName: args.text(hostName, ""),
    remount: args.has(remount),
    moveDevices: (pid) => moveDevices(args.all(device), pid),
    detached: args.has(daemon),
    command: args.operands,
    env: environment(),
  });
  return end === undefined || (end.code === 0 && end.signal === 0) ? 0 : 1;
}

/** LXC's own checks, in its order. */
function checkCombination(args: Arguments, flags: number): void {
  if (args.operands.length === 0) throw misuse("A command to execute in the new namespace is required");
  if (flags === 0) throw misuse("A namespace to execute command is required");
  if ((flags & CLONE_NEWNET) === 0 && args.has(device)) throw misuse("-i <interfacename> needs -s NETWORK option");
  if ((flags & CLONE_NEWUTS) === 0 && args.has(hostName)) throw misuse("-H <hostname> needs -s UTSNAME option");
  if ((flags & CLONE_NEWNS) === 0 && args.has(remount)) throw misuse("-M needs -s MOUNT option");
}

function misuse(message: string): Refusal {
  const hint = "as in: lxc-unshare -s 'MOUNT|PID' -M -- ps";
  return new Refusal(message, new LxcError("config-invalid", "run lxc-unshare", message, { hint }));
}

function moveDevices(names: readonly string[], pid: number): void {
  if (names.length === 0) return;
  const socket = new NetlinkSocket();
  for (const name of names) {
    const link = findLink(socket, name);
    if (link === undefined) {
      const hint = "see which there are: ip link";
      throw new LxcError("not-found", `move the network device ${name}`, "there is no such device", { hint });
    }
    socket.run([changeRequest(link.index, name, { toPid: pid })]);
  }
  socket.close();
}

/** A number as it is, a name by /etc/passwd. */
function userNumber(text: string): number {
  const number = wholeNumberIn(text);
  if (number !== undefined && number >= 0) return number;
  for (const line of (tryReadText("/etc/passwd") ?? "").split("\n")) {
    const fields = line.split(":");
    if (fields[0] === text) return wholeNumberIn(fields[2] ?? "") ?? -1;
  }
  throw badValue(user, text, "there is no such user in /etc/passwd");
}
