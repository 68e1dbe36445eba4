// The environment of a program that is run inside a running container. Pure.

/** What a program finds in PATH when the caller's environment is not to be had. */
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface EnvironmentSources {
  /** The caller's variables, each NAME=VALUE, like all others here. */
  readonly caller: readonly string[];
  /** Keeps none of the caller's variables but those of `kept`. */
  readonly clear: boolean;
  /** Names. */
  readonly kept: readonly string[];
  /** `lxc.environment`, then `lxc.environment.runtime`. */
  readonly configured: readonly string[];
  /** Given on the command line; one without `=` takes the variable away. */
  readonly set: readonly string[];
}

/** The variables in LXC's order: the caller's, container=lxc, the configuration's, the command line's. The last one counts. */
export function attachEnvironment(sources: EnvironmentSources): string[] {
  const variables = new Variables();
  for (const variable of sources.caller) {
    if (!sources.clear || sources.kept.includes(nameOf(variable))) variables.put(variable);
  }
  if (sources.clear && !variables.has("PATH")) variables.put(DEFAULT_PATH);
  variables.put("container=lxc");
  for (const variable of sources.configured) if (variable.includes("=")) variables.put(variable);
  for (const variable of sources.set) variables.put(variable);
  return variables.list();
}

/** Variables by name, in the order they first came. */
class Variables {
  readonly #byName = new Map<string, string>();

  put(variable: string): void {
    const name = nameOf(variable);
    if (name === variable) this.#byName.delete(name);
    else this.#byName.set(name, variable);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  list(): string[] {
    return [...this.#byName.values()];
  }
}

function nameOf(variable: string): string {
  const equals = variable.indexOf("=");
  return equals < 0 ? variable : variable.slice(0, equals);
}
