#!/bin/sh
# build.sh uml|qemu: makes what a guest boots from, unless it is there, and prints the folder of it. Needs root and Debian.
#
#   uml    disk.ext4    Debian of the host's release; the kernel and its modules are the package user-mode-linux
#   qemu   disk.ext4    Debian trixie with systemd, SELinux's policy, and the modules of its kernel
#          vmlinux      that kernel, unpacked: it boots in half the time
#          initrd       busybox and the modules that find the disk
#
# The folder is outside of the tree, named after all that it is made from, and appears when it is complete. One that nobody has used for a
# month is removed.
set -eu
backend=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lxc-ts-guest
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
packages=apparmor,busybox-static,iproute2,kmod,lxc,nftables,procps,uidmap
if [ "$backend" = qemu ]; then
  release=trixie
  packages=$packages,dbus,policycoreutils,selinux-policy-default,systemd,systemd-sysv,udev
fi
key=$(cat "$here/build.sh" "$here/boot.sh" /etc/debian_version | sha256sum | cut -c 1-12)
made=$cache/$backend-$key

# Debian's sources of this host, for release $1.
sources() {
  host_sources > "$work/host.list"
  [ -s "$work/host.list" ] || { apt-get update --quiet > "$work/log" 2>&1 && host_sources > "$work/host.list"; } || true
  own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  sed "s/ $own/ $1/" "$work/host.list" > "$work/sources.list"
  [ -s "$work/sources.list" ] || fail "apt knows no packages of Debian here"
}

host_sources() {
  entry="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \$(SITE) \$(CODENAME) \$(COMPONENT)"
  apt-get indextargets --format "$entry" "Created-By: Packages" "Origin: Debian" "Component: main" | sort -u
}

fail() {
  echo "$1" >&2
  exit 1
}

# A Debian in $work/root, without what nobody reads there.
system() {
  sources "$release"
  mmdebstrap --quiet --mode=root --variant=minbase --format=directory --include="$packages" "$@" \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$release" "$work/root" "$work/sources.list" > "$work/log" 2>&1 || fail "mmdebstrap: $(grep -m 1 '^E: ' "$work/log" || tail -n 1 "$work/log")"
  install -m 755 "$here/boot.sh" "$work/root/usr/local/sbin/guest-boot"
}

# Sparse, with room for containers; guests write to copies.
disk() {
  truncate -s 2G "$work/new/disk.ext4"
  mke2fs -q -t ext4 -O ^has_journal -d "$work/root" "$work/new/disk.ext4"
}

make_uml() {
  system
}

# The kernel of its release goes into the same system, for its modules; nothing of it is configured there.
make_qemu() {
  system --customize-hook='chroot "$1" sh -c "cd /tmp && apt-get download --quiet \$(apt-cache depends linux-image-cloud-amd64 | sed -n \"s/.*Depends: //p\")"' \
    --customize-hook='dpkg --extract "$1"/tmp/linux-image-*.deb "$1"' --customize-hook='rm "$1"/tmp/linux-image-*.deb'
  version=$(ls "$work/root/usr/lib/modules")
  chroot "$work/root" depmod "$version"
  unpack_kernel "$work/root/boot/vmlinuz-$version" "$work/new/vmlinux"
  initrd "$work/root/usr/lib/modules/$version/kernel" > "$work/new/initrd"
  rm "$work/root/boot/vmlinuz-$version" "$work/root/boot/System.map-$version"
  unit
  label
}

# A compressed kernel has the real one inside, behind its own unpacker.
unpack_kernel() {
  begins=$(LC_ALL=C grep --only-matching --byte-offset --text --perl-regexp '\x28\xb5\x2f\xfd' "$1" | cut -d : -f 1)
  for begin in $begins; do
    tail -c "+$((begin + 1))" "$1" | zstd --decompress --quiet --stdout > "$2" 2>> "$work/log" || true
    ! head -c 4 "$2" | grep -q ELF || return 0
  done
  fail "there is no kernel packed by zstd in $1"
}

# What mounts the disk: busybox, and the modules below folder $1 that it takes.
initrd() {
  mkdir -p "$work/initrd/bin" "$work/initrd/dev" "$work/initrd/proc" "$work/initrd/root"
  cp "$work/root/bin/busybox" "$work/initrd/bin/busybox"
  xz --decompress --stdout "$1/drivers/block/virtio_blk.ko.xz" > "$work/initrd/virtio_blk.ko"
  cat > "$work/initrd/init" << 'END'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox insmod /virtio_blk.ko
/bin/busybox mount -t ext4 -o noatime /dev/vda /root || /bin/busybox poweroff -f
for word in $(/bin/busybox cat /proc/cmdline); do
  case $word in init=*) init=${word#init=} ;; esac
done
/bin/busybox umount /proc
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root "$init"
END
  chmod 755 "$work/initrd/init"
  (cd "$work/initrd" && find . | "$work/root/bin/busybox" cpio -o -H newc)
}

# Under systemd the agent is a service; like a login it may make cgroups of its own.
unit() {
  cat > "$work/root/etc/systemd/system/guest.service" << 'END'
[Unit]
Description=carries out what tests ask for
[Service]
ExecStart=/usr/local/sbin/guest-boot
Delegate=yes
KillMode=process
END
  mkdir -p "$work/root/etc/systemd/system/multi-user.target.wants"
  ln -s ../guest.service "$work/root/etc/systemd/system/multi-user.target.wants/guest.service"
  for name in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    getty@tty1.service lxc.service lxc-monitord.service lxc-net.service modprobe@drm.service modprobe@efi_pstore.service \
    serial-getty@ttyS0.service systemd-networkd-wait-online.service; do
    ln -sf /dev/null "$work/root/etc/systemd/system/$name"
  done
  # Loading those of a hundred programs that are not there takes a third of the boot.
  find "$work/root/etc/apparmor.d" -maxdepth 1 -type f ! -name '*lxc*' -delete
  : > "$work/root/etc/fstab"
}

# The contexts that SELinux's policy gives to files.
label() {
  chroot "$work/root" setfiles -q /etc/selinux/default/contexts/files/file_contexts / 2>> "$work/log" || fail "setfiles: $(tail -n 1 "$work/log")"
}

mkdir -p "$cache"
exec 9> "$cache/lock"
flock 9
if [ ! -d "$made" ]; then
  echo "building the $backend guest in $made" >&2
  work=$cache/build.$$
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/new"
  "make_$backend"
  disk
  mv "$work/new" "$made"
fi
touch "$made"
find "$cache" -mindepth 1 -maxdepth 1 \( -name 'uml-*' -o -name 'qemu-*' -o -name 'build.*' \) -mtime +30 -exec rm -r {} +
echo "$made"
