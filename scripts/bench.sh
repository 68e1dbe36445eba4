#!/bin/sh
# Ours beside LXC, crun, bubblewrap and a floor in C; the numbers go to bench/results.md. Root; minutes.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "npm run bench needs root: containers of the system are measured" >&2; exit 1; }
# Peers that cannot be installed are left out, and named.
sh scripts/setup.sh bubblewrap:bwrap crun:crun || sh scripts/setup.sh
PATH=$PWD/node_modules/.bin:$PATH
npm run --silent build
unshare --mount --net --propagation private node bench/bench.ts
biome format --write bench/results.md > /dev/null
