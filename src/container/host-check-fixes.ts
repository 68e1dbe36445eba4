// What to do about something that is missing, in the words of this host's distribution. Pure.

import { byHand, type Fix, type FixStep, type HostFacts } from "./host-facts.ts";

/** Where kernel parameters are set for each boot. */
export const SYSCTL_FILE = "/etc/sysctl.d/90-lxc.conf";
const NO_WORDS: readonly string[] = [];

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

/** One program to run. */
export function runStep(words: readonly string[]): FixStep {
  return { words, file: "", lines: NO_WORDS };
}

/** Lines that a file is to have; it is made when it is not there. */
export function linesStep(file: string, lines: readonly string[]): FixStep {
  return { words: NO_WORDS, file, lines };
}

/** Programs to run one after the other, which is all there is to say. */
export function byPrograms(commands: readonly (readonly string[])[]): Fix {
  return { text: commands.map((words) => words.join(" ")).join(" && "), steps: commands.map((each) => runStep(each)) };
}

/** How to get a program here. */
export function installFix(host: HostFacts, program: string): Fix {
  const names = packageOf(program);
  switch (familyOf(host)) {
    case "debian":
      return install(["apt-get", "install"], ["-y"], names.debian);
    case "fedora":
      return install(["dnf", "install"], ["-y"], names.fedora);
    case "arch":
      return install(["pacman", "-S"], ["--noconfirm"], names.arch);
    case "alpine":
      return install(["apk", "add"], NO_WORDS, names.alpine);
    case "suse":
      return install(["zypper", "install"], ["-y"], names.suse);
    default:
      return byHand(`install the package with ${program}: ${names.debian} in Debian, ${names.fedora} in Fedora`);
  }
}

/** A person is asked by the package manager, a program is not. */
function install(command: readonly string[], unasked: readonly string[], name: string): Fix {
  return { text: command.concat([name]).join(" "), steps: [runStep(command.concat(unasked, [name]))] };
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
export function sysctlFix(name: string, value: string): Fix {
  const line = `${name} = ${value}`;
  return {
    text: `sysctl -w ${name}=${value}, and for every boot the line ${line} in ${SYSCTL_FILE}`,
    steps: [runStep(["sysctl", "-w", `${name}=${value}`]), linesStep(SYSCTL_FILE, [line])],
  };
}

/** A kernel that lacks an option. */
export function kernelFix(option: string, canBeModule: boolean): Fix {
  return byHand(`boot a kernel with ${option}=y${canBeModule ? " or =m" : ""}`);
}
