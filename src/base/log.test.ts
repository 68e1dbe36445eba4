import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Log, logLevelNamed, logLine, severityOf, silentLog } from "./log.ts";

test("a line is LXC's: program, container, time in UTC, level, category, place, message", () => {
  equal(
    logLine("lxc-stop c1", "ERROR", "stop", "it is\nnot running", Date.UTC(2026, 10, 24, 0, 3, 51, 406)),
    "lxc-stop c1 20261124000351.406 ERROR    stop - lxc-ts:stop:0 - it is; not running\n",
  );
});

test("only what is severe enough is written", () => {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line.slice(line.lastIndexOf(" ") + 1));
  };
  const log = new Log({ program: "lxc-x", container: "", least: severityOf("INFO"), write, fd: -1 });
  log.trace("x", "a");
  log.debug("x", "b");
  log.info("x", "c");
  log.warn("x", "d");
  log.error("x", "e");
  silentLog().error("x", "f");
  deepEqual(lines, ["c\n", "d\n", "e\n"]);
});

test("a listener gets what is written, in its parts", () => {
  const heard: string[] = [];
  const log = new Log({ program: "lxc-x", container: "", least: severityOf("WARN"), write: () => {}, fd: -1 });
  log.error("x", "before");
  log.tellAlso((level, subsystem, message) => {
    heard.push(`${level} ${subsystem} ${message}`);
  });
  log.info("x", "too little");
  log.warn("y", "a b");
  deepEqual(heard, ["WARN y a b"]);
});

test("a level has a name in any case, and a number", () => {
  deepEqual(
    ["trace", "INFO", "5", "9", "loud", ""].map((word) => logLevelNamed(word)),
    ["TRACE", "INFO", "ERROR", undefined, undefined, undefined],
  );
});
