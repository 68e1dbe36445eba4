import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { describe, type LxcError } from "../base/errors.ts";
import {
  type ApparmorFacts,
  type ApparmorWish,
  apparmorRefused,
  chooseApparmor,
  labelWithoutMode,
} from "./apparmor.ts";

const HOST: ApparmorFacts = {
  mediatesMounts: true,
  canStack: true,
  isStacked: false,
  own: "unconfined",
  hasCgroupNamespaces: true,
};
const WISH: ApparmorWish = {
  profile: undefined,
  allowIncomplete: false,
  profileName: "lxc-c1_</x>",
  namespaceName: "lxc-c1_<-x>",
};

/** Label and namespace, or the error. */
function chosen(wish: Partial<ApparmorWish>, facts: Partial<ApparmorFacts>): string {
  try {
    const { label, namespace, isGenerated, warnings } = chooseApparmor({ ...WISH, ...wish }, { ...HOST, ...facts });
    equal(isGenerated, wish.profile === "generated" && label !== "");
    return `${label}|${namespace}|${warnings.length}`;
  } catch (error) {
    return (error as LxcError).reason;
  }
}

test("the profile is the default one, that of a name, the generated one, or none", () => {
  equal(chosen({}, {}), "lxc-container-default-cgns||0");
  equal(chosen({}, { hasCgroupNamespaces: false }), "lxc-container-default||0");
  equal(chosen({ profile: "mine" }, {}), "mine||0");
  equal(chosen({ profile: "unchanged" }, {}), "||0");
  equal(chosen({ profile: "unconfined" }, {}), "||0");
  equal(chosen({ profile: "generated" }, {}), "lxc-c1_</x>//&:lxc-c1_<-x>:|lxc-c1_<-x>|0");
});

test("a namespace of policies is made where they stack, and not within another one", () => {
  equal(chosen({ profile: "generated" }, { canStack: false }), "lxc-c1_</x>||0");
  equal(chosen({ profile: "generated" }, { isStacked: true }), "lxc-c1_</x>||0");
});

test("who is confined already changes his profile only where profiles stack, or by that of lxc-start", () => {
  const confined = { own: "outer", canStack: false };
  equal(chosen({}, confined), "||0");
  equal(chosen({ profile: "outer" }, confined), "||0");
  equal(chosen({ profile: "unchanged" }, confined), "||0");
  equal(
    chosen({ profile: "mine" }, confined),
    "this process is confined by outer already, and this kernel cannot have both",
  );
  equal(chosen({ profile: "mine" }, { own: "outer" }), "mine||0");
  equal(chosen({ profile: "mine" }, { own: "/usr/bin/lxc-start", canStack: false }), "mine||0");
  equal(chosen({ profile: "unconfined" }, { own: "outer" }), "unconfined||0");
});

test("without mediation of mounts a profile is refused, unless it may be incomplete", () => {
  const incomplete = "this kernel does not mediate mounts, so that the container's root could get around its profile";
  equal(chosen({}, { mediatesMounts: false }), incomplete);
  equal(chosen({ profile: "generated" }, { mediatesMounts: false }), incomplete);
  equal(chosen({ allowIncomplete: true }, { mediatesMounts: false }), "lxc-container-default-cgns||1");
  equal(chosen({ profile: "unconfined" }, { mediatesMounts: false }), "||0");
  equal(chosen({ profile: "unchanged" }, { mediatesMounts: false }), "||0");
});

test("a label that is not taken is explained", () => {
  deepEqual(describe(apparmorRefused("lxc-container-default-cgns", -2)), [
    "cannot confine the container by the AppArmor profile lxc-container-default-cgns: no profile of that name is loaded",
    "  hint: load it: apparmor_parser -r -W /etc/apparmor.d/lxc-containers",
  ]);
  equal(apparmorRefused("x", -13).code, "not-permitted");
  throws(() => {
    throw apparmorRefused("x", -22);
  }, /write: invalid argument/);
});

test("a label is shown with its mode, which is no part of it", () => {
  deepEqual(
    ["a (enforce)", "a//&:n:unconfined (complain)", "unconfined", "a b", "", "/x (y) z"].map(labelWithoutMode),
    ["a", "a//&:n:unconfined", "unconfined", "a b", "", "/x (y) z"],
  );
});
