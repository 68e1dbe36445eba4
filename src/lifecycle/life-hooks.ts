// The hooks of one life of a container, with what they are told of it. Runs in the monitor.

import { type HookType, hookCalls, hookCommands } from "../container/hook-calls.ts";
import { runHook } from "../container/hooks.ts";
import { currentPid } from "../kernel/process.ts";
import type { StartPlan } from "./plan.ts";
import { PreservedNamespaces } from "./preserved-namespaces.ts";

/** From before there is a first process until all is told of its end. */
export class LifeHooks {
  readonly #plan: StartPlan;
  readonly #preserved = new PreservedNamespaces();
  /** The first process, also when it has ended; 0 before there is one. */
  #pid = 0;
  #target = "";

  constructor(plan: StartPlan) {
    this.#plan = plan;
  }

  /** There is a first process. Its namespaces outlive it when hooks are to see them. */
  born(pid: number): void {
    this.#pid = pid;
    const { config } = this.#plan.options;
    if (config.hookStop.values.length + config.hookPostStop.values.length > 0)
      this.#preserved.open(pid, this.#plan.namespaces.own, currentPid());
  }

  /** It has ended, and `target` follows. */
  ended(target: "stop" | "reboot"): void {
    this.#target = target;
  }

  /** Runs the hooks of that kind, one after the other. Throws at the first that fails. */
  run(type: HookType): void {
    const { container, config } = this.#plan.options;
    if (hookCommands(config, type).length === 0) return;
    const isOver = type === "stop" || type === "post-stop";
    let environment = this.#plan.hookEnvironment;
    if (isOver) environment = environment.concat(this.#preserved.variables);
    if (this.#pid > 0) environment = environment.concat([`LXC_PID=${this.#pid}`]);
    if (this.#target !== "") environment = environment.concat([`LXC_TARGET=${this.#target}`]);
    const args = type === "stop" && config.hookVersion.value === 0 ? this.#preserved.words : [];
    for (const hook of hookCalls(config, { type, name: container.name, environment, args })) runHook(hook);
  }

  close(): void {
    this.#preserved.close();
  }
}
