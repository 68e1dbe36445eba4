import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { EBADF, EINVAL, ENOENT, ENOSYS } from "../kernel/abi/errno.ts";
import { cString } from "../kernel/memory.ts";
import {
  type CgroupContext,
  type CgroupHandle,
  type CommandName,
  commandNamed,
  encodeCgroupHandle,
  encodeController,
} from "./command-protocol.ts";
import { replyTo, Served, type TakenTty } from "./command-served.ts";
import type { State } from "./states.ts";

const NOTHING = new Uint8Array(0);

/** A container that has little. */
class Poor extends Served {
  noted: State = "RUNNING";
  override name(): string {
    return "c1";
  }
  override lxcpath(): string {
    return "/var/lib/lxc";
  }
  override state(): State {
    return this.noted;
  }
  override noteState(state: State): void {
    this.noted = state;
  }
  override initPid(): number {
    return 42;
  }
  override initPidfd(): number {
    return -1;
  }
  override cloneFlags(): number {
    return 0x80000000;
  }
  override cgroupPath(controller: string, limits: boolean): string | undefined {
    return controller === "" ? undefined : `/${limits ? "limits" : "payload"}/${controller}`;
  }
  override cgroupHandle(controller: string, _limits: boolean): CgroupHandle | undefined {
    return controller === "memory" ? { layout: 1, utilities: 0, type: 0x27e0eb, fd: 9 } : undefined;
  }
  override cgroup2Fd(_limits: boolean): number {
    return -EINVAL;
  }
  override cgroupContext(): CgroupContext {
    return { layout: 0, utilities: 0, descriptors: [] };
  }
  override configItem(key: string): string | undefined {
    return key === "lxc.uts.name" ? "box" : undefined;
  }
  override freeze(timeoutS: number): number {
    return timeoutS < 0 ? 0 : -ENOENT;
  }
  override thaw(_timeoutS: number): number {
    return 0;
  }
  override stop(): number {
    return 0;
  }
  override takeTty(_number: number): TakenTty | undefined {
    return undefined;
  }
  override freeTty(_number: number): void {}
  override devptsFd(): number {
    return -1;
  }
}

/** The result and the value, and how long the body is. */
function reply(name: CommandName, value: number, body: Uint8Array): number[] {
  const got = replyTo(new Poor(), commandNamed(name), value, body);
  return [got.result, got.value, got.body.length];
}

test("numbers and texts are answered", () => {
  deepEqual(
    [
      reply("get_state", 0, NOTHING),
      reply("get_init_pid", 0, NOTHING),
      reply("get_clone_flags", 0, NOTHING),
      reply("get_name", 0, NOTHING),
      reply("get_config_item", 0, cString("lxc.uts.name")),
      reply("get_limit_cgroup", 0, cString("cpu")),
    ],
    [
      [0, 2, 0],
      [0, 42, 0],
      [0, -0x80000000, 0],
      [0, 0, 3],
      [0, 0, 4],
      [0, 0, 12],
    ],
  );
});

test("what is not there is refused, each with its reason", () => {
  deepEqual(
    [
      reply("get_config_item", 0, cString("lxc.none")),
      reply("get_config_item", 0, NOTHING),
      reply("get_cgroup", 0, NOTHING),
      reply("get_init_pidfd", 0, NOTHING),
      reply("get_cgroup2_fd", 0, NOTHING),
      reply("get_cgroup_ctx", 0, new Uint8Array(96)),
      reply("freeze", 5, NOTHING),
      reply("serve_state_clients", 8, NOTHING),
      reply("console_log", 0, new Uint8Array(24)),
      reply("terminal_winch", 0, NOTHING),
    ].map((got) => got[0]),
    [-ENOENT, -EINVAL, -ENOENT, -EBADF, -EINVAL, -ENOENT, -ENOENT, -EINVAL, -ENOSYS, -ENOSYS],
  );
});

test("a cgroup folder goes with its struct, unless another version of cgroups is wanted", () => {
  const handle: CgroupHandle = { layout: 1, utilities: 0, type: 0x27e0eb, fd: 9 };
  deepEqual(replyTo(new Poor(), commandNamed("get_cgroup_fd"), 0, encodeController("memory")), {
    result: 0,
    value: 0,
    body: encodeCgroupHandle(handle, "memory"),
    descriptors: [9],
    closesThem: true,
  });
  const unified = encodeCgroupHandle({ layout: 0, utilities: 0, type: 0x63677270, fd: -1 }, "memory");
  deepEqual(reply("get_limit_cgroup_fd", 0, unified), [-EINVAL, 0, 0]);
  deepEqual(reply("get_limit_cgroup_fd", 0, encodeController("cpu")), [-ENOENT, 0, 0]);
});

test("a state that a client serves is noted", () => {
  const poor = new Poor();
  replyTo(poor, commandNamed("serve_state_clients"), 6, NOTHING);
  deepEqual(poor.state(), "FROZEN");
});
