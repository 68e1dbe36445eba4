#!/bin/sh
# setup.sh [package:file...]: what a fresh clone lacks, installed or named: npm packages, then Debian's. Quick when nothing is to do.
set -eu
cd "$(dirname "$0")/.."

# Each Debian package with a command or file it brings. LXC's own tools are what test/compat compares with.
needs="musl-tools:musl-gcc linux-libc-dev:/usr/include/linux/sched.h busybox-static:busybox uidmap:newuidmap
  iproute2:ip iputils-ping:ping strace:strace lxc:lxc-start zsh:zsh groff-base:groff
  dnsmasq-base:dnsmasq nftables:nft iptables:iptables jq:jq
  xz-utils:xz zstd:zstd bzip2:bzip2 libcap2-bin:setcap $*"

is_there() {
  case $1 in
    /*) test -e "$1" ;;
    *) command -v "$1" > /dev/null ;;
  esac
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  options="--yes --quiet --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0"
  # shellcheck disable=SC2086
  apt-get install $options "$@" > /dev/null 2>&1 || {
    apt-get update --quiet > /dev/null
    apt-get install $options "$@" > /dev/null
  }
}

PATH=$PATH:/usr/sbin:/sbin
missing=
for need in $needs; do
  is_there "${need#*:}" || missing="$missing ${need%%:*}"
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing Debian packages:$missing"
    # shellcheck disable=SC2086
    install_packages $missing
  else
    echo "missing:$missing; as root, run: apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
fi

# A linked node_modules belongs to another tree, which keeps it up to date.
if [ ! -L node_modules ] && ! cmp -s package-lock.json node_modules/.installed-lock; then
  echo "installing npm packages"
  npm ci --loglevel=error --no-audit --no-fund < /dev/null
  cp package-lock.json node_modules/.installed-lock
fi
