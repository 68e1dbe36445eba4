// From a document to a Config, includes and all. Whatever is wrong is found in one go.

import { asLxcError, LxcError } from "../../base/errors.ts";
import type { Finding } from "../../base/finding.ts";
import { joinPath } from "../../base/path.ts";
import { visible } from "../../base/text.ts";
import { call } from "../../kernel/call.ts";
import type { Environment } from "../../kernel/environment.ts";
import { isDirectory, listDirectory } from "../../kernel/files.ts";
import { conflictsIn } from "./checks.ts";
import { readConfigText } from "./config-file.ts";
import { ConfigDocument, type Entry, filledAddress, openDigitsIn } from "./document.ts";
import { type Config, emptyConfig, INCLUDE_KEY } from "./schema.ts";
import type { Complaint } from "./settings.ts";
import { findingAt, Sources } from "./sources.ts";

/** A file that `lxc.include` names, or one of the folder it names. */
export interface IncludedFile {
  readonly path: string;
  readonly text: string;
}

/** Reads what `lxc.include = PATH` names: a file, or every *.conf of a folder. Throws an LxcError when it cannot. */
export type ReadInclude = (path: string) => IncludedFile[];

/** What a document means, as far as it can be understood, and what is wrong with it. */
export interface ReadConfig {
  readonly config: Config;
  readonly sources: Sources;
  /** Each line that LXC would refuse, in the order of reading. */
  readonly errors: readonly Finding[];
}

/** A container's configuration as written and as meant. */
export interface LoadedConfig {
  readonly path: string;
  readonly document: ConfigDocument;
  readonly config: Config;
  readonly sources: Sources;
}

/** Deeper than any real configuration; LXC would go on until its stack ends. */
const DEEPEST_INCLUDE = 32;

/**
 * Reads a container's configuration file. A bare `lxc.environment = NAME` takes its value from `environment`. Throws when
 * it cannot be read, or with a finding for each line that is wrong.
 */
export function loadConfig(path: string, environment: Environment): LoadedConfig {
  const document = new ConfigDocument(readConfigText(path));
  const open = document.openDigits();
  if (open > 0) document.fillHardwareAddresses(randomBytes(open));
  const read = readConfig(document, path, readIncludes, environment);
  refuseErrors(path, read.errors);
  for (const network of read.config.networks.items) {
    const address = network.hwaddr.value ?? "";
    const digits = openDigitsIn(address);
    if (digits > 0) network.hwaddr.value = filledAddress(address, randomBytes(digits));
  }
  return { path, document, config: read.config, sources: read.sources };
}

/** What the document means. Throws with a finding for each line that is wrong. Pure. */
export function configFrom(
  document: ConfigDocument,
  name: string,
  readInclude: ReadInclude,
  environment: Environment,
): Config {
  const read = readConfig(document, name, readInclude, environment);
  refuseErrors(name, read.errors);
  return read.config;
}

function refuseErrors(name: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const reason = findings.length === 1 ? "one line is wrong" : `${findings.length} lines are wrong`;
  throw new LxcError("config-invalid", `load ${name}`, reason, { findings });
}

/** The same as `configFrom`, with what is wrong as a value. Pure. */
export function readConfig(
  document: ConfigDocument,
  name: string,
  readInclude: ReadInclude,
  environment: Environment,
): ReadConfig {
  const config = emptyConfig(environment);
  const loader = new Loader(config, readInclude);
  loader.load(document, name);
  const { sources, errors } = loader;
  for (const conflict of conflictsIn(config)) errors.push(sources.find("error", conflict));
  return { config, sources, errors };
}

/** Sets a key from `KEY=VALUE`, as the tools' `-s` does. Throws when it is not one. */
export function applyDefinition(config: Config, definition: string): void {
  const entry = new ConfigDocument(definition).entries()[0];
  const doing = `set "${visible(definition)}"`;
  if (entry === undefined || entry.key === "") {
    const hint = "write -s lxc.uts.name=NAME";
    throw new LxcError("config-invalid", doing, "it is not KEY=VALUE with a key that begins with lxc.", { hint });
  }
  const loader = new Loader(config, readIncludes);
  const complaint = loader.assign(entry);
  if (complaint !== undefined) {
    throw new LxcError("config-invalid", doing, complaint.problem, { hint: complaint.hint });
  }
  refuseErrors(entry.value, loader.errors);
}

