#!/bin/sh
# Everything a reviewer would do, without root: types, format and lint, layers, sizes, compiler traps, unit tests.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
tsc
biome check --error-on-warnings .
node scripts/check-layers.ts
node scripts/check-sizes.ts
node scripts/check-traps.ts
sh scripts/run-tests.sh 'src/**/*.test.ts' 'scripts/**/*.test.ts' 'test/abi/**/*.test.ts'
