// Ways to break a container by its root file system, its mounts, its first program, its terminals and its hooks.

import type { Way } from "./way.ts";

const ENTRY = "lxc.mount.entry = ";
const HOOK = "lxc.hook.pre-start = $DIR/hook";

function withInit(way: string, broken: string, errno: number, guilty = "/sbin/init"): Way {
  return { way, broken: `rm -rf $ROOTFS/sbin/init; ${broken}`, code: "syscall-failed", errno, guilty };
}

/** A hook that fails with a word, at one of the points where hooks run. */
function failing(type: string, rest: Partial<Way> = {}): Way {
  const isInside = type === "start";
  const hook = isInside ? "$ROOTFS/hook" : "$DIR/hook";
  return {
    way: `a hook that fails: ${type}`,
    broken: `printf "#!/bin/sh\\necho out of luck; exit 3\\n" > ${hook}; chmod 755 ${hook}`,
    lines: `lxc.hook.${type} = ${isInside ? "/hook" : "$DIR/hook"}`,
    code: "hook-failed",
    guilty: `lxc.hook.${type}`,
    ...rest,
  };
}

const roots: readonly Way[] = [
  {
    way: "no root file system is named",
    broken: "sed -i /rootfs.path/d $C/config",
    code: "config-invalid",
    guilty: "/sbin/init",
  },
  {
    way: "the root file system is missing",
    lines: "lxc.rootfs.path = dir:$DIR/none",
    code: "not-found",
    errno: 2,
    guilty: "/tmp/x/none",
  },
  {
    way: "the root file system is a file",
    lines: "lxc.rootfs.path = dir:$DIR/file",
    broken: "touch $DIR/file",
    code: "not-found",
    errno: 20,
    guilty: "/tmp/x/file",
  },
  {
    way: "the root file system is empty",
    broken: "rm -r $ROOTFS; mkdir $ROOTFS",
    code: "not-found",
    errno: 2,
    guilty: "/lib",
  },
  {
    way: "a lower layer is missing",
    lines: "lxc.rootfs.path = overlay:$DIR/none:$DIR/up",
    code: "not-found",
    errno: 2,
    guilty: "/tmp/x/none",
  },
  {
    way: "the upper layer is a file",
    lines: "lxc.rootfs.path = overlay:$ROOTFS:$DIR/up",
    broken: "touch $DIR/up",
    code: "not-permitted",
    errno: 20,
    guilty: "/tmp/x/up",
  },
  {
    way: "the upper layer cannot be written to",
    lines: "lxc.rootfs.path = overlay:$ROOTFS:$DIR/up",
    apart: "mount -t tmpfs x $DIR; mkdir $DIR/up; mount -o remount,ro x $DIR",
    code: "syscall-failed",
    errno: 30,
    guilty: "/tmp/x/",
  },
  {
    way: "an overlay of one layer",
    lines: "lxc.rootfs.path = overlay:$ROOTFS",
    code: "config-invalid",
    guilty: "lxc.rootfs.path",
  },
  {
    way: "a read-only root file system without /dev",
    broken: "rm -r $ROOTFS/dev",
    apart: "mount --bind $ROOTFS $ROOTFS; mount -o remount,bind,ro $ROOTFS",
    code: "syscall-failed",
    errno: 30,
    guilty: "dev",
  },
  {
    way: "a full root file system",
    apart: "mount -t tmpfs -o nr_inodes=2 x $ROOTFS; mkdir $ROOTFS/sbin",
    code: "syscall-failed",
    errno: 28,
    guilty: "dev",
  },
  {
    way: "a root file system of somebody else",
    broken: "rm -r $ROOTFS/dev; chmod 755 $DIR/..",
    lines: "lxc.idmap = u 0 1600000000 65536\nlxc.idmap = g 0 1600000000 65536",
    code: "syscall-failed",
    errno: 13,
    guilty: "dev",
  },
  {
    way: "a layer that the container's root may not make",
    broken: "mkdir -p $DIR/closed/root; chmod 755 $DIR/.. $DIR; chmod 700 $DIR/closed",
    lines:
      "lxc.rootfs.path = overlay:$DIR/closed/root:$DIR/up\nlxc.idmap = u 0 1600000000 65536\nlxc.idmap = g 0 1600000000 65536",
    code: "not-permitted",
    errno: 13,
    guilty: "/tmp/x",
  },
  {
    way: "/dev is a link",
    broken: "rm -r $ROOTFS/dev; ln -s $DIR $ROOTFS/dev",
    code: "not-permitted",
    errno: 40,
    guilty: "dev",
  },
  {
    way: "/proc is a file",
    broken: "rm -r $ROOTFS/proc; touch $ROOTFS/proc",
    code: "not-permitted",
    errno: 20,
    guilty: "proc",
  },
];

