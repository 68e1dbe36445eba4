import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { ConfigDocument } from "./document.ts";

test("comments, blank lines and lines of others are no settings; quotes around a whole value go away", () => {
  const document = new ConfigDocument(
    [
      "# lxc.a = 1",
      "\tlxc.tty.max\t=\t3\t",
      "martian = 1",
      "",
      'lxc.uts.name = "a b"',
      "lxc.x = 'abc",
      'lxc.y = "',
      "lxc.tty.max",
      "lxc.z=",
      "lxc.w = a # b\r",
    ].join("\n"),
  );
  deepEqual(document.entries(), [
    { line: 2, key: "lxc.tty.max", value: "3", keyColumn: 2, valueColumn: 16 },
    { line: 5, key: "lxc.uts.name", value: "a b", keyColumn: 1, valueColumn: 16 },
    { line: 6, key: "lxc.x", value: "'abc", keyColumn: 1, valueColumn: 9 },
    { line: 7, key: "lxc.y", value: '"', keyColumn: 1, valueColumn: 9 },
    { line: 8, key: "", value: "lxc.tty.max", keyColumn: 1, valueColumn: 1 },
    { line: 9, key: "lxc.z", value: "", keyColumn: 1, valueColumn: 7 },
    { line: 10, key: "lxc.w", value: "a # b", keyColumn: 1, valueColumn: 9 },
  ]);
  deepEqual(
    document.strayLines().map(({ line }) => line),
    [3],
  );
});

test("setting a key keeps comments, order and blank lines", () => {
  const document = new ConfigDocument(
    "# mine\nlxc.uts.name=c1\n\n# two hooks\nlxc.hook.start = /a\nlxc.hook.start = /b\n",
  );
  document.set("lxc.hook.start", ["/c"]);
  document.set("lxc.start.auto", ["1"]);
  equal(document.text(), "# mine\nlxc.uts.name=c1\n\n# two hooks\nlxc.hook.start = /c\nlxc.start.auto = 1\n");
  document.set("lxc.uts.name", []);
  equal(document.text(), "# mine\n\n# two hooks\nlxc.hook.start = /c\nlxc.start.auto = 1\n");
});

test("a line is added at the end, and lines of a key go away with those below it", () => {
  const document = new ConfigDocument("lxc.net.0.type = veth\n# x\nlxc.net.0.link=br0\nlxc.net.01 = y");
  document.append("lxc.cap.drop", "");
  document.remove("lxc.net.0", true);
  equal(document.text(), "# x\nlxc.net.01 = y\nlxc.cap.drop =\n");
});

test("what the lines say is what they say after each change", () => {
  const document = new ConfigDocument("lxc.net.0.hwaddr = 02:00:00:00:00:xx\n");
  const said = () => document.entries().map(({ line, key, value }) => `${line} ${key} ${value}`);
  deepEqual(said(), ["1 lxc.net.0.hwaddr 02:00:00:00:00:xx"]);
  document.fillHardwareAddresses(new Uint8Array([10, 11]));
  deepEqual(said(), ["1 lxc.net.0.hwaddr 02:00:00:00:00:ab"]);
  document.append("lxc.tty.max", "1");
  deepEqual(said(), ["1 lxc.net.0.hwaddr 02:00:00:00:00:ab", "2 lxc.tty.max 1"]);
  document.set("lxc.tty.max", ["2"]);
  deepEqual(said(), ["1 lxc.net.0.hwaddr 02:00:00:00:00:ab", "2 lxc.tty.max 2"]);
  document.remove("lxc.net", true);
  deepEqual(said(), ["1 lxc.tty.max 2"]);
});

test("a value that would be read back as another is quoted", () => {
  const document = new ConfigDocument("");
  const values = [" padded ", '"quoted"', "plain 'x'"];
  document.set("lxc.init.cmd", values);
  deepEqual(
    document.entries().map((entry) => entry.value),
    values,
  );
});

test("a value with a line break is refused (CVE-2026-23953)", () => {
  const document = new ConfigDocument("# mine\n");
  for (const value of ["a\nlxc.hook.pre-start = /evil", "a\rb", "a\0b"]) {
    throws(() => document.append("lxc.uts.name", value), {
      message: "cannot write lxc.uts.name: a value must not hold a line break or a NUL",
    });
    throws(() => document.set("lxc.uts.name", [value]));
  }
  equal(document.text(), "# mine\n");
});

test("hardware addresses are filled in where they stand, and stay unicast", () => {
  const document = new ConfigDocument(
    "lxc.net.0.hwaddr = 1x:66:6a:xx:XX:00 \n# lxc.net.0.hwaddr = xx\nlxc.net.1.hwaddr=10:00:00:00:00:0x\n",
  );
  equal(document.openDigits(), 6);
  document.fillHardwareAddresses(new Uint8Array([0xff, 1, 2, 3, 0xab, 0x1c]));
  equal(
    document.text(),
    "lxc.net.0.hwaddr = 1e:66:6a:12:3b:00 \n# lxc.net.0.hwaddr = xx\nlxc.net.1.hwaddr=10:00:00:00:00:0c\n",
  );
});
