import { deepEqual, equal } from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  allIncludes,
  configText,
  expectedMeanings,
  INSTALLED,
  KEYS,
  meaning,
  SHIPPED,
  writeExpected,
} from "../../../test/compat/shipped-table.ts";
import { findingLine } from "../../base/finding.ts";
import { ConfigDocument } from "./document.ts";
import { warningsIn } from "./findings.ts";
import { NO_VARIABLES } from "./keys.ts";
import { type IncludedFile, type ReadConfig, readConfig } from "./load.ts";
import { getItem } from "./values.ts";

/** Reads what is included from where it will be installed. */
function includeShipped(path: string): IncludedFile[] {
  const here = path.replace(INSTALLED, SHIPPED);
  if (!statSync(here).isDirectory()) return [{ path: here, text: readFileSync(here, "utf8") }];
  return readdirSync(here)
    .filter((name) => name.endsWith(".conf"))
    .map((name) => ({ path: join(here, name), text: readFileSync(join(here, name), "utf8") }));
}

function read(text: string): ReadConfig {
  return readConfig(new ConfigDocument(text), "config", includeShipped, NO_VARIABLES);
}

test("each shipped file means what LXC's file of that name does", () => {
  const meanings = new Map<string, string>();
  for (const includes of allIncludes()) {
    const { config } = read(configText(includes));
    meanings.set(
      includes.join(" + "),
      meaning((key) => getItem(config, key) ?? ""),
    );
  }
  if (process.env["UPDATE_GOLDEN"] === "1") writeExpected(meanings);
  deepEqual(Object.fromEntries(meanings), Object.fromEntries(expectedMeanings()));
});

test("no shipped file has a line that is wrong, or that does nothing", () => {
  const findings: string[] = [];
  for (const includes of allIncludes()) {
    const { config, sources, errors } = read(configText(includes));
    findings.push(...errors.concat(warningsIn(config, sources)).map(findingLine));
  }
  deepEqual(findings, []);
});

test("the table has every key that a shipped file sets", () => {
  const missing: string[] = [];
  for (const includes of allIncludes()) {
    for (const { key } of read(configText(includes)).config.used()) {
      const listed = KEYS.includes(key) || KEYS.includes(key.slice(0, key.indexOf(".devices.")));
      if (!listed) missing.push(`${includes.join(" + ")}: ${key}`);
    }
  }
  deepEqual(missing, []);
});

test("user namespaces have all capabilities, whatever a distribution drops or keeps", () => {
  const includes = configText(["alpine.common.conf", "alpine.userns.conf"]);
  const { config } = read(includes.replace("\n", "\nlxc.cap.keep = kill\n"));
  deepEqual([config.capDrop.values, config.capKeep.values], [[], []]);
});

test("a new container's network is a veth on lxcbr0 with an address of LXC's range", () => {
  const { config, errors } = read(readFileSync(join(SHIPPED, "../default.conf"), "utf8"));
  const network = config.networks.at(0);
  equal(errors.length, 0);
  deepEqual(
    [network?.type.value, network?.link.value, network?.hwaddr.value, getItem(config, "lxc.net.0.flags")],
    ["veth", "lxcbr0", "10:66:6a:xx:xx:xx", "up"],
  );
});
