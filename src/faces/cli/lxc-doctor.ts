// lxc-doctor: what keeps containers from starting here, for one user, and how to put it right.

import { LxcError } from "../../base/errors.ts";
import { readSystemConfig } from "../../container/config/system-config.ts";
import { type Container, configFileOf, containerOf, isDefined } from "../../container/container.ts";
import { diagnose, isStopped } from "../../container/doctor.ts";
import { type DoctorCheck, isFixable } from "../../container/doctor-checks.ts";
import { applyStep, type FixResult, stepsFor } from "../../container/doctor-fix.ts";
import { checkInit } from "../../container/doctor-init.ts";
import { readContainer, type WantedContainer } from "../../container/doctor-read.ts";
import { checkRunning } from "../../container/doctor-running.ts";
import { isVisible } from "../../container/host-check.ts";
import { findKernelConfig } from "../../container/host-check-kernel.ts";
import { kernelRelease, lookAs, readHost } from "../../container/read-host.ts";
import { readInit } from "../../container/read-init.ts";
import { Environment, ownEnvironment } from "../../kernel/environment.ts";
import { tryReadText } from "../../kernel/files.ts";
import { type User, userIn } from "../../kernel/passwd.ts";
import { effectiveGroup, effectiveUser } from "../../kernel/process.ts";
import { absolute, environment } from "./caller.ts";
import { isColored } from "./color.ts";
import { type Arguments, badValue, columns, flag, lxcpath, rcFile, type Tool, valued } from "./command.ts";
import { checkColumns, doctorJson, doctorLines, resultLines, startLine } from "./doctor-print.ts";
import { readRunning } from "./doctor-read-running.ts";
import { columnsFrom, printListing } from "./listing.ts";
import { formatOf, isJson } from "./output.ts";
import { print, printLines } from "./print.ts";
import { lxcpathFrom, missing } from "./target.ts";

const user = valued("user", "NAME", "u", "Whose containers it is about; only root may ask for others");
const fix = flag("fix", "", "Put right what needs no judgement; only for root");

export const lxcDoctor: Tool = {
  name: "lxc-doctor",
  usage: "[NAME]",
  doc: "lxc-doctor says what keeps your containers, or the container NAME, from starting here, what limits them, and what to do about it",
  options: [user, fix],
  named: false,
  rows: true,
  run,
};

/** Whose containers. */
interface Patient {
  readonly user: User;
  readonly isOther: boolean;
}

/** A container, and how it is named on a command line. */
interface NamedContainer {
  readonly container: Container;
  readonly place: string;
  readonly wanted: WantedContainer;
}

function run(args: Arguments): number {
  const patient = patientFrom(args);
  // Before anything is put right that could not be told.
  columnsFrom(args, checkColumns([]), []);
  const wanted = containerFrom(args, patient);
  if (args.has(fix) && effectiveUser() !== 0) throw needsRoot(args, patient.user.name);
  let checks = look(patient, wanted);
  const results = args.has(fix) ? repair(checks, formatOf(args) !== "table") : [];
  if (results.length > 0) checks = look(patient, wanted);
  report(args, patient, checks, results);
  return isStopped(checks) ? 1 : 0;
}

function patientFrom(args: Arguments): Patient {
  const passwd = tryReadText("/etc/passwd") ?? "";
  const uid = effectiveUser();
  const self = userIn(passwd, uid) ?? unnamed(uid);
  if (!args.has(user)) return { user: self, isOther: false };
  const name = args.text(user, "");
  const found = userNamed(passwd, name);
  if (found === undefined) throw badValue(user, name, "there is no such user in /etc/passwd");
  if (found.uid === uid) return { user: self, isOther: false };
  if (uid === 0) return { user: found, isOther: true };
  throw new LxcError("not-permitted", `look as ${name}`, "only root can see what another user can", {
    hint: `sudo lxc-doctor --user=${name}`,
  });
}

function unnamed(uid: number): User {
  return { name: String(uid), uid, gid: effectiveGroup(), home: ownEnvironment().get("HOME") ?? "/", shell: "" };
}

function userNamed(passwd: string, name: string): User | undefined {
  for (const line of passwd.split("\n")) {
    if (line.startsWith(`${name}:`)) return userIn(line, Number(line.split(":")[2] ?? ""));
  }
  return undefined;
}

