// What a service manager is asked for, as D-Bus messages: org.freedesktop.systemd1(5). Pure.

import { type DbusCall, type DbusMessage, DbusReader, DbusWriter, hexByte } from "../../kernel/dbus.ts";

const MANAGER = "org.freedesktop.systemd1";
const PATH = "/org/freedesktop/systemd1";
const INTERFACE = "org.freedesktop.systemd1.Manager";

export const UNIT_EXISTS = "org.freedesktop.systemd1.UnitExists";

/** How a job of the manager ended. */
export interface JobEnd {
  readonly job: string;
  /** `done` for success. */
  readonly result: string;
}

/** As LXC names it; what a unit name may not have in it is written as systemd-escape(1) does. */
export function scopeName(container: string, attempt: number): string {
  let name = "";
  for (const byte of new TextEncoder().encode(container)) {
    const letter = String.fromCharCode(byte);
    const isPlain = byte < 128 && (isAlphanumeric(byte) || letter === "_" || letter === "." || letter === "-");
    name += isPlain ? letter : `\\x${hexByte(byte)}`;
  }
  return `lxc-${name}-${attempt}.scope`;
}

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** A scope for the process `pid`, whose cgroup it may divide, and which is forgotten when it is empty. */
export function startScopeCall(name: string, pid: number, description: string): DbusCall {
  const body = new DbusWriter();
  body.text(name).text("fail");
  body.array(8, (properties) => {
    property(properties, "Description", "s").text(description);
    property(properties, "PIDs", "au").array(4, (pids) => pids.number(pid));
    property(properties, "Delegate", "b").flag(true);
    property(properties, "CollectMode", "s").text("inactive-or-failed");
  });
  // No other units come with it.
  body.array(8, () => undefined);
  return toManager("StartTransientUnit", "ssa(sv)a(sa(sv))", body);
}

/** Puts the process `pid` into the cgroup `subgroup`, with a slash in front, of a scope that we own. */
export function attachCall(scope: string, subgroup: string, pid: number): DbusCall {
  const body = new DbusWriter().text(scope).text(subgroup);
  body.array(4, (pids) => pids.number(pid));
  return toManager("AttachProcessesToUnit", "ssau", body);
}

/** What a bus must be told before it passes the ends of jobs on to us. */
export const JOB_ENDS = `type='signal',sender='${MANAGER}',interface='${INTERFACE}',member='JobRemoved'`;

/** The job that the answer to `startScopeCall` names. */
export function jobOf(answer: DbusMessage): string {
  return answer.signature === "o" ? new DbusReader(answer.body).text() : "";
}

/** What a signal says of the end of a job; undefined for any other signal. */
export function jobEndIn(signal: DbusMessage): JobEnd | undefined {
  if (signal.member !== "JobRemoved" || signal.interface !== INTERFACE || signal.signature !== "uoss") return undefined;
  const reader = new DbusReader(signal.body);
  reader.number();
  const job = reader.text();
  reader.text();
  return { job, result: reader.text() };
}

function property(writer: DbusWriter, name: string, type: string): DbusWriter {
  writer.align(8);
  return writer.text(name).signature(type);
}

function toManager(member: string, signature: string, body: DbusWriter): DbusCall {
  return { destination: MANAGER, path: PATH, interface: INTERFACE, member, signature, body: body.bytes() };
}
