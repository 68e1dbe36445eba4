import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { type DeviceRule, deviceProgram, deviceRule, ruleText, withRules } from "./devices.ts";

function allow(value: string): DeviceRule {
  return deviceRule("devices.allow", true, value);
}

function deny(value: string): DeviceRule {
  return deviceRule("devices.deny", false, value);
}

/** Runs the instructions as the kernel would, for one request. */
function decide(program: Uint8Array, type: number, numbers: string, access: number): number {
  const [major, minor] = numbers.split(":").map(Number);
  const view = new DataView(program.buffer);
  const memory = [(access << 16) | type, major ?? 0, minor ?? 0];
  const registers = [0, 0, 0, 0, 0, 0];
  for (let at = 0; ; at += 8) {
    const code = view.getUint8(at);
    const dst = view.getUint8(at + 1) & 15;
    const src = view.getUint8(at + 1) >> 4;
    const off = view.getInt16(at + 2, true);
    const imm = view.getInt32(at + 4, true);
    const value = registers[dst] ?? 0;
    if (code === 0x61) registers[dst] = memory[off / 4] ?? 0;
    else if (code === 0x54) registers[dst] = value & imm;
    else if (code === 0x74) registers[dst] = value >>> imm;
    else if (code === 0xbc) registers[dst] = registers[src] ?? 0;
    else if (code === 0xb7) registers[dst] = imm;
    else if (code === 0x55) at += value !== imm ? off * 8 : 0;
    else if (code === 0x15) at += value === imm ? off * 8 : 0;
    else if (code === 0x95) return registers[0] ?? -1;
    else throw new Error(`unknown instruction ${code}`);
  }
}

const BLOCK = 1;
const CHAR = 2;
const MAKE = 1;
const READ = 2;
const WRITE = 4;

test("a rule is read as the kernel's own files take it", () => {
  const values = ["a", "c 1:3 rwm", "b *:* m", "a *:* rwm", "c 136:* rw"];
  deepEqual(
    values.map((value) => ruleText(allow(value))),
    values,
  );
});

test("what is no rule is refused with the key's name", () => {
  for (const value of ["", "x 1:3 r", "c 1 r", "c 1:3", "c 1:3 rx", "c -1:3 r", "c 1:3 r now"]) {
    throws(() => allow(value), { code: "config-invalid", doing: `apply devices.allow = ${value}` });
  }
});

test("a program is the bytes that the kernel takes", () => {
  const program = deviceProgram([deny("a"), allow("c 1:3 rwm")]);
  const hex = Buffer.from(program ?? []).toString("hex");
  deepEqual(hex.match(/.{16}/g), [
    "6112000000000000",
    "54020000ffff0000",
    "6113000000000000",
    "7403000010000000",
    "6114040000000000",
    "6115080000000000",
    "5502040002000000",
    "5504030001000000",
    "5505020003000000",
    "b700000001000000",
    "9500000000000000",
    "b700000000000000",
    "9500000000000000",
  ]);
});

test("only what a rule allows is allowed once all was denied", () => {
  const program =
    deviceProgram([deny("a"), allow("c 1:3 rwm"), allow("c *:* m"), allow("b 7:* r")]) ?? new Uint8Array();
  deepEqual(
    [
      decide(program, CHAR, "1:3", READ | WRITE | MAKE),
      decide(program, CHAR, "1:5", READ),
      decide(program, CHAR, "1:5", MAKE),
      decide(program, BLOCK, "7:4", READ),
      decide(program, BLOCK, "7:4", READ | WRITE),
      decide(program, BLOCK, "1:3", READ),
    ],
    [1, 0, 1, 1, 0, 0],
  );
});

test("the newer rule wins, for each kind of access alone", () => {
  const program = deviceProgram([allow("a"), deny("c 1:* w"), allow("c 1:3 w"), deny("b 8:0 rwm")]) ?? new Uint8Array();
  deepEqual(
    [
      decide(program, CHAR, "1:3", READ | WRITE),
      decide(program, CHAR, "1:5", READ | WRITE),
      decide(program, CHAR, "1:5", READ),
      decide(program, BLOCK, "8:0", READ),
      decide(program, BLOCK, "8:1", WRITE),
    ],
    [1, 0, 1, 0, 1],
  );
});

test("access that several rules allow together is allowed", () => {
  const program = deviceProgram([allow("c 1:3 r"), allow("c 1:* w")]) ?? new Uint8Array();
  deepEqual([decide(program, CHAR, "1:3", READ | WRITE), decide(program, CHAR, "1:3", MAKE)], [1, 0]);
});

test("a plain a forgets the rules before it, and allowing all needs no program", () => {
  equal(deviceProgram([deny("c 1:3 rwm"), allow("a"), allow("c 1:3 r")]), undefined);
  equal(deviceProgram([allow("a"), deny("a")])?.length, 8 * 8);
});

test("rules that are added come last, without those that they make void; no rules at all mean that all is allowed", () => {
  const shown = (rules: readonly DeviceRule[]) => rules.map((rule) => `${rule.allow} ${ruleText(rule)}`);
  deepEqual(shown(withRules([], [deny("c 1:3 w")])), ["true a", "false c 1:3 w"]);
  const rules = [deny("a"), allow("c 1:3 rwm"), allow("c 1:5 r")];
  deepEqual(shown(withRules(rules, [allow("c 1:7 r")])), ["false a", "true c 1:3 rwm", "true c 1:5 r", "true c 1:7 r"]);
  deepEqual(shown(withRules(rules, [deny("c 1:3 rwm"), allow("c 1:3 rwm")])), [
    "false a",
    "true c 1:5 r",
    "true c 1:3 rwm",
  ]);
  deepEqual(shown(withRules(rules, [allow("b 8:0 r"), deny("a"), allow("c 1:9 r")])), ["false a", "true c 1:9 r"]);
});
