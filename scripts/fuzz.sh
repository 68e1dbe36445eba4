#!/bin/sh
# fuzz.sh [COUNT [SEED]]: random configurations, natively and under Node: neither may crash, and both must come to the same.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
count=${1-5000}
seed=${2-$(date +%s)}
mkdir -p dist
sh scripts/build.sh test/fuzz/config-fuzz.ts dist/config-fuzz > /dev/null
echo "seed $seed, $count configurations"
dist/config-fuzz "$seed" "$count" > dist/fuzz-native || { tail -n 3 dist/fuzz-native; exit 1; }
node test/fuzz/config-fuzz.ts "$seed" "$count" > dist/fuzz-node || { tail -n 3 dist/fuzz-node; exit 1; }
if ! cmp -s dist/fuzz-native dist/fuzz-node; then
  echo "the engines differ from here on (the number of the configuration, and a digest):" >&2
  diff dist/fuzz-native dist/fuzz-node | head -n 4 >&2
  exit 1
fi
echo "no crash, and the same in both engines"
