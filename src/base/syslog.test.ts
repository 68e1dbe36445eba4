import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { logLevels } from "./log.ts";
import { syslogMessage } from "./syslog.ts";

const TIME = Date.UTC(2026, 10, 6, 9, 5, 7, 123);

test("a message has priority, time, program, process and one line of text", () => {
  const source = { facility: "daemon", program: "lxc-start", pid: 42 };
  equal(syslogMessage(source, "ERROR", "c1: it\nfailed", TIME), "<27>Nov  6 09:05:07 lxc-start[42]: c1: it; failed");
  equal(syslogMessage(source, "INFO", "x", Date.UTC(2027, 0, 31, 23, 59, 59)), "<30>Jan 31 23:59:59 lxc-start[42]: x");
});

test("the priority is syslog's for each level and facility", () => {
  const priorityOf = (facility: string, level: (typeof logLevels)[number]): number =>
    parseInt(syslogMessage({ facility, program: "p", pid: 1 }, level, "", TIME).slice(1), 10);
  deepEqual(
    logLevels.map((level) => priorityOf("local0", level)),
    [135, 135, 134, 133, 132, 131, 130, 129, 128],
  );
  deepEqual([priorityOf("LOCAL7", "WARN"), priorityOf("Daemon", "WARN")], [188, 28]);
});