const programs: readonly Way[] = [
  withInit("no init", "true", 2),
  withInit("the init is not executable", "cp /bin/busybox $ROOTFS/sbin/init; chmod 644 $ROOTFS/sbin/init", 13),
  withInit("the init is a folder", "mkdir $ROOTFS/sbin/init", 13),
  withInit("the init is a link to itself", "ln -s init $ROOTFS/sbin/init", 40),
  withInit("the init is empty", "touch $ROOTFS/sbin/init; chmod 755 $ROOTFS/sbin/init", 8),
  withInit(
    "a script without its interpreter",
    'printf "#!/no/such/sh\\n" > $ROOTFS/sbin/init; chmod 755 $ROOTFS/sbin/init',
    2,
  ),
  withInit("a script without a #! line", "echo true > $ROOTFS/sbin/init; chmod 755 $ROOTFS/sbin/init", 8),
  {
    ...withInit("a program without its loader", "cp /bin/ls $ROOTFS/sbin/init", 2),
    lines: "lxc.mount.entry =",
  },
  withInit(
    "a program for another architecture",
    "cp /bin/busybox $ROOTFS/sbin/init; printf '\\267' | dd of=$ROOTFS/sbin/init bs=1 seek=18 conv=notrunc status=none",
    8,
  ),
  {
    way: "an lxc.init.cmd that is missing",
    lines: "lxc.init.cmd = /no/such --x",
    code: "syscall-failed",
    errno: 2,
    guilty: "/no/such",
  },
  {
    way: "a root file system that is mounted noexec",
    apart: "mount --bind $ROOTFS $ROOTFS; mount -o remount,bind,noexec $ROOTFS",
    code: "syscall-failed",
    errno: 13,
    guilty: "/sbin/init",
  },
  {
    way: "an lxc.init.cwd below a file",
    broken: "touch $ROOTFS/f",
    lines: "lxc.init.cwd = /f/x",
    code: "syscall-failed",
    errno: 20,
    guilty: "lxc.init.cwd",
  },
  {
    way: "an lxc.init.cwd that is a dead link",
    broken: "ln -s /nowhere/x $ROOTFS/l",
    lines: "lxc.init.cwd = /l",
    code: "syscall-failed",
    errno: 2,
    guilty: "lxc.init.cwd",
  },
];