/** Undefined for the host alone. */
function containerFrom(args: Arguments, patient: Patient): NamedContainer | undefined {
  const name = nameFrom(args);
  if (name === "") return undefined;
  const container = containerOf(name, folderOf(args, patient));
  const gid = patient.isOther ? patient.user.gid : effectiveGroup();
  const place = patient.isOther || args.has(lxcpath) ? ` -P ${container.lxcpath}` : "";
  const file = args.has(rcFile) ? absolute(args.text(rcFile, "")) : configFileOf(container);
  const found: NamedContainer = { container, place, wanted: { name, configFile: file, gid } };
  if (args.has(rcFile)) return found;
  if (!isDefined(container)) throw missing(container, `look at ${name}`, `Container ${name} does not exist`);
  return found;
}

/** "" for the host alone. */
function nameFrom(args: Arguments): string {
  const names = args.name === "" ? args.operands : [args.name].concat(args.operands);
  if (names.length <= 1) return names[0] ?? "";
  throw new LxcError("config-invalid", `look at ${names.join(" and ")}`, "it takes one container at a time");
}

function folderOf(args: Arguments, patient: Patient): string {
  if (!patient.isOther || args.has(lxcpath)) return lxcpathFrom(args);
  return readSystemConfig(patient.user.uid, new Environment(`HOME=${patient.user.home}\0`)).lxcpath;
}

function needsRoot(args: Arguments, name: string): LxcError {
  const container = nameFrom(args);
  const more = container === "" ? "" : ` ${container}`;
  const path = args.has(lxcpath) ? ` -P ${lxcpathFrom(args)}` : "";
  return new LxcError("not-permitted", "put anything right", "it takes root to change this host", {
    hint: `sudo lxc-doctor --fix --user=${name}${more}${path}`,
  });
}

function look(patient: Patient, wanted: NamedContainer | undefined): DoctorCheck[] {
  const kernel = findKernelConfig("", kernelRelease(), environment());
  const host = readHost(kernel, ownEnvironment().get("PATH") ?? "");
  if (!isVisible(host)) {
    throw new LxcError("not-found", "look at this host", "neither /proc nor a kernel configuration can be read", {
      hint: "mount /proc: mount -t proc proc /proc",
    });
  }
  if (patient.isOther) lookAs(host, patient.user);
  if (wanted === undefined) return diagnose(host, undefined, []);
  const read = readContainer(host, wanted.wanted, ownEnvironment());
  const { config } = read.read;
  const init = readInit(config);
  const more = checkRunning(readRunning(wanted.container, config, wanted.place));
  return diagnose(host, read, init === undefined ? more : more.concat(checkInit(init)));
}

/** What fails ends its own list of steps, and no other. */
function repair(checks: readonly DoctorCheck[], isForProgram: boolean): FixResult[] {
  const results: FixResult[] = [];
  for (const steps of stepsFor(checks)) {
    for (const step of steps) {
      if (!isForProgram) printLines([startLine(step)]);
      const result = applyStep(step);
      results.push(result);
      if (!isForProgram) printLines(resultLines(result));
      if (!result.isDone) break;
    }
  }
  if (results.length > 0 && !isForProgram) printLines([""]);
  return results;
}

function report(
  args: Arguments,
  patient: Patient,
  checks: readonly DoctorCheck[],
  results: readonly FixResult[],
): void {
  const name = nameFrom(args);
  const whose = patient.user;
  if (formatOf(args) === "csv" || args.has(columns)) {
    const all = checkColumns(checks);
    printListing(args, columnsFrom(args, all, all), checks.length);
    return;
  }
  if (isJson(args)) {
    print(`${doctorJson(whose, name, checks, results).encode()}\n`);
    return;
  }
  const colored = isColored(1);
  const about = name === "" ? `containers of ${whose.name}` : `${name} of ${whose.name}`;
  printLines(doctorLines(about, checks, { colored, withSudo: effectiveUser() !== 0 }));
  const fixable = checks.filter(isFixable).length;
  if (fixable > 0 && !args.has(fix)) printLines([howToFix(args, whose.name, fixable)]);
}

function howToFix(args: Arguments, name: string, count: number): string {
  const what = count === 1 ? "one of these" : `${count} of these`;
  return `To put ${what} right: ${needsRoot(args, name).hint}`;
}
