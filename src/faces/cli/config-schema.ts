// lxc-config schema: the table of keys as a JSON schema, for the object that lxc-config get --format=json prints.

import { NO_VARIABLES } from "../../container/config/keys.ts";
import { NetworkConfig } from "../../container/config/network-schema.ts";
import { Config } from "../../container/config/schema.ts";
import type { Setting } from "../../container/config/settings.ts";
import { JsonObject } from "./json.ts";
import { print } from "./print.ts";
import { valueJson } from "./setting-json.ts";

export function printSchema(): number {
  print(`${schemaText()}\n`);
  return 0;
}

export function schemaText(): string {
  return schema().encode();
}

function schema(): JsonObject {
  const config = new Config(NO_VARIABLES);
  const properties = new JsonObject();
  for (const setting of config.settings) {
    if (!setting.isDirective()) properties.object(setting.key, describe(setting));
  }
  const patterns = new JsonObject();
  for (const setting of new NetworkConfig(0).settings) {
    patterns.object(`^lxc\\.net\\.[0-9]+\\.${escaped(setting.key)}$`, describe(setting));
  }
  for (const group of config.groups) {
    const setting = group.example === "" ? undefined : group.open(group.example, true);
    if (setting !== undefined) patterns.object(`^${escaped(group.prefix)}.+$`, describe(setting));
  }
  return new JsonObject()
    .text("$schema", "https://json-schema.org/draft/2020-12/schema")
    .text("title", "The configuration of an LXC container")
    .text("type", "object")
    .object("properties", properties)
    .object("patternProperties", patterns)
    .flag("additionalProperties", false);
}

function escaped(key: string): string {
  return key.split(".").join("\\.");
}

function describe(setting: Setting): JsonObject {
  const item = typeOf(setting);
  const json = setting.isList() ? new JsonObject().text("type", "array").object("items", item) : item;
  json.text("description", setting.doc);
  const initial = setting.initialText();
  if (initial !== "" && !setting.isList()) json.raw("default", valueJson(setting, initial));
  if (setting.live !== "no") json.flag("x-live", true);
  return json;
}

function typeOf(setting: Setting): JsonObject {
  switch (setting.json()) {
    case "flag":
      return new JsonObject().text("type", "boolean");
    case "number":
      return new JsonObject().text("type", "number");
    case "word":
      return new JsonObject().texts("enum", setting.words());
    default:
      return new JsonObject().text("type", "string").text("x-kind", setting.kind());
  }
}
