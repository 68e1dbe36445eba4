#!/bin/sh
# The real executable on the real kernel, attacked, and beside LXC's own tools. Build first. One file at a time: they share the machine.
set -eu
cd "$(dirname "$0")/.."
sh scripts/build-drivers.sh
exec sh scripts/run-tests.sh --test-concurrency=1 'test/isolation/**/*.test.ts' 'test/networks/**/*.test.ts' 'test/options/**/*.test.ts' 'test/system/**/*.test.ts' 'test/cve/**/*.test.ts' 'test/compat/**/*.test.ts'
