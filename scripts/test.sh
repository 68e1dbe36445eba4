#!/bin/sh
# Everything, from a fresh clone on: set-up, checks, build, and all tests. The last line sums them up; any failure is exit 1.
set -u
cd "$(dirname "$0")/.."
mkdir -p dist
TEST_TALLY=$PWD/dist/tally
export TEST_TALLY
: > "$TEST_TALLY"

# A step that fails without a failed test counts as one.
step() {
  name=$1
  shift
  echo "== $name"
  before=$(failures)
  started=$(date +%s)
  "$@" < /dev/null && { echo "   ($(($(date +%s) - started)) s)"; return 0; }
  [ "$(failures)" -gt "$before" ] || echo "0 1 0" >> "$TEST_TALLY"
  return 1
}

failures() { awk '{ n += $2 } END { print n + 0 }' "$TEST_TALLY"; }

# A line of the tally may end in something to be said.
finish() {
  awk '{ p += $1; f += $2; s += $3 } NF > 3 { sub(/^[0-9]+ [0-9]+ [0-9]+ /, ""); print } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$TEST_TALLY"
  exit
}

# Steps that need little of the machine, or nothing of its state, run beside the others; what they say comes after.
beside() {
  "$1" > dist/beside.log 2>&1 &
  other=$!
}

join() {
  wait "$other"
  cat dist/beside.log
}

engines() {
  step "the same under Node and natively" sh scripts/differential.sh
  step "compiler" sh scripts/run-tests.sh 'test/compiler/**/*.test.ts'
}

guests() { step "guests" sh scripts/guest.sh uml; }

step "set-up" sh scripts/setup.sh || finish
step "check" sh scripts/check.sh
beside engines
step "build" npm run --silent build
built=$?
join
[ $built = 0 ] || finish
beside guests
step "system" sh scripts/system.sh
join
finish
