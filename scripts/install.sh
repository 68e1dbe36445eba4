#!/bin/sh
# install.sh [--destdir DIR] [--prefix /usr] [--replace] | --uninstall: what was built, onto this system or below a folder. Build first.
# PREFIX/share/lxc-ts/manifest lists what is ours: a path a line, a folder that was made with a / at its end.
set -eu
umask 022
export LC_ALL=C
setuid='lxc-user-nic lxc-user-publish'
prefix=/usr destdir='' replace=0 action=install tab=$(printf '\t')
give_up() { printf 'install: %s\n' "$1" >&2 && exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --replace) replace=1 ;;
    --uninstall) action=uninstall ;;
    --destdir | --prefix)
      [ $# -gt 1 ] || give_up "$1 needs a folder"
      if [ "$1" = --prefix ]; then prefix=${2%/}; else destdir=${2%/}; fi
      shift
      ;;
    *) give_up "unknown option $1; use: sh scripts/install.sh [--destdir DIR] [--prefix /usr] [--replace] [--uninstall]" ;;
  esac
  shift
done
case $prefix in [!/]* | *[!A-Za-z0-9/._+-]*) give_up "--prefix $prefix must begin with / and have letters, digits and ._+- only" ;; esac
case $destdir in '' | /*) ;; *) destdir=$PWD/$destdir ;; esac
cd "$(dirname "$0")/.."
share=$prefix/share manifest=$prefix/share/lxc-ts/manifest reference=$prefix/share/lxc-ts/default.conf default=/etc/lxc/default.conf
work=$(mktemp -d) && trap 'rm -r "$work"' EXIT
plan=$work/plan ours=$work/ours old=$work/old
sort "$destdir$manifest" > "$old" 2> /dev/null || : > "$old"

# remove <list>: the files of a list of paths, then its folders, where nothing else is in them.
remove() {
  grep -v '/$' "$1" | while read -r path; do rm -f "$destdir$path"; done
  grep '/$' "$1" | sort -r | while read -r path; do rmdir "$destdir$path" 2> /dev/null || true; done
}

if [ $action = uninstall ]; then
  [ -s "$old" ] || give_up "there is nothing to uninstall: no $destdir$manifest"
  if cmp -s "$destdir$default" "$destdir$reference"; then cp "$old" "$ours"; else grep -vxF "$default" "$old" > "$ours"; fi
  remove "$ours"
  echo "uninstalled $(grep -vc '/$' "$ours") files from ${destdir:-/}"
  if [ -e "$destdir$default" ]; then echo "kept $destdir$default, which is not ours, or no longer"; fi
  exit
fi

[ -x dist/lxc ] || give_up "there is no dist/lxc; run: npm run build"
# The plan: what is to be copied where, a line each. A source of "lxc", or of ../../bin/lxc, is a link to that.
{
  echo "dist/lxc$tab$prefix/bin/lxc"
  for tool in $(dist/lxc --list-tools); do echo "lxc$tab$prefix/bin/$tool"; done
  for helper in $(dist/lxc --list-helpers); do echo "../../bin/lxc$tab$prefix/libexec/lxc/$helper"; done
  for helper in $setuid; do echo "dist/libexec/$helper$tab$prefix/libexec/lxc/$helper"; done
  for unit in share/systemd/*; do echo "$unit$tab$prefix/lib/systemd/system/${unit##*/}"; done
  find share dist/share \( -type f -o -type l \) ! -path share/lxc/default.conf ! -path 'share/systemd/*' 2> /dev/null | sed -E "s|^(dist/)?share/(.*)|&$tab$share/\2|"
  echo "share/lxc/default.conf$tab$reference"
  [ -e "$destdir$default" ] || echo "share/lxc/default.conf$tab$default"
} > "$plan"
{ cut -f 2 "$plan" && echo "$manifest" && grep -xF "$default" "$old"; } | sort -u > "$ours"

# Others may have put files where ours go. A folder there is never replaced.
comm -23 "$ours" "$old" | while read -r path; do
  if [ -d "$destdir$path" ] || { [ $replace = 0 ] && { [ -e "$destdir$path" ] || [ -L "$destdir$path" ]; }; }; then echo "  $destdir$path"; fi
done > "$work/foreign"
[ ! -s "$work/foreign" ] || give_up "these are in the way, and not ours; remove the package they belong to (such as lxc), or give --replace:
$(cat "$work/foreign")"

mkdir -p "$destdir/"
while read -r path; do
  folder=${path%/*}
  until [ -d "$destdir$folder/" ]; do echo "$folder/" && folder=${folder%/*}; done
done < "$ours" > "$work/folders"
# The manifest comes first, with what is old and new, so that an interrupted installation can be taken back.
{ mkdir -p "$destdir${manifest%/*}" && sort -u "$ours" "$old" "$work/folders" > "$destdir$manifest"; } 2> /dev/null ||
  give_up "cannot write to $destdir${manifest%/*}; run this as root, or give --destdir"
while IFS=$tab read -r source path; do
  # Made beside and renamed: a program that runs cannot be written to, and no one sees half a file.
  made=$destdir$path.new && mkdir -p "${made%/*}" && rm -f "$made"
  case $source in
    lxc | */bin/lxc) ln -s "$source" "$made" ;;
    # What is started is where it is installed, and so are the configuration files that name each other.
    share/systemd/* | share/lxc/sysvinit/*) sed "s|/usr/libexec/lxc/|$prefix/libexec/lxc/|; s|/usr/bin/lxc-|$prefix/bin/lxc-|" "$source" > "$made" ;;
    share/*) sed "s|/usr/share/lxc/|$share/lxc/|g" "$source" > "$made" ;;
    *) cp -P "$source" "$made" ;;
  esac
  if [ ! -L "$made" ]; then if [ -x "$source" ]; then chmod 755 "$made"; else chmod 644 "$made"; fi; fi
  # Ordinary users get their network devices and ports from them.
  case " $setuid " in *" ${source#dist/libexec/} "*) if [ "$(id -u)" = 0 ]; then chown 0:0 "$made" && chmod 4755 "$made"; fi ;; esac
  mv -f "$made" "$destdir$path"
done < "$plan"
# What an older version had, and this one has not.
grep -v '/$' "$old" | comm -23 - "$ours" > "$work/gone"
remove "$work/gone"
grep '/$' "$old" | sort -u - "$ours" "$work/folders" > "$destdir$manifest"
echo "installed $destdir$prefix/bin/lxc, $(grep -c "^lxc$tab" "$plan") links to it, and $(grep -c "$tab$share/" "$plan") files in $destdir$share"
if grep -q "$tab$default\$" "$plan"; then echo "installed $destdir$default"; else echo "kept $destdir$default as it was"; fi
for helper in $setuid; do
  path=$destdir$prefix/libexec/lxc/$helper
  if [ -u "$path" ]; then echo "installed $path, setuid root"; else echo "installed $path; ordinary users have what it gives once it is root's: chown root:root and chmod 4755"; fi
done
echo "sh scripts/install.sh --uninstall takes it back; the list is $destdir$manifest"
