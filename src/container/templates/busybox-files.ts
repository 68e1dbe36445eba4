// What is in the root file system of the built-in template `busybox`, beside the program itself (data).

export interface TemplateFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** Those above come first. */
export const FOLDERS: readonly string[] = [
  "selinux",
  "dev",
  "dev/pts",
  "home",
  "root",
  "etc",
  "etc/init.d",
  "bin",
  "sbin",
  "usr",
  "usr/bin",
  "usr/sbin",
  "usr/lib",
  "usr/lib64",
  "lib",
  "lib64",
  "proc",
  "sys",
  "mnt",
  "tmp",
  "var",
  "var/log",
  "var/run",
];

const INITTAB = `::sysinit:/etc/init.d/rcS
tty1::respawn:/bin/getty -L tty1 115200 vt100
console::askfirst:/bin/sh
`;

const BOOT_SCRIPT = `#!/bin/sh
/bin/syslogd
/bin/mount -a
# An address of the configuration stays; without a server the boot does not wait for one. The server learns the name.
/bin/ip -4 address show dev eth0 2> /dev/null | /bin/grep -q 'inet ' || /bin/udhcpc -b -x "hostname:$(/bin/hostname)" > /dev/null 2>&1 &
`;

export const FILES: readonly TemplateFile[] = [
  { path: "etc/passwd", mode: 0o644, text: "root:x:0:0:root:/root:/bin/sh\n" },
  { path: "etc/group", mode: 0o644, text: "root:x:0:root\n" },
  { path: "etc/inittab", mode: 0o644, text: INITTAB },
  { path: "etc/init.d/rcS", mode: 0o744, text: BOOT_SCRIPT },
  // `mount -a` fails without one.
  { path: "etc/fstab", mode: 0o644, text: "" },
  // No password at all: nobody logs in on a terminal before the administrator sets one with lxc-attach (as in LXC).
  { path: "etc/shadow", mode: 0o640, text: "" },
];

/** Called by udhcpc with what happened; the address and so on are in its environment (udhcpc's README.udhcpc). */
export const DHCP_SCRIPT = `#!/bin/sh
# Applies what a DHCP server said.
case "$1" in
deconfig)
  ip addr flush dev "$interface"
  ;;
bound | renew)
  ip addr flush dev "$interface"
  ip addr add "$ip/\${mask:-24}" \${broadcast:+broadcast "$broadcast"} dev "$interface"
  for address in $router; do
    ip route replace default via "$address" dev "$interface"
    break
  done
  if [ -n "$dns" ]; then
    {
      [ -z "$domain" ] || echo "search $domain"
      for address in $dns; do echo "nameserver $address"; done
    } >/etc/resolv.conf
  fi
  ;;
esac
exit 0
`;
