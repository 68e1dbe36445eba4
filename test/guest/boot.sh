#!/bin/bash
# In a guest's image, started as its first process or by systemd: mounts the project's folder, which has the rest, and goes on there.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[ $$ != 1 ] || mount -t proc -o nosuid,nodev,noexec proc /proc
share=
for word in $(cat /proc/cmdline); do
  case $word in share=*) share=${word#share=} ;; esac
done
mkdir -p /lxc-ts
case $share in
  /*) mount -t hostfs -o "ro,$share" none /lxc-ts ;;
  *) mount -t virtiofs -o ro "$share" /lxc-ts ;;
esac
if [ $$ = 1 ]; then exec bash /lxc-ts/test/guest/init.sh; fi
exec bash /lxc-ts/test/guest/agent.sh