/** Fills one Config, and knows which files it is inside of. */
class Loader {
  readonly sources = new Sources();
  readonly errors: Finding[] = [];
  readonly #config: Config;
  readonly #readInclude: ReadInclude;
  /** The files being read, each included by the one before. */
  readonly #open: string[] = [];
  /** The lines of them that are being read, as FILE:LINE. */
  readonly #lines: string[] = [];

  constructor(config: Config, readInclude: ReadInclude) {
    this.#config = config;
    this.#readInclude = readInclude;
  }

  load(document: ConfigDocument, name: string): void {
    this.sources.add(name, document);
    this.#open.push(name);
    const entries = document.entries();
    for (let i = 0; i < entries.length; i++) this.#take(name, entries[i]!);
    this.#open.pop();
  }

  #take(name: string, entry: Entry): void {
    const complaint = entry.key === "" ? notASetting(entry) : this.assign(entry);
    if (complaint !== undefined) this.errors.push(findingAt("error", name, entry, this.#told(complaint)));
  }

  /** In an included file, with how it got there. */
  #told(complaint: Complaint): Complaint {
    if (this.#lines.length === 0) return complaint;
    const problem = `${complaint.problem} (included by ${this.#lines.join(", ")})`;
    return { about: complaint.about, key: complaint.key, problem, hint: complaint.hint };
  }

  assign(entry: Entry): Complaint | undefined {
    if (entry.key !== INCLUDE_KEY) return this.#config.tryAssign(entry.key, entry.value);
    if (entry.value === "") return undefined;
    this.#lines.push(`${this.#open[this.#open.length - 1] ?? ""}:${entry.line}`);
    const complaint = this.#include(entry.value);
    this.#lines.pop();
    return complaint;
  }

  #include(path: string): Complaint | undefined {
    if (this.#open.length > DEEPEST_INCLUDE) {
      return badInclude(`more than ${DEEPEST_INCLUDE} files include each other`, "include fewer files");
    }
    try {
      for (const file of this.#readInclude(path)) {
        if (this.#open.includes(file.path)) {
          const hint = `take this line out; it is read by way of ${this.#open.join(", ")}`;
          return badInclude(`${file.path} includes itself`, hint);
        }
        this.load(new ConfigDocument(file.text), file.path);
      }
      return undefined;
    } catch (caught) {
      const error = asLxcError(caught as Error);
      return badInclude(error.message, error.hint === "" ? "correct the path, or take this line out" : error.hint);
    }
  }
}

function badInclude(problem: string, hint: string): Complaint {
  return { about: "value", key: INCLUDE_KEY, problem, hint };
}

function notASetting(entry: Entry): Complaint {
  const hint = "write KEY = VALUE, and begin a comment with #";
  return { about: "key", key: entry.value.slice(0, MOST_OF_A_LINE), problem: "this line has no =", hint };
}

const MOST_OF_A_LINE = 60;

/** For a document that may include nothing. */
export function noIncludes(path: string): IncludedFile[] {
  throw new LxcError("config-invalid", `include ${path}`, "no file may be included here");
}

/** LXC takes a folder's files in the order of its entries, which is no order; ours is by name. */
export function readIncludes(path: string): IncludedFile[] {
  const files: IncludedFile[] = [];
  if (!isDirectory(path)) {
    // As in LXC: a missing folder is tolerated, a missing file is not.
    if (!path.endsWith("/")) files.push({ path, text: readConfigText(path) });
    return files;
  }
  for (const name of listDirectory(path).toSorted()) {
    if (name.length > ".conf".length && name.endsWith(".conf")) {
      const file = joinPath(path, name);
      files.push({ path: file, text: readConfigText(file) });
    }
  }
  return files;
}

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  call("get random bytes", "getrandom", bytes, count, 0);
  return bytes;
}
