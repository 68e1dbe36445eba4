#!/bin/sh
# cgroup-room.sh DRIVER: on a host with cgroup version 2 alone, as root: what an ordinary user's container gets below a cgroup that was
# delegated to them, with and without other processes in it. Prints what was seen, which is to be cgroup-room.expected, and leaves nothing.
# Pid 1 of the host is in /init.scope, as systemd's is; a guest will do.
set -eu
driver=$1
id=54321
top=/sys/fs/cgroup/lxcts-room
echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
mkdir "$top"
trap 'find "$top" -depth -type d -exec rmdir {} +' EXIT
for file in . cgroup.procs cgroup.threads cgroup.subtree_control; do chown "$id:$id" "$top/$file"; done

# as_user CGROUP COMMAND…: as the user's process, in that cgroup below the delegated one.
as_user() {
  where=$1
  shift
  # shellcheck disable=SC2016
  sh -c 'echo $$ > "$0/cgroup.procs"; id=$1; shift; exec setpriv --reuid "$id" --regid "$id" --clear-groups -- "$@"' "$top/$where" "$id" "$@"
}
inside='cat /proc/self/cgroup; cat "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/memory.max"'

echo "# alone"
as_user . "$driver" foreground name=c1 limit=v2.memory.max:33554432 -- /bin/sh -c "$inside"
echo "# from the leaf that the first went to"
as_user lxc.pivot "$driver" life name=c2 dir=deep/er limit=v2.memory.max:16777216 -- /bin/sh -c "$inside" | cat
find "$top" -mindepth 1 -depth -type d -exec rmdir {} +
for controller in $(cat "$top/cgroup.subtree_control"); do echo "-$controller" > "$top/cgroup.subtree_control"; done
echo "# with another"
as_user . sleep 30 &
until other=$(cat "$top/cgroup.procs") && [ -n "$other" ]; do sleep 0.1; done
as_user . "$driver" foreground name=c3 limit=v2.memory.max:33554432 -- /bin/sh -c "$inside" | sed "s/\\b$other\\b/PID/; s/ pressure .*//"
as_user . "$driver" run name=c4 -- /bin/sh -c 'cat /proc/self/cgroup' | sed "s/\\b$other\\b/PID/; s/ pressure .*//"
kill "$other"
wait 2> /dev/null
echo "# not delegated"
chown 0:0 "$top/cgroup.procs"
as_user . "$driver" run name=c5 -- /bin/sh -c 'cat /proc/self/cgroup' | sed 's/ pressure .*//'
