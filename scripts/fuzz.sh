#!/bin/sh
# fuzz.sh [COUNT [SEED]]: random configurations and seccomp policies, natively and under Node: neither may crash, and both
# must come to the same.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
count=${1-5000}
seed=${2-$(date +%s)}
mkdir -p dist
echo "seed $seed, $count of each"
for topic in config seccomp; do
  sh scripts/build.sh test/fuzz/$topic-fuzz.ts dist/$topic-fuzz > /dev/null
  dist/$topic-fuzz "$seed" "$count" > dist/fuzz-native || { tail -n 3 dist/fuzz-native; exit 1; }
  node test/fuzz/$topic-fuzz.ts "$seed" "$count" > dist/fuzz-node || { tail -n 3 dist/fuzz-node; exit 1; }
  if ! cmp -s dist/fuzz-native dist/fuzz-node; then
    echo "$topic: the engines differ from here on (the number of the case, and a digest):" >&2
    diff dist/fuzz-native dist/fuzz-node | head -n 4 >&2
    exit 1
  fi
done
echo "no crash, and the same in both engines"
