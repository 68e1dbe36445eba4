// The command lines of the two kinds of guests. Standard input and output are the agent's port, standard error is the console.

import { join } from "node:path";

export type Command = readonly string[];

export interface Machine {
  /** What build.sh made. */
  readonly image: string;
  readonly memoryMiB: number;
  /** Words for its kernel. */
  readonly kernel: readonly string[];
}

/** Files that a guest needs are in a file system in memory that only its mount namespace has, so none can be left. */
const OWN_RUN = "mount -t tmpfs guest /run";
const SOCKET = "/run/share.sock";

const PROJECT = join(import.meta.dirname, "../..");

/**
 * User Mode Linux: a kernel that is a program. The disk's blocks that it writes go to a file of its own. To reboot it executes
 * its name, which there is not: so it ends.
 */
export function umlCommand(machine: Machine): Command {
  return [
    ...["bash", "-c", `${OWN_RUN} && exec -a lxcts-guest linux.uml "$@"`, "bash"],
    `mem=${machine.memoryMiB}M`,
    "umid=guest",
    "uml_dir=/run/",
    `ubd0=/run/written,${machine.image}/disk.ext4`,
    "root=/dev/ubda",
    "con0=null,fd:2",
    "con1=fd:0,fd:1",
    "con=null",
    "port=/dev/tty1",
    `share=${PROJECT}`,
    ...machine.kernel,
  ];
}

/** QEMU without KVM, which few machines of a test have; virtiofsd serves the project's folder and ends with it. */
export function qemuCommand(machine: Machine): Command {
  const append = ["console=ttyS0", "root=/dev/vda", "tsc=reliable", "no_timer_check", "nokaslr", "port=/dev/vport1p1"];
  const words = [
    "qemu-system-x86_64",
    ...["-M", "q35,usb=off,vmport=off,memory-backend=ram", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"],
    ...["-m", String(machine.memoryMiB), "-object", `memory-backend-memfd,id=ram,size=${machine.memoryMiB}M,share=on`],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "file:/dev/stderr"],
    ...["-kernel", join(machine.image, "vmlinux"), "-initrd", join(machine.image, "initrd")],
    ...["-append", [...append, "share=project", ...machine.kernel].join(" ")],
    ...["-drive", `file=${machine.image}/disk.ext4,format=raw,if=none,id=root,snapshot=on`],
    ...["-device", "virtio-blk-pci,drive=root", "-device", "virtio-serial-pci,id=ports"],
    ...["-chardev", "stdio,id=agent,signal=off", "-device", "virtserialport,bus=ports.0,nr=1,chardev=agent"],
    ...["-chardev", `socket,id=share,path=${SOCKET}`, "-device", "vhost-user-fs-pci,chardev=share,tag=project"],
  ];
  const daemon = ["/usr/lib/qemu/virtiofsd", `--socket-path=${SOCKET}`, "-o", `source=${PROJECT}`, "-o", "cache=none"];
  const script = [
    `${OWN_RUN} || exit`,
    '"$@" > /dev/null < /dev/null &',
    `until [ -S ${SOCKET} ]; do kill -0 $! || exit; sleep 0.02; done`,
    `exec ${words.map(quoted).join(" ")}`,
  ].join("\n");
  return ["sh", "-c", script, "sh", ...daemon];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
