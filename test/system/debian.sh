#!/bin/sh
# debian.sh: prints the folder of a small Debian with systemd as its init, made once with mmdebstrap and kept outside of the tree. Needs
# root, Debian, and its packages; says in one line what is missing otherwise.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/../../scripts/setup.sh" mmdebstrap:mmdebstrap > /dev/null
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
key=$(cat "$0" /etc/debian_version | sha256sum | cut -c 1-12)
made=${XDG_CACHE_HOME:-$HOME/.cache}/lxc-ts-debian/$key
if [ ! -d "$made" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  entry="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \$(SITE) \$(CODENAME) \$(COMPONENT)"
  list() { apt-get indextargets --format "$entry" "Created-By: Packages" "Origin: Debian" "Component: main" | grep " $release " | sort -u; }
  list > "$work/sources.list" || { apt-get update --quiet > /dev/null 2>&1; list > "$work/sources.list"; }
  mmdebstrap --quiet --mode=root --variant=minbase --format=directory --include=systemd,systemd-sysv,dbus \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$release" "$work/root" "$work/sources.list" > "$work/log" 2>&1 || { tail -n 1 "$work/log" >&2; exit 1; }
  rm -rf "$work"/root/var/cache/apt/*.bin "$work"/root/var/lib/apt/lists/*
  mkdir -p "$(dirname "$made")"
  # Complete, or not there.
  cp -a "$work/root" "$made.$$" && mv "$made.$$" "$made"
fi
echo "$made"
