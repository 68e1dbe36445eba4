// What lxc-doctor looks for beyond lxc-checkconfig: limits that many containers meet, and holes of the kernel. Pure.

import { wholeNumberIn } from "../base/text.ts";
import { type DoctorCheck, fine, found } from "./doctor-checks.ts";
import { linesStep, runStep, sysctlFix } from "./host-check-fixes.ts";
import { byHand, DELEGATED, type Fix, type HostFacts, MODULE_RULES, SYSTEMD, wordsOf } from "./host-facts.ts";

/** A systemd inside takes a few instances, and each container with maps counts for its user; 128 is the kernel's own. */
const FEW_INOTIFY = 512;
const MANY_INOTIFY = "1024";
/** Each container has a session keyring; 200 is the kernel's own. */
const FEW_KEYS = 1000;
const MANY_KEYS = "2000";
/** The year of the fixes: no kernel that was built before has them. */
const FIXED_IN = 2026;
export const DELEGATE_FILE = "/etc/systemd/system/user@.service.d/delegate.conf";

export function checkBeyond(host: HostFacts): DoctorCheck[] {
  const checks = checkDelegated(host);
  checks.push(
    checkNumber(host, "inotify-instances", "fs.inotify.max_user_instances", FEW_INOTIFY, MANY_INOTIFY),
    checkHoles(host),
  );
  // Root has a limit of its own, which is large.
  if (host.uid !== 0) checks.push(checkNumber(host, "keys", "kernel.keys.maxkeys", FEW_KEYS, MANY_KEYS));
  return checks;
}

/** Which limits can hold for an ordinary user who may have cgroups at all. */
function checkDelegated(host: HostFacts): DoctorCheck[] {
  if (host.uid === 0 || !host.has(DELEGATED) || (!host.hasOwnCgroup && !host.hasUserManager)) return [];
  const given = wordsOf(host.text(DELEGATED));
  const lacking = wantedControllers().filter((name): boolean => !given.includes(legacyOr(name, given)));
  const what = "Controllers of the user's cgroups";
  if (lacking.length === 0) return [fine("cgroup-controllers", what, given.join(" "))];
  const detail = `${lacking.join(", ")} ${lacking.length === 1 ? "is" : "are"} missing: such limits of a container do not hold`;
  return [found("cgroup-controllers", "limits", what, detail, delegateFix(host))];
}

function wantedControllers(): readonly string[] {
  return ["cpu", "memory", "pids", "io"];
}

function legacyOr(name: string, given: readonly string[]): string {
  return name === "io" && given.includes("blkio") ? "blkio" : name;
}

function delegateFix(host: HostFacts): Fix {
  if (!host.has(SYSTEMD) || !host.hasUserManager) {
    return byHand(
      `have root enable them in cgroup.subtree_control of the cgroups above, or give ${host.userName} theirs`,
    );
  }
  return {
    text: `write [Service] and Delegate=cpu cpuset io memory pids into ${DELEGATE_FILE}, then systemctl daemon-reload; it counts when ${host.userName} logs in again`,
    steps: [
      linesStep(DELEGATE_FILE, ["[Service]", "Delegate=cpu cpuset io memory pids"]),
      runStep(["systemctl", "daemon-reload"]),
    ],
  };
}

function checkNumber(host: HostFacts, id: string, name: string, few: number, many: string): DoctorCheck {
  const value = wholeNumberIn(host.text(`/proc/sys/${name.split(".").join("/")}`).trim());
  if (value === undefined) return found(id, "unknown", name, "", byHand(""));
  if (value >= few) return fine(id, name, String(value));
  return found(id, "advice", name, `${value} is few for many containers`, sysctlFix(name, many));
}

/** Modules that a container's root can have loaded, and that wrote into files they may only read (CVE-2026-43284, -43500). */
function checkHoles(host: HostFacts): DoctorCheck {
  const id = "dirty-frag";
  const what = "Modules esp4, esp6 and rxrpc";
  const open = ["esp4", "esp6", "rxrpc"].filter((name): boolean => canBeLoaded(host, name));
  const built = buildYearIn(host.text("/proc/sys/kernel/version"));
  if (open.length === 0) return fine(id, what, "none can be loaded");
  if (built > FIXED_IN) return fine(id, what, `this kernel was built in ${built}`);
  const names = open.join(", ");
  const lines = open.map((name) => `install ${name} /bin/false`);
  const fix = byHand(
    `update the kernel; or, where there is neither IPsec nor AFS, write into /etc/modprobe.d/90-lxc.conf: ${lines.join("; ")}`,
  );
  if (built < FIXED_IN && built > 0) {
    const detail = `${names} can be loaded from inside a container, and this kernel of ${built} lacks the fixes of CVE-2026-43284 and CVE-2026-43500`;
    return found(id, "limits", what, detail, fix);
  }
  const detail = `${names} can be loaded from inside a container: make sure that this kernel has the fixes of CVE-2026-43284 and CVE-2026-43500, of May 2026`;
  return found(id, "advice", what, detail, fix);
}

/** Whether it is there already, or on the disk and not forbidden. */
function canBeLoaded(host: HostFacts, name: string): boolean {
  if (host.has(`/sys/module/${name}`)) return true;
  if (host.text("/proc/sys/kernel/modules_disabled").trim() === "1") return false;
  const isForbidden = host.lines(MODULE_RULES).some((line) => {
    const words = wordsOf(line);
    return words[0] === "install" && words[1] === name && isNothing(words[2] ?? "");
  });
  const modules = host.lines(`/lib/modules/${host.release}/modules.dep`);
  return !isForbidden && modules.some((line) => line.slice(0, line.indexOf(":")).includes(`/${name}.ko`));
}

/** A program that loads no module, as in `install esp4 /bin/false`. */
function isNothing(program: string): boolean {
  return ["/bin/false", "/bin/true", "/usr/bin/false", "/usr/bin/true"].includes(program);
}

/** The year in a text such as `#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)`; 0 when it has none. */
export function buildYearIn(version: string): number {
  let year = 0;
  for (const word of wordsOf(version.trim().split("(").join(" ").split(")").join(" "))) {
    const part = word.slice(0, 4);
    const isYear = part.length === 4 && (word.length === 4 || word.charAt(4) === "-");
    const number = isYear ? (wholeNumberIn(part) ?? 0) : 0;
    if (number >= 2010 && number < 2100) year = number;
  }
  return year;
}
