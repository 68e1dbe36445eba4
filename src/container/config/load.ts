// From a document to a Config, includes and all.

import { asLxcError, LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { call } from "../../kernel/call.ts";
import { isDirectory, listDirectory, readText } from "../../kernel/files.ts";
import { conflictIn } from "./checks.ts";
import { ConfigDocument, filledAddress, openDigitsIn } from "./document.ts";
import type { Environment } from "./keys.ts";
import { Config, INCLUDE_KEY } from "./schema.ts";

/** A file that `lxc.include` names, or one of the folder it names. */
export interface IncludedFile {
  readonly path: string;
  readonly text: string;
}

/** Reads what `lxc.include = PATH` names: a file, or every *.conf of a folder. Throws an LxcError when it cannot. */
export type ReadInclude = (path: string) => IncludedFile[];

/** A container's configuration as written and as meant. */
export interface LoadedConfig {
  readonly path: string;
  readonly document: ConfigDocument;
  readonly config: Config;
}

/** Deeper than any real configuration; LXC would go on until its stack ends. */
const DEEPEST_INCLUDE = 32;

/** Reads a container's configuration file. A bare `lxc.environment = NAME` takes its value from `environment`. */
export function loadConfig(path: string, environment: Environment = {}): LoadedConfig {
  const document = new ConfigDocument(readText(path));
  const open = document.openDigits();
  if (open > 0) document.fillHardwareAddresses(randomBytes(open));
  const config = configFrom(document, path, readIncludes, environment);
  for (const network of config.networks.items) {
    const address = network.hwaddr.value ?? "";
    const digits = openDigitsIn(address);
    if (digits > 0) network.hwaddr.value = filledAddress(address, randomBytes(digits));
  }
  return { path, document, config };
}

/** What the document means. Throws "cannot load <name>: line <n> is wrong", because of what is wrong with it. Pure. */
export function configFrom(
  document: ConfigDocument,
  name: string,
  readInclude: ReadInclude = noIncludes,
  environment: Environment = {},
): Config {
  const config = new Config(environment);
  const loader = new Loader(config, readInclude);
  loader.load(document, name);
  const conflict = conflictIn(config);
  if (conflict !== undefined) {
    const line = lastLineOf(document, conflict.key);
    throw new LxcError(
      "config-invalid",
      `load ${name}`,
      line === 0 ? conflict.reason : `line ${line}: ${conflict.reason}`,
    );
  }
  return config;
}

/** Sets a key from `KEY=VALUE`, as the tools' `-s` does. Throws when it is not one. */
export function applyDefinition(config: Config, definition: string): void {
  const entry = new ConfigDocument(definition).entries()[0];
  if (entry === undefined || entry.key === "") {
    const hint = "write -s lxc.uts.name=NAME";
    throw new LxcError(
      "config-invalid",
      `set "${definition}"`,
      "it is not KEY=VALUE with a key that begins with lxc.",
      { hint },
    );
  }
  new Loader(config, readIncludes).assign(entry.key, entry.value);
}

/** Fills one Config, and knows which files it is inside of. */
class Loader {
  readonly #config: Config;
  readonly #readInclude: ReadInclude;
  readonly #open: string[] = [];

  constructor(config: Config, readInclude: ReadInclude) {
    this.#config = config;
    this.#readInclude = readInclude;
  }

  load(document: ConfigDocument, name: string): void {
    this.#open.push(name);
    for (const entry of document.entries()) {
      if (entry.key === "") throw notASetting(name, entry.line, entry.value);
      try {
        this.assign(entry.key, entry.value);
      } catch (caught) {
        const because = asLxcError(caught as Error);
        throw new LxcError("config-invalid", `load ${name}`, `line ${entry.line} is wrong`, { because });
      }
    }
    this.#open.pop();
  }

  assign(key: string, value: string): void {
    if (key !== INCLUDE_KEY) this.#config.assign(key, value);
    else if (value !== "") this.#include(value);
  }

  #include(path: string): void {
    if (this.#open.length > DEEPEST_INCLUDE)
      throw new LxcError("config-invalid", `include ${path}`, `more than ${DEEPEST_INCLUDE} files include each other`);
    for (const file of this.#readInclude(path)) {
      if (this.#open.includes(file.path))
        throw new LxcError("config-invalid", `include ${file.path}`, "the file includes itself", {
          hint: `it is read by way of ${this.#open.join(", ")}`,
        });
      this.load(new ConfigDocument(file.text), file.path);
    }
  }
}

function notASetting(name: string, line: number, text: string): LxcError {
  const hint = "write KEY = VALUE, and begin a comment with #";
  return new LxcError("config-invalid", `load ${name}`, `line ${line} has no =: ${text}`, { hint });
}

function lastLineOf(document: ConfigDocument, key: string): number {
  let line = 0;
  for (const entry of document.entries()) if (entry.key === key) line = entry.line;
  return line;
}

function noIncludes(path: string): IncludedFile[] {
  throw new LxcError("config-invalid", `include ${path}`, "no file may be included here");
}

/** LXC takes a folder's files in the order of its entries, which is no order; ours is by name. */
function readIncludes(path: string): IncludedFile[] {
  const files: IncludedFile[] = [];
  if (!isDirectory(path)) {
    // As in LXC: a missing folder is tolerated, a missing file is not.
    if (!path.endsWith("/")) files.push({ path, text: readText(path) });
    return files;
  }
  for (const name of listDirectory(path).toSorted()) {
    if (name.length > ".conf".length && name.endsWith(".conf")) {
      const file = joinPath(path, name);
      files.push({ path: file, text: readText(file) });
    }
  }
  return files;
}

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  call("get random bytes", "getrandom", bytes, count, 0);
  return bytes;
}
