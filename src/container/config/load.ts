// From a document to a Config. Pure.

import { asLxcError, LxcError } from "../../base/errors.ts";
import type { ConfigDocument } from "./document.ts";
import { Config } from "./schema.ts";

/** Throws "cannot load <name>: line <n> is wrong", because of what is wrong with it. */
export function configFrom(document: ConfigDocument, name: string): Config {
  const config = new Config();
  for (const entry of document.entries()) {
    if (entry.key === "")
      throw new LxcError("config-invalid", `load ${name}`, `line ${entry.line} is not "key = value"`);
    try {
      config.assign(entry.key, entry.value);
    } catch (caught) {
      throw new LxcError("config-invalid", `load ${name}`, `line ${entry.line} is wrong`, {
        because: asLxcError(caught),
      });
    }
  }
  return config;
}
