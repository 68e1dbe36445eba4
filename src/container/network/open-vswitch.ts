// Bridges of Open vSwitch, by its own program. Runs in the monitor.

import { LxcError } from "../../base/errors.ts";
import { ENOENT } from "../../kernel/abi/errno.ts";
import { exitNow } from "../../kernel/process.ts";
import { tryExecSearching } from "../../kernel/program-search.ts";
import { runWithOutput } from "../../kernel/run-program.ts";
import type { PortVlans } from "./planned.ts";

const PROGRAM = "ovs-vsctl";
/** It waits for its daemon for ever otherwise. */
const TIMEOUT = "--timeout=30";
/** What our child ends with where there is no such program; ovs-vsctl ends with 0, 1 or 2. */
const NOT_THERE = 127;
/** `br-exists` where there is no such bridge (ovs-vsctl(8)). */
const NO_SUCH_BRIDGE = 2;

/** Whether a device is a bridge of Open vSwitch. */
export interface SwitchAnswer {
  readonly name: string;
  /** "missing" without ovs-vsctl. */
  readonly answer: "yes" | "no" | "missing";
}

/** Throws when Open vSwitch is there and does not answer. */
export function isSwitch(name: string, environment: readonly string[]): "yes" | "no" | "missing" {
  const words = [PROGRAM, TIMEOUT, "br-exists", name];
  const ran = runProgram(words, environment);
  if (ran.code === 0) return "yes";
  if (ran.code === NOT_THERE) return "missing";
  if (ran.code === NO_SUCH_BRIDGE) return "no";
  throw failed(`ask Open vSwitch for the bridge ${name}`, words, ran);
}

/** Joins the device `port` to `bridge`, in its VLANs: one transaction, so that it is never there without them. */
export function addSwitchPort(bridge: string, port: string, vlans: PortVlans, environment: readonly string[]): void {
  const words = [PROGRAM, TIMEOUT, "add-port", bridge, port, ...vlanWords(vlans)];
  const ran = runProgram(words, environment);
  if (ran.code !== 0) throw failed(`join ${port} to the bridge ${bridge} of Open vSwitch`, words, ran);
}

/** Open vSwitch keeps a port whose device has gone, until it is told. */
export function removeSwitchPort(bridge: string, port: string, environment: readonly string[]): void {
  const words = [PROGRAM, TIMEOUT, "--if-exists", "del-port", bridge, port];
  const ran = runProgram(words, environment);
  if (ran.code !== 0) throw failed(`take ${port} from the bridge ${bridge} of Open vSwitch`, words, ran);
}

/** The columns of its table Port. As in LXC: only the own VLAN, only tagged ones, or both. */
export function vlanWords(vlans: PortVlans): string[] {
  const words: string[] = [];
  const tagged = vlans.tagged.length > 0;
  if (vlans.own >= 0) words.push(`vlan_mode=${tagged ? "native-untagged" : "access"}`, `tag=${vlans.own}`);
  else if (tagged) words.push("vlan_mode=trunk");
  if (tagged) words.push(`trunks=${vlans.tagged.join(",")}`);
  return words;
}

interface Ran {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly said: string;
}

function runProgram(words: readonly string[], environment: readonly string[]): Ran {
  const ran = runWithOutput(() => {
    const result = tryExecSearching(words, environment);
    exitNow(result === -ENOENT ? NOT_THERE : NOT_THERE - 1);
  });
  return { code: ran.end.signal === 0 ? ran.end.code : -1, said: ran.said };
}

function failed(doing: string, words: readonly string[], ran: Ran): LxcError {
  const hint = "see `ovs-vsctl show`, and whether its service runs: systemctl status openvswitch-switch";
  if (ran.code === NOT_THERE) return new LxcError("not-found", doing, `${PROGRAM} is not in PATH`, { hint });
  const how = ran.code < 0 ? "was ended by a signal" : `ended with ${ran.code}`;
  const reason = `\`${words.join(" ")}\` ${how}${ran.said === "" ? "" : ` and said: ${ran.said}`}`;
  return new LxcError("syscall-failed", doing, reason, { hint });
}
