#!/bin/sh
# The programs by which tests drive single parts, one for each processor at a time; a test that builds its own again finds it done.
set -eu
cd "$(dirname "$0")/.."
for driver in test/system/drivers/*.ts; do
  # What cannot be built is a test.
  [ "$driver" = test/system/drivers/loaded-too-early.ts ] || echo "$driver"
done | xargs -P "$(nproc)" -I{} sh -c 'sh scripts/build.sh "$1" "dist/drivers/$(basename "$1" .ts)"' sh {} > /dev/null
