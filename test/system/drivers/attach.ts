// attach LXCPATH NAME [OPTION...] -- COMMAND...: lxc-attach as far as the test of it needs it.

import { asLxcError, describe } from "../../../src/base/errors.ts";
import { protectOwnProgram } from "../../../src/kernel/self.ts";
import { attachTo } from "../../../src/lifecycle/attach.ts";
import {
  ALL_NAMESPACES,
  ELEVATED,
  elevationIn,
  NOT_ELEVATED,
  namespacesIn,
} from "../../../src/lifecycle/attach-options.ts";

const words = process.argv.slice(1);
const end = words.indexOf("--");
const options = words.slice(3, end);

/** What follows `name` among the options. */
function valuesOf(name: string): string[] {
  return options.filter((_, i): boolean => i > 0 && options[i - 1] === name);
}

function environment(): string[] {
  const variables: string[] = [];
  for (const key of Object.keys(process.env)) variables.push(`${key}=${process.env[key] ?? ""}`);
  return variables;
}

function run(): number {
  const variables = environment();
  protectOwnProgram(words, () => variables);
  const list = valuesOf("-s")[0];
  const kept = valuesOf("-e")[0];
  const elevated = list !== undefined ? ELEVATED : kept !== undefined ? elevationIn(kept) : NOT_ELEVATED;
  const result = attachTo(
    { lxcpath: words[1] ?? "", name: words[2] ?? "" },
    {
      command: words.slice(end + 1),
      namespaces: list === undefined ? ALL_NAMESPACES : namespacesIn(list),
      elevated,
      label: "",
      personality: -1,
      remountProcSys: false,
      environment: variables,
      clearEnvironment: options.includes("--clear-env"),
      endsBySignals: false,
      configuredVariables: undefined,
      keptVariables: valuesOf("--keep-var"),
      setVariables: valuesOf("-v"),
      uid: parseInt(valuesOf("-u")[0] ?? "-1", 10),
      gid: parseInt(valuesOf("-g")[0] ?? "-1", 10),
      logFile: "",
      warn: () => undefined,
    },
  );
  if (result.failure !== undefined) console.error(describe(result.failure).join("\n"));
  return result.exitCode;
}

try {
  process.exit(run());
} catch (caught) {
  console.error(describe(asLxcError(caught as Error)).join("\n"));
  process.exit(1);
}
