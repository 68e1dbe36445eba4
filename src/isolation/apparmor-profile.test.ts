import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { golden } from "../../test/fake/golden.ts";
import { denialsForOldParsers } from "./apparmor-old-parsers.ts";
import { isPlainName, type ProfileWish, profileText } from "./apparmor-profile.ts";

const PLAIN: ProfileWish = {
  name: "lxc-c1_</var/lib/lxc>",
  namespace: "lxc-c1_<-var-lib-lxc>",
  isPrivileged: true,
  mayNest: false,
  hasCgroupNamespaces: true,
  kept: undefined,
  dropped: [],
  raw: [],
};
const NESTED: ProfileWish = { ...PLAIN, mayNest: true, isPrivileged: false, kept: ["chown", "fowner"], namespace: "" };

/** The rules of a profile, without comments. */
function rulesOf(wish: ProfileWish): string[] {
  return profileText(wish, "old")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.endsWith(",") && !line.startsWith("#"));
}

test("the profile of a container, and of one with containers and users of its own", () => {
  golden("apparmor-profile", profileText(PLAIN, "new").split("\n"));
  golden("apparmor-nested", profileText(NESTED, "new").split("\n"));
});

test("capabilities are those of lxc.cap.keep, or all but those of lxc.cap.drop", () => {
  const capabilities = (wish: ProfileWish) => rulesOf(wish).filter((line) => line.includes("capability"));
  deepEqual(capabilities(PLAIN), ["capability,"]);
  deepEqual(capabilities({ ...PLAIN, dropped: ["sys_module"] }), ["capability,", "deny capability sys_module,"]);
  deepEqual(capabilities({ ...PLAIN, kept: ["chown"] }), ["capability chown,"]);
  deepEqual(capabilities({ ...PLAIN, kept: [] }), []);
});

test("lines of the administrator's come last, as they are", () => {
  const raw = ["mount fstype=nfs,", "  # why"];
  ok(profileText({ ...PLAIN, raw }, "old").endsWith("\n  # lxc.apparmor.raw\n  mount fstype=nfs,\n    # why\n}\n"));
});

test("no rule for /sys stands in the way of nested containers, whose sysfs begins at / while it is detached", () => {
  const onSys = (wish: ProfileWish) => rulesOf(wish).filter((line) => /^deny \/sys\/[^kf]/.test(line));
  ok(onSys(PLAIN).length > 10);
  deepEqual(onSys(NESTED), []);
});

test("an option that old parsers do not know is in the new words only", () => {
  equal(profileText(PLAIN, "old").includes("nosymfollow"), false);
  ok(
    profileText(PLAIN, "new").includes(
      "mount options=(ro, remount, bind, nodev, nosuid, noexec, nosymfollow) -> @{PLACES},",
    ),
  );
});

test("a name never gets out of its quotes, its label or its folder", () => {
  for (const name of [
    'a"',
    "a\n}",
    "a b",
    "a\\",
    "a{b}",
    "a*",
    "a?",
    "a[b]",
    "a,b",
    "a:b",
    "a//&b",
    "ä",
    "",
    "a\0",
    "@{x}",
  ]) {
    equal(isPlainName(name), false, name);
    throws(() => profileText({ ...PLAIN, name }, "old"), { code: "bug" });
    if (name !== "") throws(() => profileText({ ...PLAIN, namespace: name }, "old"), { code: "bug" });
  }
  for (const name of ["lxc-c1_</var/lib/lxc>", "a.b_c-d+e=f~g@h"]) ok(isPlainName(name), name);
});

test("old parsers read more into a rule than it says, so that what no rule allows is denied as well", () => {
  const denials = (wish: ProfileWish) => rulesOf(wish).filter((line) => /^audit deny mount/.test(line));
  const ofSources = (wish: ProfileWish) => denials(wish).filter((line) => line.includes("bind)")).length;
  equal(ofSources(PLAIN), 8);
  ok(denials(PLAIN).includes("audit deny mount options=(rw, bind) /proc/{,**},"));
  ok(denials(PLAIN).includes("audit deny mount fstype=pro{,[^c]*},"));
  deepEqual(denials({ ...PLAIN, mayNest: true }), []);
  deepEqual(denials({ ...PLAIN, isPrivileged: false }), []);
  equal(profileText(PLAIN, "new").includes("audit deny"), false);
});

test("what lxc.apparmor.raw allows is not denied", () => {
  const denied = (line: string) => {
    const rules = denialsForOldParsers([line]).join("\n");
    return [rules.includes("bind) /proc"), rules.includes("fstype=proc ->")];
  };
  deepEqual(["deny mount,", "/x rw,", "umount,"].map(denied), [
    [true, true],
    [true, true],
    [true, true],
  ]);
  deepEqual(denied("mount fstype=ext4,"), [true, false]);
  deepEqual(denied("  mount options=(rw, bind) /proc/ -> /x/,"), [false, true]);
  deepEqual(denied("mount,"), [true, false]);
});

const SHARED = join(import.meta.dirname, "../../share/apparmor/abstractions/lxc");

/** Compares a file of the shipped profiles. They are in the old words, which every parser knows. */
function shipped(name: string, text: string): void {
  const path = join(SHARED, name);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  equal(readFileSync(path, "utf8"), text);
}

/** Rules of the profiles that several containers share: without variables, which only stand before a profile. */
function sharedRules(): string {
  const text = profileText({ ...PLAIN, namespace: "", hasCgroupNamespaces: false }, "old");
  const variable = (name: string) => new RegExp(`^@{${name}}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const inner = text.slice(text.indexOf("{\n", text.indexOf("profile ")) + 2, text.lastIndexOf("}"));
  // They may read of the kernel what is no policy.
  const kernel = "  deny /sys/k*{,/**} rwklx,\n";
  const denials = `${denialsForOldParsers([]).join("\n")}\n`;
  ok(inner.includes(kernel) && inner.includes(denials));
  return inner
    .replace(kernel, "  deny /sys/k*{,/**} wklx,\n  deny /sys/kernel/security/** rwklx,\n")
    .replace(denials, "")
    .replaceAll("@{PLACES}", variable("PLACES"))
    .replaceAll("@{TREES}", variable("TREES"));
}

test("the shipped profiles have the same rules, and those with containers inside no denials of sources", () => {
  const head = "as in generated profiles: UPDATE_GOLDEN=1 npm run check";
  shipped("container-base", `  # What every container may do, ${head}\n${sharedRules()}`);
  shipped("container-denials", `  # What old parsers would allow, ${head}${denialsForOldParsers([]).join("\n")}\n`);
});
