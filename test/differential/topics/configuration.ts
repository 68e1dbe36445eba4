// The configuration: read, refused, shown and written back.

import { readFileSync } from "node:fs";
import { problemsIn } from "../../../src/container/config/checks.ts";
import { ConfigDocument } from "../../../src/container/config/document.ts";
import { NO_VARIABLES } from "../../../src/container/config/keys.ts";
import { configFrom, noIncludes } from "../../../src/container/config/load.ts";
import { Config } from "../../../src/container/config/schema.ts";
import type { Setting } from "../../../src/container/config/settings.ts";
import { failureOf } from "./failure.ts";

const SAMPLE = "test/differential/sample.conf";

const WRONG: readonly (readonly string[])[] = [
  ["lxc.start.auto", "yes"],
  ["lxc.start.delay", "86401"],
  ["lxc.uts.nme", "x"],
  ["lxc.log.level", "loud"],
  ["zzz", "1"],
  ["lxc.net.0.tpye", "veth"],
  ["lxc.net.a.type", "veth"],
  ["lxc.sysctl.", "1"],
  ["lxc.console.size", "1TB"],
];

export function configuration(): string[] {
  const config = configFrom(new ConfigDocument(readFileSync(SAMPLE, "utf8")), "sample", noIncludes, NO_VARIABLES);
  const lines: string[] = [];
  for (const used of config.used()) lines.push(`${used.key} = ${used.setting.lines().join(" | ")}`);
  const empty = new Config(NO_VARIABLES);
  for (const key of empty.allKeys()) lines.push(`${key}: ${settingText(empty.find(key, false))}`);
  for (const { key, problem, hint } of problemsIn(config)) lines.push(`${key}: ${problem}; ${hint}`);
  lines.push(`${config.startAuto.value} ${config.logLevel.value} ${config.consoleSize.value}`);
  for (const pair of WRONG) lines.push(...failureOf(() => config.assign(pair[0] ?? "", pair[1] ?? "")));
  for (const text of ["# c\n\nlxc.start.order = soon", "just words"]) {
    lines.push(
      ...failureOf(() => {
        configFrom(new ConfigDocument(text), "c1", noIncludes, NO_VARIABLES);
      }),
    );
  }
  return lines;
}

function settingText(setting: Setting | undefined): string {
  return setting === undefined ? "a group" : `${setting.doc} [${setting.lines().join(" | ")}]`;
}

export function writeBack(): string[] {
  const document = new ConfigDocument(readFileSync(SAMPLE, "utf8"));
  document.set("lxc.environment", ["A=1", "B=ü=2"]);
  document.set("lxc.start.auto", []);
  document.set("lxc.ephemeral", ["1"]);
  return [document.text()];
}
