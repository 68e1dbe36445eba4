// What containers of plain users need: maps of ids, and leave to make user namespaces. Pure.

import { byPrograms, installFix, sysctlFix } from "./host-check-fixes.ts";
import { byHand, type Checked, enabled, type Fix, type HostFacts, missing, SYSTEMD, unknown } from "./host-facts.ts";

const NAMESPACES = "Namespaces";
const SECTION = "Unprivileged containers";
const LIMITS = "/proc/sys/user";
const USUAL_LIMIT = "15000";

/** The two programs that write the maps, as LXC lists them: below the user namespace. */
export function checkMapPrograms(host: HostFacts): Checked[] {
  return [checkMapProgram(host, "newuidmap", "cap_setuid"), checkMapProgram(host, "newgidmap", "cap_setgid")];
}

function checkMapProgram(host: HostFacts, name: string, capability: string): Checked {
  const { path, isPrivileged } = host.program(name);
  if (path === "") return missing(NAMESPACES, name, `${name} is not installed`, installFix(host, name));
  if (isPrivileged) return enabled(NAMESPACES, name, path);
  const detail = `${path} is not setuid-root, and has no ${capability}`;
  return missing(NAMESPACES, name, detail, setuidFix(path));
}

/** What is in a folder that others may write to must not run as root because we found it there. */
function setuidFix(path: string): Fix {
  const fix = byPrograms([
    ["chown", "root", path],
    ["chmod", "u+s", path],
  ]);
  return isOfSystem(path) ? fix : byHand(`${fix.text}, if you trust that file`);
}

function isOfSystem(path: string): boolean {
  return ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].some((folder) => path.startsWith(folder));
}

/** How many namespaces each user may make: 0 is how administrators switch them off. */
export function checkLimits(host: HostFacts): Checked[] {
  const checked: Checked[] = [];
  for (const name of host.lines(LIMITS)) {
    if (!name.startsWith("max_") || !name.endsWith("_namespaces")) continue;
    const value = host.text(`${LIMITS}/${name}`).trim();
    const detail = `${name} is ${value}`;
    if (value === "0") checked.push(missing(NAMESPACES, name, detail, sysctlFix(`user.${name}`, USUAL_LIMIT)));
    else checked.push(enabled(NAMESPACES, name, value));
  }
  return checked;
}

export function checkUsers(host: HostFacts): Checked[] {
  const checked = [checkUserNamespaces(host), checkIds(host, "/etc/subuid"), checkIds(host, "/etc/subgid")];
  if (host.uid !== 0) checked.push(checkDelegation(host));
  return checked;
}

/** Each distribution has its own switch. */
function checkUserNamespaces(host: HostFacts): Checked {
  const item = "User namespaces without root";
  if (host.text("/proc/sys/kernel/unprivileged_userns_clone").trim() === "0") {
    const fix = sysctlFix("kernel.unprivileged_userns_clone", "1");
    return missing(SECTION, item, "kernel.unprivileged_userns_clone is 0", fix);
  }
  if (host.text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() === "1") {
    const off = sysctlFix("kernel.apparmor_restrict_unprivileged_userns", "0");
    const fix = {
      text: `give the programs an AppArmor profile with the rule userns, or ${off.text}`,
      steps: off.steps,
    };
    return missing(SECTION, item, "AppArmor allows them only to programs whose profile says so", fix);
  }
  if (host.text(`${LIMITS}/max_user_namespaces`).trim() === "0") {
    return missing(SECTION, item, "max_user_namespaces is 0", sysctlFix("user.max_user_namespaces", USUAL_LIMIT));
  }
  if (!host.lines("/proc/self/ns").includes("user")) {
    return missing(SECTION, item, "", byHand("boot a kernel with CONFIG_USER_NS=y"));
  }
  return enabled(SECTION, item, "");
}

/** Whether the user has a range of ids of its own, by name or by number. */
function checkIds(host: HostFacts, path: string): Checked {
  const item = `Ids of ${host.userName} in ${path}`;
  for (const line of host.lines(path)) {
    const [user = "", first = "", count = ""] = line.split(":");
    if (user === host.userName || user === String(host.uid)) return enabled(SECTION, item, `${count} from ${first} on`);
  }
  const option = path.endsWith("gid") ? "--add-subgids" : "--add-subuids";
  const first = firstFree(host, path);
  return missing(
    SECTION,
    item,
    "there is no range",
    byPrograms([["usermod", option, `${first}-${first + 65535}`, host.userName]]),
  );
}

/** After all ranges that others have; from 100000 on, as useradd(8) does. */
function firstFree(host: HostFacts, path: string): number {
  let free = 100_000;
  for (const line of host.lines(path)) {
    const [, first = "", count = ""] = line.split(":");
    const end = Number(first) + Number(count);
    if (end > free) free = end;
  }
  return free;
}

function checkDelegation(host: HostFacts): Checked {
  const item = "Cgroup of the user's own";
  if (host.hasOwnCgroup) return enabled(SECTION, item, "");
  if (host.hasUserManager) return enabled(SECTION, item, "the user's service manager makes one for each container");
  // Where the shell of somebody else is cannot be seen.
  if (host.isOtherUser && !host.has(SYSTEMD)) return unknown(SECTION, item);
  return missing(SECTION, item, "containers run without limits, and nothing is counted", delegationFix(host));
}

/** systemd gives a cgroup to each user who is logged in, or whose services go on without that. */
function delegationFix(host: HostFacts): Fix {
  if (!host.has(SYSTEMD)) return byHand(`have root make cgroups that belong to ${host.userName}, and start it there`);
  return byPrograms([["loginctl", "enable-linger", host.userName]]);
}
