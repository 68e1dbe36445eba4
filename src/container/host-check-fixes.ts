// What to do about something that is missing, in the words of this host's distribution. Pure.

import type { HostFacts } from "./host-facts.ts";

interface PackageNames {
  readonly program: string;
  readonly debian: string;
  readonly fedora: string;
  readonly arch: string;
  readonly alpine: string;
  readonly suse: string;
}

function everywhere(name: string): PackageNames {
  return { program: name, debian: name, fedora: name, arch: name, alpine: name, suse: name };
}

function uidmap(program: string): PackageNames {
  return { program, debian: "uidmap", fedora: "shadow-utils", arch: "shadow", alpine: "shadow-subids", suse: "shadow" };
}

/** The package of each program; one that is not here has its own name as the package's. */
function packageOf(program: string): PackageNames {
  switch (program) {
    case "newuidmap":
    case "newgidmap":
      return uidmap(program);
    case "ip":
      return { program, debian: "iproute2", fedora: "iproute", arch: "iproute2", alpine: "iproute2", suse: "iproute2" };
    case "nft":
      return everywhere("nftables");
    case "dnsmasq":
      return { program, debian: "dnsmasq-base", fedora: program, arch: program, alpine: program, suse: program };
    case "xz":
      return { program, debian: "xz-utils", fedora: "xz", arch: "xz", alpine: "xz", suse: "xz" };
    case "gpg":
      return { program, debian: "gpg", fedora: "gnupg2", arch: "gnupg", alpine: "gnupg", suse: "gpg2" };
    case "apparmor_parser":
      return {
        program,
        debian: "apparmor",
        fedora: "apparmor",
        arch: "apparmor",
        alpine: "apparmor",
        suse: "apparmor-parser",
      };
    default:
      return everywhere(program);
  }
}

/** How to get a program here. */
export function installFix(host: HostFacts, program: string): string {
  const names = packageOf(program);
  switch (familyOf(host)) {
    case "debian":
      return `apt-get install ${names.debian}`;
    case "fedora":
      return `dnf install ${names.fedora}`;
    case "arch":
      return `pacman -S ${names.arch}`;
    case "alpine":
      return `apk add ${names.alpine}`;
    case "suse":
      return `zypper install ${names.suse}`;
    default:
      return `install the package with ${program}: ${names.debian} in Debian, ${names.fedora} in Fedora`;
  }
}

/** The first known word of ID and ID_LIKE in os-release(5); "" when there is none. */
export function familyOf(host: HostFacts): string {
  let words = "";
  for (const line of host.lines("/etc/os-release")) {
    const equals = line.indexOf("=");
    const name = line.slice(0, equals);
    if (name === "ID") words = `${bare(line.slice(equals + 1))} ${words}`;
    if (name === "ID_LIKE") words = `${words} ${bare(line.slice(equals + 1))}`;
  }
  for (const word of words.split(" ")) {
    if (word === "debian" || word === "ubuntu") return "debian";
    if (word === "fedora" || word === "rhel" || word === "centos") return "fedora";
    if (word === "arch" || word === "alpine") return word;
    if (word === "suse" || word.startsWith("opensuse")) return "suse";
  }
  return "";
}

function bare(value: string): string {
  return value.startsWith('"') || value.startsWith("'") ? value.slice(1, -1) : value;
}

/** How to set a kernel parameter, now and at each boot. */
export function sysctlFix(name: string, value: string): string {
  return `sysctl -w ${name}=${value}, and for every boot the line ${name} = ${value} in /etc/sysctl.d/90-lxc.conf`;
}

/** A kernel that lacks an option. */
export function kernelFix(option: string, canBeModule: boolean): string {
  return `boot a kernel with ${option}=y${canBeModule ? " or =m" : ""}`;
}
