#!/bin/sh
# dist/bin: a link for lxc itself, and one for each tool it knows. dist/libexec: those that people do not start.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist/bin dist/libexec
mkdir -p dist/bin dist/libexec
for tool in lxc $(dist/lxc --list-tools); do ln -s ../lxc "dist/bin/$tool"; done
for helper in $(dist/lxc --list-helpers); do ln -s ../lxc "dist/libexec/$helper"; done
