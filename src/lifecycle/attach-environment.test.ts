import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { attachEnvironment } from "./attach-environment.ts";

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const caller = ["PATH=/opt/bin", "TERM=xterm", "HOME=/root"];

test("a cleared environment has exactly a path and the word that this is a container", () => {
  deepEqual(attachEnvironment({ caller, clear: true, kept: [], configured: [], set: [] }), [PATH, "container=lxc"]);
});

test("a variable that is kept survives, the path too, and one that is not set does not appear", () => {
  deepEqual(attachEnvironment({ caller, clear: true, kept: ["TERM", "PATH", "NONE"], configured: [], set: [] }), [
    "PATH=/opt/bin",
    "TERM=xterm",
    "container=lxc",
  ]);
});

test("the configuration overrides the caller, the command line overrides both", () => {
  deepEqual(
    attachEnvironment({
      caller: [...caller, "A=caller", "B=caller", "container=other"],
      clear: false,
      kept: [],
      configured: ["A=config", "B=config", "ODD"],
      set: ["B=line=1", "HOME"],
    }),
    ["PATH=/opt/bin", "TERM=xterm", "A=config", "B=line=1", "container=lxc"],
  );
});

test("a PATH that is to be kept and is not there is replaced by the default", () => {
  deepEqual(attachEnvironment({ caller: [], clear: true, kept: ["PATH"], configured: [], set: [] }), [
    PATH,
    "container=lxc",
  ]);
});
