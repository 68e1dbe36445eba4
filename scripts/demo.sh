#!/bin/sh
# A container's whole life, from a fresh clone: `npm run demo`. Every command is shown as a person would type it, above what it really printed.
set -u
cd "$(dirname "$0")/.."
export PATH="$PWD/dist/bin:$PATH:/usr/sbin:/sbin"

give_up() {
  echo "demo: $1" >&2
  exit 1
}

if [ "${1-}" != inside ]; then
  [ "$(id -u)" = 0 ] || give_up "it makes namespaces and a bridge of its own, which needs root; run: sudo npm run demo"
  sh scripts/setup.sh || give_up "set-up failed, see above"
  if [ ! -x dist/lxc ] || [ ! -d dist/bin ] || [ -n "$(find src shim scripts/build.sh package-lock.json -newer dist/lxc)" ]; then
    echo "building dist/lxc"
    npm run --silent build || give_up "the build failed, see above"
  fi
  # In a network namespace of its own its bridge and addresses meet nobody else's, and what it mounts is seen by nobody else.
  exec unshare --net --mount sh scripts/demo.sh inside
fi

name=demo$$ bridge=lxcts-demo0

# Shows a command, runs it, and ends the demo unless it ends with exit code $2, or 0.
run() {
  printf '$ %s\n' "$1"
  eval "$1" < /dev/null 2>&1
  code=$?
  [ $code = "${2-0}" ] || give_up "this step failed with exit code $code: $1"
  [ $code = 0 ] || echo "(exit code $code)"
}

step() { printf '\n# %s\n' "$1"; }

# Removes container $2 below $1. What still runs can be asked only in its monitor's network namespace.
remove() {
  monitor=$(grep -l "^.lxc monitor. $1 $2" /proc/[0-9]*/cmdline 2> /dev/null | cut -d / -f 3)
  [ ! -e "$1/$2" ] || nsenter --net="/proc/${monitor:-self}/ns/net" lxc-destroy -f -n "$2" -P "$1" > /dev/null 2>&1
  rm -rf --one-file-system "$1"
  rmdir -p "/run/lxc/lock$1" 2> /dev/null
}

# What an earlier demo left whose shell was killed. Only folders that are ours: others may write to /tmp.
remove_earlier() {
  for old in /tmp/lxcts-demo.*; do
    if [ ! -O "$old" ] || [ -L "$old" ] || [ -d "/proc/$(cat "$old/pid")" ]; then continue; fi
    remove "$old" "demo$(cat "$old/pid")"
  done
}

# Sets $left to what there still is of this demo, one thing a line.
look_for_leftovers() {
  left=$(
    find /sys/fs/cgroup -name "*$name*" -o -name "*$lxcpath*"
    ip -o link | grep -e veth -e $bridge
    grep -F "$lxcpath" /proc/self/mountinfo
    [ ! -d /run/lxc/net ] || find /run/lxc/net -type f
    ls -d "$lxcpath" "/run/lxc/lock$lxcpath" 2> /dev/null
  )
  # No command may run in this loop: it would be one more process in our network.
  for process in /proc/[0-9]*; do
    if [ "$process/ns/net" -ef "/proc/$$/ns/net" ] && [ "$process" != /proc/$$ ]; then left="$left process ${process#/proc/}"; fi
  done
}

# A monitor says that its container has stopped a moment before it ends itself.
clean_up() {
  code=$?
  trap '' INT TERM HUP
  remove "$lxcpath" "$name"
  [ ! -e /run/lxc/network_up ] || lxc-net stop
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    look_for_leftovers
    [ -n "$left" ] || break
    sleep 0.1
  done
  [ -z "$left" ] || give_up "this was left behind: $left"
  echo "Nothing is left of it: no process, cgroup, network device, mount or file."
  exit $code
}

remove_earlier
lxcpath=$(mktemp -d /tmp/lxcts-demo.XXXX) || give_up "cannot make a folder in /tmp"
trap clean_up EXIT
trap 'echo "demo: interrupted" >&2; exit 130' INT TERM HUP
echo $$ > "$lxcpath/pid"
config=$lxcpath/first.conf
limit="lxc.limit.memory = 32M"
# What does not fit into its memory must not go to the disk instead.
[ "$(wc -l < /proc/swaps)" -lt 2 ] || limit="$limit
lxc.limit.memory.swap = 0"
of="-n $name -P $lxcpath"

# Settings and state of lxc-net that only the demo sees; the host would know names by systemd-resolved or such a line in resolv.conf.
ip link set lo up
mkdir -p /run/lxc /var/lib/misc
for folder in /run/lxc /etc/default /var/lib/misc; do mount -t tmpfs demo "$folder" || give_up "cannot mount $folder"; done
printf 'LXC_BRIDGE=%s\nLXC_DHCP_PING=false\n' $bridge > /etc/default/lxc-net
echo "nameserver 10.0.3.1" > /run/lxc/resolv.conf
mount --bind /run/lxc/resolv.conf /etc/resolv.conf || give_up "cannot mount /etc/resolv.conf"

step "The bridge that containers are connected to, with addresses, names and a way out: here in a network namespace of its own, so that nothing of the host is touched."
run "lxc-net start"

step "What the container's configuration begins with: its network, and 32 MiB of memory."
cat > "$config" << EOF
lxc.net.0.type = veth
lxc.net.0.link = $bridge
lxc.net.0.flags = up
$limit
EOF
run "cat $config"

step "Make it, and start it."
run "lxc-create -t busybox -f $config $of"
run "lxc-config check $lxcpath/$name/config"
run "lxc-start $of"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if lxc-net status $name -P "$lxcpath" > /dev/null 2>&1; then break; fi
  sleep 0.5
done
run "lxc-ls -f -P $lxcpath"
run "lxc-info $of"

step "Run commands in it, and reach it from outside."
run "lxc-attach $of -- hostname"
run "lxc-attach $of -- ip address show dev eth0"
run "lxc-attach $of -- ps"
run "ping -c 3 -i 0.2 -W 2 $name.lxc"
run "lxc-net status $name -P $lxcpath"

step "Freeze it, and thaw it."
run "lxc-freeze $of"
run "lxc-info -s $of"
run "lxc-unfreeze $of"
run "lxc-info -s $of"

step "16 MiB fit into its memory, 64 MiB do not: the kernel kills what wants them (128 + SIGKILL)."
run "lxc-attach $of -- dd if=/dev/zero of=/dev/null bs=16M count=1"
run "lxc-attach $of -- dd if=/dev/zero of=/dev/null bs=64M count=1" 137

step "Stop it, and destroy it."
run "lxc-stop $of"
run "lxc-info -s $of"
run "lxc-destroy $of"
run "lxc-net stop"
echo
