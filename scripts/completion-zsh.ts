// Completion for zsh: the option tables as specifications of _arguments.

import { type Option, optionsOf, type Tool } from "../src/faces/cli/command.ts";
import { NET_VERBS } from "../src/faces/cli/lxc-net.ts";
import { keyNames, keyWords, nameFilters, valueWords } from "./completion-words.ts";

export function zshCompletion(tools: readonly Tool[]): string {
  const names = tools.map((tool) => tool.name);
  return `#compdef lxc ${names.join(" ")}
# Completion of lxc-ts for zsh. Made from its tables by scripts/generate.ts.

_lxc_ts_names() { local -a names; names=(\${=$(lxc-ls -1 2> /dev/null)}); compadd -a names }

_lxc_ts_own_names() { local -a names; names=(\${=$(lxc-ls -1 $filter 2> /dev/null)}); compadd -a names }

_lxc_ts_groups() {
  local -a groups
  groups=(\${(u)\${=\${$(lxc-ls -f -F GROUPS 2> /dev/null | tail -n +2)//,/ }}:#-})
  compset -P '*,'
  compadd -S , -q -a groups
}

_lxc_ts_keys() { local -a keys; keys=(${keyNames().join(" ")}); compadd "$@" -a keys }

_lxc_ts_definition() { _lxc_ts_keys -S = -q }

_lxc_ts_key_words() {
  case $1 in
${keyWords()
  .map(({ key, words }) => `    ${key}) compadd ${words.join(" ")} ;;`)
  .join("\n")}
  esac
}

_lxc_ts_config() {
  case $CURRENT:$words[2] in
    2:*) compadd check get set unset keys list schema ;;
    *:check) _files ;;
    3:(get|set|unset)) _lxc_ts_names ;;
    4:(get|set|unset)) _lxc_ts_keys ;;
    *:set) _lxc_ts_key_words $words[4] ;;
  esac
}

_lxc_ts() {
  local tool=$service
  local -a filter
  if [[ $tool == lxc ]]; then
    if (( CURRENT == 2 )); then compadd ${names.map((name) => name.slice("lxc-".length)).join(" ")}; return; fi
    tool=lxc-$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $tool in
${tools.map(toolCase).join("\n")}
  esac
}

_lxc_ts "$@"
`;
}

function toolCase(tool: Tool): string {
  const specs = optionsOf(tool)
    .filter((option) => !option.later)
    .map(specOf);
  if (tool.name === "lxc-config") specs.push("'*::word:_lxc_ts_config'");
  else if (tool.name === "lxc-net")
    specs.push(`'1:verb:(${NET_VERBS.split("|").join(" ")})'`, "'2:container:_lxc_ts_own_names'");
  else if (tool.named) specs.push("'1:container:_lxc_ts_own_names'", "'*:word:_files'");
  else specs.push("'*:word:_files'");
  const filter = nameFilters[tool.name] === undefined ? "" : `\n      filter=(${nameFilters[tool.name]})`;
  return `    ${tool.name})${filter}\n      _arguments -s -S \\\n        ${specs.join(" \\\n        ")} ;;`;
}

function specOf(option: Option): string {
  const doc = `[${quoted(option.doc)}]`;
  const action = option.long === "name" ? "_lxc_ts_own_names" : actionOf(option.value);
  const value = option.takes === "value" ? `:${quoted(option.value)}:${action}` : "";
  const long =
    option.takes === "nothing" ? `--${option.long}` : `--${option.long}=${option.takes === "maybe" ? "-" : ""}`;
  if (option.short === "") return `'${long}${doc}${value}'`;
  return `'(-${option.short} --${option.long})'{-${option.short},${long}}'${doc}${value}'`;
}

/** Fit for the inside of a specification in single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll("[", "(").replaceAll("]", ")").replaceAll(":", "\\:");
}

function actionOf(kind: string): string {
  if (kind === "NAME") return "_lxc_ts_names";
  if (kind === "GROUPS") return "_lxc_ts_groups";
  if (kind === "KEY") return "_lxc_ts_keys";
  if (kind === "KEY=VAL") return "_lxc_ts_definition";
  if (kind === "FILE") return "_files";
  if (kind === "PATH" || kind === "DIR") return "_files -/";
  const row = valueWords.find((candidate) => candidate.kind === kind);
  return row === undefined ? " " : `(${row.words.join(" ")})`;
}
