// What a host offers for containers, and what to do about what it lacks, item by item, as lxc-checkconfig shows it. Pure.

import { checkCgroups } from "./host-check-cgroups.ts";
import {
  checkCheckpoint,
  checkMisc,
  checkNamespaceFeatures,
  checkSecurityFeatures,
  checkStorageFeatures,
} from "./host-check-features.ts";
import { installFix, kernelFix } from "./host-check-fixes.ts";
import { versionOf } from "./host-check-kernel.ts";
import { checkLimits, checkMapPrograms, checkUsers } from "./host-check-users.ts";
import { byHand, type Checked, enabled, type HostFacts, missing, required, SECURITY_MODULES } from "./host-facts.ts";

const STORAGE = "Storage";
const SECURITY = "Security";
const PROGRAMS = "Programs";
/** The first kernel with mount_setattr(2). */
const OLDEST = "5.12";

interface Wanted {
  readonly program: string;
  readonly why: string;
}

function wantedPrograms(): readonly Wanted[] {
  return [
    { program: "ip", why: "scripts of networks use it" },
    { program: "dnsmasq", why: "lxc-net gives containers their addresses with it" },
    { program: "xz", why: "images are packed with it" },
    { program: "zstd", why: "some images are packed with it" },
    { program: "gpg", why: "the download template checks images with it" },
    { program: "criu", why: "lxc-checkpoint works by it" },
    { program: "rsync", why: "lxc-copy copies from one kind of storage to another with it" },
  ];
}

/** Every item, section by section: first those of LXC, in its order. */
export function checkHost(host: HostFacts): Checked[] {
  return checkNamespaces(host).concat(
    checkCgroups(host),
    checkMisc(host),
    checkCheckpoint(host),
    checkUsers(host),
    checkSecurity(host),
    checkStorage(host),
    checkPrograms(host),
  );
}

/** Whether anything at all can be seen of the host. */
export function isVisible(host: HostFacts): boolean {
  return host.config !== undefined || host.has("/proc/self/ns");
}

function checkNamespaces(host: HostFacts): Checked[] {
  const checked: Checked[] = [];
  for (const item of checkNamespaceFeatures(host)) {
    checked.push(item);
    // As in LXC, next to what they are for.
    if (item.item === "User namespace") checked.push(...checkMapPrograms(host));
  }
  return checked.concat(checkLimits(host));
}

function checkSecurity(host: HostFacts): Checked[] {
  const checked = checkSecurityFeatures(host, SECURITY);
  checked.push(checkModule(host));
  return checked;
}

/** AppArmor or SELinux: LXC works with either. */
function checkModule(host: HostFacts): Checked {
  const item = "Security module";
  const active = host.text(SECURITY_MODULES).trim().split(",");
  for (const name of ["apparmor", "selinux"]) if (active.includes(name)) return enabled(SECURITY, item, name);
  for (const name of ["apparmor", "selinux"]) {
    const option = name === "apparmor" ? "CONFIG_SECURITY_APPARMOR" : "CONFIG_SECURITY_SELINUX";
    if (host.config?.value(option) !== "y") continue;
    return missing(
      SECURITY,
      item,
      `${name} is in the kernel, but not on`,
      byHand(`boot with ${name}=1 security=${name}`),
    );
  }
  return missing(SECURITY, item, "neither AppArmor nor SELinux is on", kernelFix("CONFIG_SECURITY_APPARMOR", false));
}

function checkStorage(host: HostFacts): Checked[] {
  return [checkVersion(host), ...checkStorageFeatures(host, STORAGE)];
}

/** Mounts of a container are made by descriptor, and with mapped owners. */
function checkVersion(host: HostFacts): Checked {
  const item = "Mounts by descriptor";
  const told = host.isOfOtherKernel ? (host.config?.release ?? "") : host.release;
  const [major = 0, minor = 0] = versionOf(told);
  if (told === "" || major > 5 || (major === 5 && minor >= 12)) return enabled(STORAGE, item, `Linux ${told}`);
  return required(STORAGE, item, `this is Linux ${told}`, byHand(`boot Linux ${OLDEST} or newer`));
}

function checkPrograms(host: HostFacts): Checked[] {
  const checked = [checkFirewall(host)];
  for (const { program, why } of wantedPrograms()) checked.push(checkProgram(host, program, why));
  if (host.text(SECURITY_MODULES).trim().split(",").includes("apparmor")) {
    checked.push(checkProgram(host, "apparmor_parser", "profiles are loaded with it"));
  }
  return checked;
}

/** One of the two will do. */
function checkFirewall(host: HostFacts): Checked {
  const nft = host.program("nft").path;
  const iptables = host.program("iptables").path;
  if (nft !== "" || iptables !== "") return enabled(PROGRAMS, "nft or iptables", nft !== "" ? nft : iptables);
  return missing(
    PROGRAMS,
    "nft or iptables",
    "lxc-net joins containers to the network with it",
    installFix(host, "nft"),
  );
}

function checkProgram(host: HostFacts, program: string, why: string): Checked {
  const { path } = host.program(program);
  return path !== "" ? enabled(PROGRAMS, program, path) : missing(PROGRAMS, program, why, installFix(host, program));
}
