import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../base/errors.ts";
import { denialError } from "./kernel-log-advice.ts";
import { denialIn } from "./kernel-log-denials.ts";

const OWN = "lxc-c1_</var/lib/lxc>";
const HEAD = "5,371,8190213,-;audit: type=1400 audit(1700000000.123:45): ";

/** The error that a denial becomes, or nothing for any other record. */
function told(text: string): string[] {
  const denial = denialIn(text.startsWith("apparmor=") || text.startsWith("avc:") ? HEAD + text : text);
  return denial === undefined ? [] : describe(denialError(denial, OWN));
}

test("a mount that a container's own profile denied, and the line that allows it", () => {
  const line = `apparmor="DENIED" operation="mount" class="mount" info="failed flags match" error=-13 profile="${OWN}" name="/mnt/" pid=321 comm="mount" fstype="ext4" srcname="/dev/loop0" flags="rw, nosuid"`;
  deepEqual(told(line), [
    `cannot mount /dev/loop0 on /mnt/ (rw, nosuid): AppArmor denied it to mount (profile ${OWN})`,
    "  hint: add lxc.apparmor.raw = mount fstype=ext4 options=(rw, nosuid) /dev/loop0 -> /mnt/,",
  ]);
  equal(denialIn(HEAD + line)?.pid, 321);
});

test("files, capabilities, signals and traces have rules of their own", () => {
  const hints = [
    `apparmor="DENIED" operation="open" profile="${OWN}//&:ns:p" name="/proc/1/mem" pid=1 comm="x" requested_mask="rwc" denied_mask="wc" fsuid=0 ouid=0`,
    `apparmor="DENIED" operation="exec" profile="p" name="/bin/sh" pid=1 comm="x" requested_mask="x" denied_mask="x" fsuid=0 ouid=0`,
    `apparmor="DENIED" operation="capable" profile="p" pid=1 comm="x" capability=21  capname="sys_admin"`,
    `apparmor="DENIED" operation="signal" profile="p" pid=1 comm="x" requested_mask="send" denied_mask="send" signal=term peer="${OWN}"`,
    `apparmor="DENIED" operation="ptrace" profile="p" pid=1 comm="x" requested_mask="trace" denied_mask="trace" peer="unconfined"`,
    `apparmor="DENIED" operation="pivotroot" profile="p" name="/mnt/" pid=1 comm="x" srcname="/mnt/"`,
    `apparmor="DENIED" operation="create" profile="p" pid=1 comm="x" family="packet" sock_type="raw" protocol=768 requested_mask="create" denied_mask="create"`,
  ].map((line) => told(line)[1]);
  deepEqual(hints, [
    "  hint: add lxc.apparmor.raw = /proc/1/mem w,",
    "  hint: add to the profile p: /bin/sh ix,",
    "  hint: add to the profile p: capability sys_admin,",
    `  hint: add to the profile p: signal (send) set=(term) peer="${OWN}",`,
    "  hint: add to the profile p: ptrace (trace) peer=unconfined,",
    "  hint: add to the profile p: pivot_root /mnt/,",
    "  hint: add to the profile p: network packet raw,",
  ]);
});

test("a label that is not there is no rule's fault", () => {
  const line = `apparmor="DENIED" operation="change_onexec" info="label not found" error=-2 profile="unconfined" name="nope" pid=7 comm="lxc-start"`;
  deepEqual(told(line), [
    "cannot change to the profile nope: AppArmor denied it to lxc-start (profile unconfined): label not found",
  ]);
});

test("SELinux says which domain may not do what to which type", () => {
  const line =
    'avc:  denied  { read entrypoint } for  pid=12 comm="lxc-start" path="/sbin/init" dev="vda" ino=5 scontext=u:r:a_t:s0 tcontext=system_u:object_r:init_exec_t:s0 tclass=file permissive=0';
  deepEqual(told(line), [
    "cannot read and entrypoint /sbin/init: SELinux denied it to lxc-start (u:r:a_t:s0 on the file system_u:object_r:init_exec_t:s0)",
    "  hint: add to the policy: allow a_t init_exec_t:file { read entrypoint };",
  ]);
  deepEqual(told(line.replace("permissive=0", "permissive=1")), []);
  deepEqual(told(line.replace(/ scontext=\S+/, "")), []);
});

test("names in hexadecimal digits are read, and what they hide neither steers a terminal nor widens a rule", () => {
  const hidden = Buffer.from('/a\x1b[2J" b').toString("hex").toUpperCase();
  const opened = (name: string) =>
    told(`apparmor="DENIED" operation="open" profile="${OWN}" name=${name} pid=1 comm=612062 denied_mask="r"`);
  deepEqual(opened(hidden), [`cannot open /a\\x1b[2J" b: AppArmor denied it to a b (profile ${OWN})`]);
  deepEqual(opened('"/tmp/{,**}"'), [`cannot open /tmp/{,**}: AppArmor denied it to a b (profile ${OWN})`]);
  const blank = Buffer.from("/a b").toString("hex").toUpperCase();
  equal(opened(blank)[1], '  hint: add lxc.apparmor.raw = "/a b" r,');
});

test("only the kernel's own word counts, and only whole lines of it", () => {
  const denied = `audit: type=1400 audit(1:2): apparmor="DENIED" operation="open" profile="p" name="/a" pid=1 denied_mask="r"`;
  equal(told(`4,1,2,-;${denied}`).length, 2);
  const others = [
    // What a program writes to /dev/kmsg has a facility.
    `12,1,2,-;${denied}`,
    `4,1,2,-;init: ${denied}`,
    "4,1,2,-;audit: type=1107 audit(1:2): pid=1 uid=0 msg='avc:  denied  { x } for  scontext=a tcontext=b tclass=c'",
    `4,1,2,-;audit: type=1400 audit(1:2): apparmor="ALLOWED" operation="open" profile="p" name="/a"`,
    `4,1,2,-;x\n ${denied}`,
    ...["", ";", "4,1,2,-", `${denied}`, `-1,1,2,-;${denied}`, "4,1,2,-;audit: type=1400 audit(1:2)"],
    '4,1,2,-;audit: type=1400 audit(1:2): apparmor="DENIED" ',
    '4,1,2,-;audit: type=1400 audit(1:2): apparmor="DENIED" operation',
    "4,1,2,-;audit: type=1400 audit(1:2): avc:  denied  { read",
    "4,1,2,-;audit: type=1400 audit(1:2): avc:  denied  { read } for ",
  ];
  deepEqual(
    others.map(told),
    others.map(() => []),
  );
  equal(told(`4,1,2,-;${denied.slice(0, -20)}`).length, 1);
});

test("of a name that comes twice the first counts, so that nothing behind can change it", () => {
  const line = `apparmor="DENIED" operation="open" profile="p" name="/a" pid=5 comm="c" denied_mask="r" profile="${OWN}" pid=6`;
  const denial = denialIn(HEAD + line);
  deepEqual([denial?.subject, denial?.pid], ["p", 5]);
});
