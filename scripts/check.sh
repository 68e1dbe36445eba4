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
# One process for all files: a tenth of the time, and unit tests share no state but the fake kernel each makes anew.
sh scripts/run-tests.sh --test-isolation=none 'src/**/*.test.ts' 'scripts/**/*.test.ts' 'test/abi/**/*.test.ts'
