#!/bin/bash
# Runs in a guest: carries out what the host sends, one line a command, in turn. A fork takes 30 ms in User Mode Linux, so there are few.
#   asked     ID + TEXT      a piece of a bash script; pieces are short because a terminal of User Mode Linux can get stuck when it is full
#   answered  ID
#   asked     ID SECONDS     now run it, for that long at most
#   answered  ID STATUS OUTPUT<tab>ERRORS
# In TEXT, OUTPUT and ERRORS a newline is \n, a tab \t and a backslash \\; they end at a NUL.
export PATH=/lxc-ts/dist/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux LC_ALL=C
read -r -a words < /proc/cmdline
for word in "${words[@]}"; do
  case $word in port=*) port=${word#port=} ;; esac
done
case $port in *tty*) stty -F "$port" raw -echo ;; esac
exec 8<> "$port"
files=$(mktemp -d /run/agent.XXXXXX)
cd /root || exit

# Sets `text` to what is in file $1, as one line.
read_line_of() {
  IFS= read -r -d '' text < "$1"
  text=${text//\\/\\\\}
  text=${text//$'\t'/\\t}
  text=${text//$'\n'/\\n}
}

read -r version < /proc/sys/kernel/osrelease
echo "READY $version" >&8
script=
while IFS= read -r asked <&8; do
  id=${asked%% *}
  asked=${asked#* }
  if [ "${asked:0:2}" = "+ " ]; then
    script+=${asked:2}
    echo "$id " >&8
    continue
  fi
  printf %b "$script" > "$files/script"
  script=
  timeout --kill-after=2 "$asked" bash "$files/script" > "$files/out" 2> "$files/err" < /dev/null 8>&-
  status=$?
  read_line_of "$files/out"
  out=$text
  read_line_of "$files/err"
  printf '%s %s %s\t%s\n' "$id" $status "$out" "$text" >&8
done
