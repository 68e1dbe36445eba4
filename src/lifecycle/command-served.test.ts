import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { EBADF, EFAULT, EINVAL, ENODATA, ENOENT, ENOSYS } from "../kernel/abi/errno.ts";
import { cString } from "../kernel/memory.ts";
import {
  type CgroupContext,
  type CgroupHandle,
  type CommandName,
  commandNamed,
  encodeCgroupHandle,
  encodeConsoleLog,
  encodeController,
} from "./command-protocol.ts";
import { replyTo, Served, type TakenTty } from "./command-served.ts";
import { encodeDeviceRules } from "./device-rules.ts";
import { RingBuffer } from "./ring-buffer.ts";
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
  override addDevices(rules: readonly DeviceRule[]): number {
    return rules.length === 1 ? 0 : -EINVAL;
  }
  override seccompNotifyFd(): number {
    return -1;
  }
  override addSeccompListener(_listener: number): number {
    return -EINVAL;
  }
  override systemdScope(): string | undefined {
    return undefined;
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
  override consoleBuffer(): RingBuffer | undefined {
    return undefined;
  }
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
      reply("console_log", 0, encodeConsoleLog({ read: true, clear: false, mostBytes: 0 })),
      reply("console_log", 0, new Uint8Array(23)),
      reply("terminal_winch", 0, NOTHING),
    ].map((got) => got[0]),
    [-ENOENT, -EINVAL, -ENOENT, -EBADF, -EINVAL, -ENOENT, -ENOENT, -EINVAL, -EFAULT, -EINVAL, -ENOSYS],
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

/** One whose console has said something. */
class Talkative extends Poor {
  readonly buffer = new RingBuffer(16);

  override consoleBuffer(): RingBuffer | undefined {
    return this.buffer;
  }
}

test("what is read of the console's buffer goes from it, and it can be emptied or skipped", () => {
  const served = new Talkative();
  /** The result, what was read, and how much is left. */
  const ask = (read: boolean, clear: boolean, mostBytes: number): [number, string, number] => {
    const body = encodeConsoleLog({ read, clear, mostBytes });
    const got = replyTo(served, commandNamed("console_log"), 0, body);
    return [got.result, new TextDecoder().decode(got.body), served.buffer.used()];
  };
  served.buffer.write(new TextEncoder().encode("0123456789"));
  deepEqual(
    [
      ask(true, false, 3),
      ask(false, false, 0),
      ask(false, false, 2),
      ask(true, true, 1),
      ask(true, false, 0),
      ask(true, true, 0),
      ask(false, true, 0),
    ],
    [
      [0, "012", 7],
      [0, "", 7],
      [0, "", 5],
      [0, "5", 0],
      [-ENODATA, "", 0],
      [-ENODATA, "", 0],
      [0, "", 0],
    ],
  );
  served.buffer.write(new TextEncoder().encode("again"));
  deepEqual(ask(true, false, 2 ** 52), [0, "again", 0]);
});

test("a state that a client serves is noted", () => {
  const poor = new Poor();
  replyTo(poor, commandNamed("serve_state_clients"), 6, NOTHING);
  deepEqual(poor.state(), "FROZEN");
});

test("device rules are added all at once, and only whole ones; the scope is told when there is one", () => {
  const command = commandNamed("add_bpf_device_cgroup");
  const rule: DeviceRule = { allow: true, type: "c", major: 1, minor: 3, access: 7 };
  const ask = (body: Uint8Array) => replyTo(new Poor(), command, 0, body).result;
  deepEqual(
    [ask(encodeDeviceRules([rule])), ask(encodeDeviceRules([rule, rule])), ask(new Uint8Array(40)), ask(NOTHING)],
    [0, -EINVAL, -EINVAL, -EINVAL],
  );
  deepEqual(replyTo(new Poor(), commandNamed("get_systemd_scope"), 0, NOTHING).result, -ENOENT);
});