const mounts: readonly Way[] = [
  {
    way: "a source that is missing",
    lines: `${ENTRY}/no/such/folder mnt none bind,create=dir 0 0`,
    code: "not-found",
    errno: 2,
    guilty: "/no/such/folder",
  },
  {
    way: "a target that is missing",
    lines: `${ENTRY}/usr no/target none bind 0 0`,
    code: "not-found",
    errno: 2,
    guilty: "/no/target",
  },
  {
    way: "a target that is a link",
    broken: "ln -s /etc $ROOTFS/link",
    lines: `${ENTRY}/usr link none bind 0 0`,
    code: "not-permitted",
    errno: 40,
    guilty: "link",
  },
  {
    way: "a folder on a file",
    broken: "touch $ROOTFS/file",
    lines: `${ENTRY}/usr file none bind 0 0`,
    code: "config-invalid",
    errno: 22,
    guilty: "/file",
  },
  { way: "a target that goes up", lines: `${ENTRY}/usr ../up none bind 0 0`, code: "config-invalid", guilty: "../up" },
  {
    way: "a file system that the kernel does not have",
    lines: `${ENTRY}x mnt nosuchfs defaults,create=dir 0 0`,
    code: "unsupported",
    errno: 19,
    guilty: "nosuchfs",
  },
  {
    way: "an option that the file system does not take",
    lines: `${ENTRY}x mnt tmpfs size=abc,create=dir 0 0`,
    code: "syscall-failed",
    errno: 22,
    guilty: "size=abc",
  },
  {
    way: "a block device that is missing",
    lines: `${ENTRY}/dev/nosuch mnt ext4 create=dir 0 0`,
    code: "syscall-failed",
    errno: 2,
    guilty: "/dev/nosuch",
  },
  {
    way: "an image in the place of a block device",
    broken: "dd if=/dev/zero of=$DIR/img bs=64k count=1 status=none",
    lines: `${ENTRY}$DIR/img mnt ext4 create=dir 0 0`,
    code: "syscall-failed",
    errno: 15,
    guilty: "/tmp/x/img",
  },
  { way: "a line that is too short", lines: `${ENTRY}/usr`, code: "config-invalid", guilty: "lxc.mount.entry" },
  {
    way: "an overlay without its lower folder",
    broken: "mkdir $DIR/u $DIR/w",
    lines: `${ENTRY}overlay mnt overlay lowerdir=$DIR/none,upperdir=$DIR/u,workdir=$DIR/w,create=dir 0 0`,
    code: "syscall-failed",
    errno: 2,
    guilty: "/tmp/x/none",
  },
  {
    way: "an overlay with its work on another file system",
    broken: "mkdir $DIR/l $DIR/u $DIR/w",
    apart: "mount -t tmpfs x $DIR/w",
    lines: `${ENTRY}overlay mnt overlay lowerdir=$DIR/l,upperdir=$DIR/u,workdir=$DIR/w,create=dir 0 0`,
    code: "syscall-failed",
    errno: 22,
    guilty: "workdir=/tmp/x/w",
  },
  {
    way: "an fstab that is missing",
    lines: "lxc.mount.fstab = $DIR/none",
    code: "not-found",
    errno: 2,
    guilty: "/tmp/x/none",
  },
  {
    way: "a source in an fstab that is missing",
    broken: 'printf "/no/src usr none bind,create=dir 0 0\\n" > $DIR/fstab',
    lines: "lxc.mount.fstab = $DIR/fstab",
    code: "not-found",
    errno: 2,
    guilty: "/no/src",
  },
  {
    way: "an lxc.mount.auto that is none",
    lines: "lxc.mount.auto = prok",
    code: "config-invalid",
    guilty: "lxc.mount.auto",
  },
];

const terminals: readonly Way[] = [
  {
    way: "a host without terminals",
    apart: "mount -t tmpfs x /dev; mknod -m 666 /dev/null c 1 3",
    code: "syscall-failed",
    errno: 2,
    guilty: "/dev/ptmx",
  },
  {
    way: "a host whose terminals are not mounted",
    apart: "mount -t tmpfs x /dev; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/ptmx c 5 2",
    run: "lxc-execute -n $NAME -- /bin/true",
    code: "syscall-failed",
    errno: 2,
    guilty: "/dev/ptmx",
  },
  {
    way: "a folder of lxc.console.logfile that is missing",
    lines: "lxc.console.logfile = $DIR/none/log",
    code: "syscall-failed",
    errno: 2,
    guilty: "lxc.console.logfile",
  },
];

const hooks: readonly Way[] = [
  failing("pre-start"),
  failing("pre-mount"),
  failing("mount"),
  failing("autodev"),
  failing("start-host"),
  failing("start"),
  failing("stop", { run: "lxc-start -n $NAME -F -- /bin/true", exit: 0, code: "warning" }),
  failing("post-stop", { run: "lxc-start -n $NAME -F -- /bin/true", exit: 0, code: "warning" }),
  failing("destroy", { run: "lxc-destroy -n $NAME" }),
  failing("clone", { run: "lxc-copy -n $NAME -N $NAME-b" }),
  { way: "a hook that is missing", lines: HOOK, code: "hook-failed", guilty: "/tmp/x/hook" },
  {
    way: "a hook that is not executable",
    broken: "echo true > $DIR/hook",
    lines: HOOK,
    code: "hook-failed",
    guilty: "/tmp/x/hook",
  },
  {
    way: "a hook that is killed",
    broken: 'printf "#!/bin/sh\\nkill -9 \\$\\$\\n" > $DIR/hook; chmod 755 $DIR/hook',
    lines: HOOK,
    code: "hook-failed",
    guilty: "/tmp/x/hook",
  },
];

export const ofRootFileSystems: readonly Way[] = [...roots, ...programs, ...mounts, ...terminals, ...hooks];
