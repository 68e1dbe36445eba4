#!/bin/sh
# user-manager.sh NAME COMMAND…: runs COMMAND as an ordinary user who has a systemd user manager, where cgroups look like
# those of a host with version 2 alone. Everything is private to this run: its mounts, a cgroup named NAME, and the manager.
#
# Run it by: unshare --mount sh user-manager.sh …. The command is in a cgroup that does not belong to the user.
set -eu
name=$1
shift
id=54321
mount --make-rprivate /
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system "/run/user/$id"
chown "$id:$id" "/run/user/$id"
chmod 700 "/run/user/$id"
# A bus wants to know the name of its user.
grep -q "^lxcts-user:" /etc/passwd || {
  cp /etc/passwd /run/passwd
  echo "lxcts-user:x:$id:$id::/tmp:/bin/sh" >> /run/passwd
  mount --bind /run/passwd /etc/passwd
}
top=/sys/fs/cgroup/$name
mkdir "$top" "$top/manager" "$top/session"
manager=

finish() {
  if [ -n "$manager" ]; then kill "$manager" 2>/dev/null || :; fi
  echo 1 > "$top/cgroup.kill"
  left=100
  while [ "$left" -gt 0 ] && grep -q 'populated 1' "$top/cgroup.events"; do sleep 0.05; left=$((left - 1)); done
  find "$top" -depth -type d -exec rmdir {} +
}
trap finish EXIT

# A manager may move others only below a cgroup that it may write to; on a real host the system's manager does it for it.
chown "$id:$id" "$top/cgroup.procs"
for file in . cgroup.procs cgroup.threads cgroup.subtree_control; do chown "$id:$id" "$top/manager/$file"; done

# as_user CGROUP COMMAND…
as_user() {
  cgroup=$1
  shift
  # shellcheck disable=SC2016
  sh -c 'echo $$ > "$0/cgroup.procs"; id=$1; shift
    exec env -i PATH="$PATH" HOME=/tmp XDG_RUNTIME_DIR="/run/user/$id" setpriv --reuid "$id" --regid "$id" --clear-groups "$@"' \
    "$cgroup" "$id" "$@"
}

as_user "$top/manager" /usr/lib/systemd/systemd --user --unit=basic.target --log-level=err > /run/manager.log 2>&1 &
manager=$!
left=200
until [ -S "/run/user/$id/systemd/private" ] && as_user "$top/session" systemctl --user is-system-running > /run/state 2>&1; do
  left=$((left - 1))
  if [ "$left" -eq 0 ]; then cat /run/state /run/manager.log >&2; exit 99; fi
  sleep 0.05
done
as_user "$top/session" "$@"
