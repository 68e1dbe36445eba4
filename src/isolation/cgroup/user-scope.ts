// A cgroup of their own for users who have none: a transient scope, which their service manager makes for them.
//
// Runs in the caller, before it looks where its cgroups go. The manager is asked by D-Bus itself, not by a program such
// as busctl, since only the signal about the end of the job tells whether there is a scope, and when.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_WRONLY } from "../../kernel/abi/fs.ts";
import { type DbusAnswer, DbusConnection, failed, tryConnectPath } from "../../kernel/dbus-connection.ts";
import { closeFd, tryOpenAt } from "../../kernel/files.ts";
import { currentPid } from "../../kernel/process.ts";
import { readLayout, unifiedOf } from "./layout.ts";
import { processesIn } from "./room.ts";
import { attachCall, JOB_ENDS, jobEndIn, jobOf, scopeName, startScopeCall, UNIT_EXISTS } from "./systemd-unit.ts";

const TIMEOUT_MS = 10000;
const LAST_SUFFIX = 999;

/** A user, as their service manager knows them. */
export interface ScopeUser {
  readonly uid: number;
  /** $XDG_RUNTIME_DIR, "" for the usual one. */
  readonly runtimeDirectory: string;
}

export interface UserScope {
  /** The scope that we are in now; "" when there is none of ours, or none is needed. */
  readonly name: string;
  /** Why there is none although one is needed, "" otherwise. */
  readonly why: string;
}

/**
 * Puts this process into a scope of its own if it cannot have cgroups below the one it is in. Only on hosts with version
 * 2 alone (as in LXC): elsewhere a scope has no controllers. Never throws: a container can do without.
 */
export function enterUserScope(container: string, user: ScopeUser): UserScope {
  if (!needsScope()) return { name: "", why: "" };
  try {
    return { name: startScope(container, user), why: "" };
  } catch (caught) {
    const error = asLxcError(caught as Error);
    return { name: "", why: `no cgroup of our own by way of systemd: ${error.message}` };
  }
}

/** Whether the cgroup that we are in is no place for others: it is not ours, or it holds other processes than us. */
function needsScope(): boolean {
  const layout = readLayout(true);
  const unified = unifiedOf(layout);
  if (layout.kind !== "unified" || unified === undefined) return false;
  const folder = tryOpenAt(AT_FDCWD, joinPath(unified.mountPoint, unified.base), O_PATH | O_DIRECTORY);
  if (folder < 0) return true;
  const file = tryOpenAt(folder, "cgroup.procs", O_WRONLY);
  const isOurs = file >= 0 && processesIn(folder).every((pid): boolean => pid === currentPid());
  if (file >= 0) closeFd(file);
  closeFd(folder);
  return !isOurs;
}

/** Returns the name of the scope that we then are in. Throws when there is no such manager, or it refuses. */
export function startScope(container: string, user: ScopeUser): string {
  const connection = connect(user);
  try {
    for (let attempt = 0; attempt <= LAST_SUFFIX; attempt++) {
      const name = scopeName(container, attempt);
      const answer = connection.call(startScopeCall(name, currentPid(), `Container ${container}`));
      if (answer.error === UNIT_EXISTS) continue;
      if (answer.error !== "") throw failed(`start ${name}`, answer);
      waitForJob(connection, jobOf(answer.message), name);
      return name;
    }
    throw new LxcError("wrong-state", `start a scope for ${container}`, "all its names are taken", {
      hint: "see systemctl --user list-units 'lxc-*.scope'",
    });
  } finally {
    connection.close();
  }
}

function waitForJob(connection: DbusConnection, job: string, scope: string): void {
  for (;;) {
    const end = jobEndIn(connection.nextSignal());
    if (end === undefined || end.job !== job) continue;
    if (end.result === "done") return;
    throw new LxcError("not-permitted", `start ${scope}`, `systemd says ${end.result}`, {
      hint: `see journalctl --user -u ${scope}`,
    });
  }
}

/** Moves the process `pid` into `subgroup` of our own scope `scope`, where we may not do it ourselves. Throws when refused. */
export function attachToScope(scope: string, subgroup: string, pid: number, user: ScopeUser): void {
  const connection = connect(user);
  try {
    const answer: DbusAnswer = connection.call(attachCall(scope, subgroup, pid));
    if (answer.error !== "") throw failed(`enter ${scope}`, answer);
  } finally {
    connection.close();
  }
}

/** To the user's bus, or else to the manager itself, which listens also where there is no bus, or none that works. */
function connect(user: ScopeUser): DbusConnection {
  const directory = user.runtimeDirectory === "" ? `/run/user/${user.uid}` : user.runtimeDirectory;
  const bus = tryConnectPath(joinPath(directory, "bus"));
  let failure: LxcError | undefined;
  try {
    if (bus >= 0) return loggedIn(bus, JOB_ENDS);
  } catch (caught) {
    failure = asLxcError(caught as Error);
  }
  const manager = tryConnectPath(joinPath(directory, "systemd/private"));
  if (manager >= 0) return loggedIn(manager, "");
  if (failure !== undefined) throw failure;
  throw new LxcError("not-found", "reach the user's systemd", `nobody listens on ${joinPath(directory, "bus")}`, {
    hint: "log in by a real session, or once: loginctl enable-linger; and set XDG_RUNTIME_DIR",
  });
}

/** With `signals`, those that are wanted, it is a bus. */
function loggedIn(fd: number, signals: string): DbusConnection {
  const connection = new DbusConnection(fd, TIMEOUT_MS);
  try {
    connection.authenticate();
    if (signals !== "") connection.joinBus(signals);
  } catch (caught) {
    connection.close();
    throw caught;
  }
  return connection;
}
