import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { fakeKernel } from "../../test/fake/kernel.ts";
import { describe, LxcError } from "../base/errors.ts";
import { ConfigDocument } from "../container/config/document.ts";
import { NO_VARIABLES } from "../container/config/keys.ts";
import { configFrom } from "../container/config/load.ts";
import { type Confinement, DenialWatch, type LsmFacts, planConfinement, profileNameOf } from "./confinement.ts";

const APPARMOR: LsmFacts = {
  lsm: "AppArmor",
  apparmor: { mediatesMounts: true, canStack: true, isStacked: false, own: "unconfined", hasCgroupNamespaces: true },
};
const C1 = { name: "c1", lxcpath: "/var/lib/lxc" };

function planned(text: string, facts: LsmFacts, isPrivileged = true): Confinement {
  return planConfinement(
    configFrom(new ConfigDocument(text), "c1/config", () => [], NO_VARIABLES),
    C1,
    isPrivileged,
    facts,
  );
}

test("whatever the keys say, nothing is done without a module", () => {
  const text = "lxc.apparmor.profile = generated\nlxc.selinux.context = a:b:c:s0\nlxc.apparmor.raw = x";
  const { label, keyLabel, profile } = planned(text, { lsm: "", apparmor: undefined });
  deepEqual([label, keyLabel, profile], ["", "", undefined]);
});

test("a generated profile is named after the container and where it is, and kept beside it", () => {
  const text = "lxc.apparmor.profile = generated\nlxc.cap.drop = sys_module 25\nlxc.apparmor.raw = mount,";
  const { label, profile } = planned(text, APPARMOR);
  equal(label, "lxc-c1_</var/lib/lxc>//&:lxc-c1_<-var-lib-lxc>:");
  deepEqual(
    [profile?.name, profile?.namespace, profile?.folder, profile?.file],
    ["lxc-c1_</var/lib/lxc>", "lxc-c1_<-var-lib-lxc>", "/var/lib/lxc/c1/apparmor", "lxc-c1_<-var-lib-lxc>"],
  );
  for (const said of profile?.texts ?? []) {
    ok(said.includes("\n  deny capability sys_module,\n  deny capability sys_time,\n"));
    ok(said.endsWith("\n  mount,\n}\n"));
    ok(!said.includes("user namespace"));
  }
  equal(profile?.texts.length, 2);
  ok(planned(text, APPARMOR, false).profile?.texts[0]?.includes("user namespace"));
});

test("lxc.cap.keep = none keeps no capability", () => {
  const { profile } = planned("lxc.apparmor.profile = generated\nlxc.cap.keep = none", APPARMOR);
  equal(profile?.texts[0]?.includes("capability,"), false);
});

test("SELinux's keys count where SELinux is on", () => {
  const text =
    "lxc.selinux.context = a:b:c:s0\nlxc.selinux.context.keyring = a:b:k:s0\nlxc.apparmor.profile = generated";
  const { label, keyLabel, profile } = planned(text, { lsm: "SELinux", apparmor: undefined });
  deepEqual([label, keyLabel, profile], ["a:b:c:s0", "a:b:k:s0", undefined]);
});

test("names that are too long or mean something else are hashed", () => {
  equal(profileNameOf({ name: "a b", lxcpath: "/x" }), profileNameOf({ name: "a b", lxcpath: "/x" }));
  for (const odd of ['a"b', "a b", "ä", "a:b", "a".repeat(250)])
    ok(/^[0-9a-f]{16}$/.test(profileNameOf({ name: odd, lxcpath: "/x" })), odd);
  equal(profileNameOf({ name: "a-b.c", lxcpath: "/x/y" }), "lxc-a-b.c_</x/y>");
});

/** A watch over a log that has these denials to profiles, by process. */
function watchOver(confinement: Confinement, denials: readonly (readonly [string, number])[]): DenialWatch {
  const kernel = fakeKernel();
  const records = denials.map(
    ([profile, pid]) =>
      `5,1,2,-;audit: type=1400 audit(1.2:3): apparmor="DENIED" operation="capable" profile="${profile}" pid=${pid} comm="x" capname="c${pid}"\n`,
  );
  kernel.on("read", (args, bytesAt) => {
    const record = new TextEncoder().encode(records.shift() ?? "");
    bytesAt(args[1] ?? 0).set(record);
    return record.length === 0 ? -11 : record.length;
  });
  return new DenialWatch(confinement);
}

const FAILURE = new LxcError("wrong-state", "start c1", "it failed", {
  because: new LxcError("syscall-failed", "mount x", "mount: permission denied", { errno: 13, hint: "an old hint" }),
});

test("a failure has the container's first denial as its deepest cause, and its hint counts", () => {
  const { label, profile } = planned("lxc.apparmor.profile = generated", APPARMOR);
  const confinement: Confinement = { lsm: "AppArmor", label, keyLabel: "", profile, warnings: [] };
  const watch = watchOver(confinement, [
    ["other", 1],
    ["lxc-c1_</var/lib/lxc>", 2],
    ["lxc-c1_</var/lib/lxc>", 3],
  ]);
  deepEqual(describe(watch.explain(FAILURE, 9)), [
    "cannot start c1: it failed",
    "  because: cannot mount x: mount: permission denied",
    "  because: cannot use the capability c2: AppArmor denied it to x (profile lxc-c1_</var/lib/lxc>)",
    "  hint: add lxc.apparmor.raw = capability c2,",
  ]);
});

test("of a profile that others have too only denials to the first process count", () => {
  const confinement = planned("lxc.apparmor.profile = shared", APPARMOR);
  const early = watchOver(confinement, [
    ["shared", 1],
    ["unconfined", 7],
    ["shared", 7],
  ]).earlyDenials(7);
  deepEqual(early, [
    "cannot use the capability c7: AppArmor denied it to x (profile unconfined)",
    "cannot use the capability c7: AppArmor denied it to x (profile shared); add to the profile shared: capability c7,",
  ]);
});

test("without denials a failure stays as it is", () => {
  const confinement = planned("", APPARMOR);
  equal(watchOver(confinement, [["other", 1]]).explain(FAILURE, 9), FAILURE);
  const kernel = fakeKernel();
  equal(new DenialWatch(planned("", { lsm: "", apparmor: undefined })).explain(FAILURE, 9), FAILURE);
  deepEqual(kernel.transcript, []);
});
