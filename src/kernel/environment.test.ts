import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Environment } from "./environment.ts";

const SOME = new Environment("HOME=/root\0EMPTY=\0SHOME=/x\0HOME=/second\0ODD=a=b\0");

test("a variable is found by its whole name, and of two with one name the first", () => {
  equal(SOME.get("HOME"), "/root");
  equal(SOME.get("SHOME"), "/x");
  equal(SOME.get("EMPTY"), "");
  equal(SOME.get("ODD"), "a=b");
  equal(SOME.get("OME"), undefined);
  equal(SOME.get("HOM"), undefined);
});

test("what can be no name is not set", () => {
  equal(SOME.get(""), undefined);
  equal(SOME.get("ODD=a"), undefined);
  equal(new Environment("").get("HOME"), undefined);
});

test("exec gets all of them as they came", () => {
  deepEqual(SOME.lines(), ["HOME=/root", "EMPTY=", "SHOME=/x", "HOME=/second", "ODD=a=b"]);
  deepEqual(new Environment("").lines(), []);
});
