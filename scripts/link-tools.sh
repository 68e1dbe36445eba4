#!/bin/sh
# dist/bin: a link for lxc itself, and one for each tool it knows.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist/bin
mkdir -p dist/bin
for tool in lxc $(dist/lxc --list-tools); do ln -s ../lxc "dist/bin/$tool"; done
