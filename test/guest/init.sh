#!/bin/bash
# The first process of a guest without systemd: what systemd would mount and make, then the agent.
mountpoint -q /dev || mount -t devtmpfs dev /dev
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=755 run /run
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /tmp
mount -t securityfs securityfs /sys/kernel/security
mount -t bpf bpf /sys/fs/bpf
# User Mode Linux: the modules are those of the host's package, so they are always of this kernel.
if grep -q hostfs /proc/filesystems; then
  mkdir -p /usr/lib/modules
  mount -t hostfs -o ro,/usr/lib/uml/modules none /usr/lib/modules
fi

mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
# Where systemd has its own process; the root must have none to give controllers to its children.
mkdir /sys/fs/cgroup/init.scope
echo 1 > /sys/fs/cgroup/init.scope/cgroup.procs
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control
done

mount --make-rshared /
hostname guest
ip link set lo up

# SELinux: all is the kernel's own domain until there is a policy, which may do little under it. Root at a login has this one.
if grep -q selinuxfs /proc/filesystems; then
  mount -t selinuxfs selinuxfs /sys/fs/selinux
  load_policy -i
  exec runcon unconfined_u:unconfined_r:unconfined_t:s0 bash -c 'echo 1 > /sys/fs/selinux/enforce; exec bash /lxc-ts/test/guest/agent.sh'
fi
# As the service of LXC has it: containers that name no profile have one of these.
if [ -d /sys/kernel/security/apparmor ]; then apparmor_parser -r -W /etc/apparmor.d/lxc-containers; fi
exec bash /lxc-ts/test/guest/agent.sh
