import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type DbusMessage, DbusReader, DbusWriter } from "../../kernel/dbus.ts";
import { attachCall, jobEndIn, scopeName, startScopeCall } from "./systemd-unit.ts";

test("a scope is named as LXC names it, and as a unit may be named", () => {
  deepEqual(
    [scopeName("web-1.a_b", 0), scopeName("my box", 12), scopeName("é/x", 0)],
    ["lxc-web-1.a_b-0.scope", "lxc-my\\x20box-12.scope", "lxc-\\xc3\\xa9\\x2fx-0.scope"],
  );
});

test("a scope is asked for with the process in it, and with the right to divide it", () => {
  const call = startScopeCall("s.scope", 42, "Container c1");
  deepEqual([call.member, call.signature], ["StartTransientUnit", "ssa(sv)a(sa(sv))"]);
  const reader = new DbusReader(call.body);
  deepEqual([reader.text(), reader.text()], ["s.scope", "fail"]);
  const length = reader.number();
  reader.align(8);
  const end = reader.at() + length;
  const seen: string[] = [];
  while (reader.at() < end) {
    reader.align(8);
    const name = reader.text();
    const type = reader.signature();
    const value = type === "s" ? reader.text() : type === "b" ? reader.number() : [reader.number(), reader.number()];
    seen.push(`${name} ${type} ${value}`);
  }
  deepEqual(seen, ["Description s Container c1", "PIDs au 4,42", "Delegate b 1", "CollectMode s inactive-or-failed"]);
  equal(reader.number(), 0);
});

test("a process is put below a scope", () => {
  const call = attachCall("s.scope", "/lxc.payload.c1", 42);
  const reader = new DbusReader(call.body);
  deepEqual(
    [call.signature, reader.text(), reader.text(), reader.number(), reader.number()],
    ["ssau", "s.scope", "/lxc.payload.c1", 4, 42],
  );
});

function signal(member: string, signature: string): DbusMessage {
  const body = new DbusWriter().number(1).text("/job/1").text("s.scope").text("done").bytes();
  return {
    type: 4,
    serial: 1,
    replySerial: 0,
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member,
    errorName: "",
    destination: "",
    sender: "",
    signature,
    body,
  };
}

test("the end of a job is told from other signals", () => {
  deepEqual(jobEndIn(signal("JobRemoved", "uoss")), { job: "/job/1", result: "done" });
  equal(jobEndIn(signal("JobNew", "uoss")), undefined);
  equal(jobEndIn(signal("JobRemoved", "uos")), undefined);
});
