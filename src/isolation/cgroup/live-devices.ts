// The device rules that are in force for a container in the unified hierarchy, and the program that keeps them. Runs in the monitor.

import { BPF_CGROUP_DEVICE, BPF_PROG_TYPE_CGROUP_DEVICE } from "../../kernel/abi/bpf.ts";
import { attachToCgroup, detachFromCgroup, loadProgram } from "../../kernel/bpf.ts";
import { closeFd } from "../../kernel/files.ts";
import { type DeviceRule, deviceProgram, withRules } from "./devices.ts";

export class LiveDevices {
  #rules: readonly DeviceRule[] = [];
  /** Kept open, for only by it the program can be replaced. */
  #program = -1;

  /**
   * Puts `rules` in force in the open `cgroup` in place of those before, in one step: there is no moment without rules,
   * nor one with both. Throws when the kernel refuses; then those before stay.
   */
  set(cgroup: number, rules: readonly DeviceRule[]): void {
    const instructions = deviceProgram(rules);
    if (instructions === undefined) this.#takeAway(cgroup);
    else this.#replace(cgroup, instructions);
    this.#rules = rules;
  }

  /** The same for rules that come behind those before; where there were none, all was allowed. */
  add(cgroup: number, rules: readonly DeviceRule[]): void {
    this.set(cgroup, withRules(this.#rules, rules));
  }

  #replace(cgroup: number, instructions: Uint8Array): void {
    const program = loadProgram(BPF_PROG_TYPE_CGROUP_DEVICE, instructions, "device program");
    try {
      attachToCgroup(cgroup, program, BPF_CGROUP_DEVICE, this.#program);
    } catch (caught) {
      closeFd(program);
      throw caught;
    }
    this.forget();
    this.#program = program;
  }

  #takeAway(cgroup: number): void {
    if (this.#program < 0) return;
    detachFromCgroup(cgroup, this.#program, BPF_CGROUP_DEVICE);
    this.forget();
  }

  /** The cgroup goes, and takes the program along. */
  forget(): void {
    if (this.#program >= 0) closeFd(this.#program);
    this.#program = -1;
    this.#rules = [];
  }
}
