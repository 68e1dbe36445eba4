#!/bin/sh
# guest.sh uml|qemu...: tests in guests with a kernel of their own. Build first. Where guests cannot be had it says why, and fails;
# as a part of `npm test` it counts them as skipped instead. Installs what they need from Debian when root.
set -u
cd "$(dirname "$0")/.."

needs_of() {
  echo mmdebstrap:mmdebstrap e2fsprogs:mke2fs util-linux:setpriv
  case $1 in
    uml) echo user-mode-linux:linux.uml ;;
    qemu) echo qemu-system-x86:qemu-system-x86_64 qemu-system-common:/usr/lib/qemu/virtiofsd xz-utils:xz zstd:zstd ;;
  esac
}

# The test files whose guest is a $1.
files_of() {
  grep --files-with-matches "useGuest({ backend: \"$1\"" test/guest/*.test.ts
}

# Whether a guest of that kind runs on this processor.
runs() {
  [ "$1" = uml ] || return 0
  mkdir -p dist
  gcc -O1 -Wall -Werror test/guest/uml-registers.c -o dist/uml-registers && dist/uml-registers
}

# Ends this with the reason $1.
leave_out() {
  echo "guest: not run, because $1"
  [ -n "${TEST_TALLY-}" ] || exit 1
  count=0
  # shellcheck disable=SC2046
  for backend in $backends; do count=$((count + $(cat $(files_of "$backend") | grep -c '^test('))); done
  echo "0 0 $count guest: not run, because $1" >> "$TEST_TALLY"
  exit 0
}

backends=$*
files=
said=$(mktemp)
trap 'rm -f "$said"' EXIT
[ "$(id -u)" = 0 ] || leave_out "building them needs root"
command -v apt-get > /dev/null || leave_out "they are made of Debian's packages, and this is no Debian"
for backend in $backends; do
  # shellcheck disable=SC2046
  sh scripts/setup.sh $(needs_of "$backend") 2> "$said" || leave_out "packages are missing: $(tail -n 1 "$said")"
  runs "$backend" 2> "$said" || leave_out "the $backend guest knows fewer registers than this processor has: $(tail -n 1 "$said")"
  sh test/guest/build.sh "$backend" > /dev/null 2> "$said" || leave_out "the $backend guest cannot be built: $(tail -n 1 "$said")"
  cat "$said"
  files="$files $(files_of "$backend")"
done
# Guests meet nothing of each other, so two files at once. A test that hangs is ended, and its guest with it.
# shellcheck disable=SC2086
sh scripts/run-tests.sh --test-concurrency=2 --test-timeout=600000 $files
