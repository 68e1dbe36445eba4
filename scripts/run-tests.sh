#!/bin/sh
# run-tests.sh <node --test arguments>: runs tests, says what failed and what was skipped, and adds the counts to $TEST_TALLY.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
exec node --test --test-reporter=./scripts/test-reporter.ts "$@"
