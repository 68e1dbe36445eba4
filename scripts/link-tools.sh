#!/bin/sh
# dist/bin/lxc-*: one link for each tool that dist/lxc knows.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist/bin
mkdir -p dist/bin
for tool in $(dist/lxc --list-tools); do ln -s ../lxc "dist/bin/$tool"; done
