#!/bin/sh
# hot-functions.sh: writes scripts/hot-functions.txt anew, from what the tools go through in the life of a container. Root.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
here=$(mktemp -d)
trap '[ ! -d "$here/containers/hot" ] || dist/bin/lxc-destroy -P "$here/containers" -n hot -f; rm -rf "$here"' EXIT
mkdir "$here/containers"
rm -f dist/lxc
KEEP=$here sh scripts/build.sh src/faces/cli/main.ts dist/lxc
gcc -O2 -Wall -Wextra -o "$here/used-functions" scripts/used-functions.c
nm -S "$here/program.linked" | awk 'NF == 4 && $3 ~ /[tTwW]/ { print $1, $4 }' > "$here/functions"

cat > "$here/life" <<'END'
set -eu
path=$1
tool() {
  name=$1
  shift
  dist/bin/lxc-"$name" -P "$path" "$@" > /dev/null
}
tool create -n hot -t busybox -f /dev/null
printf 'lxc.net.0.type = veth\nlxc.net.0.flags = up\n' >> "$path/hot/config"
tool start -n hot
tool info -n hot
tool info -n hot -sH
tool ls
tool ls -f
tool top --once
tool attach -n hot -- /bin/true
tool freeze -n hot
tool unfreeze -n hot
tool wait -n hot -s RUNNING
tool stop -n hot -k
tool execute -n hot -- /bin/true
tool destroy -n hot
END
# From a read-only mount: what enters containers would map its text anew (shim/protect.c), without the breakpoints.
"$here/used-functions" dist/lxc "$here/functions" unshare --net --mount sh -euc '
  mount --bind dist/lxc dist/lxc
  mount -o remount,bind,ro dist/lxc
  exec sh "$1" "$2"' sh "$here/life" "$here/containers" > "$here/used"
node scripts/hot-list.ts "$here/program.c" < "$here/used" > "$here/list"
mv "$here/list" scripts/hot-functions.txt
wc -l scripts/hot-functions.txt
