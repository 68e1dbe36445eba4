// Completion for bash: one function for all tools, from their option tables and the table of keys.

import { type Option, optionsOf, type Tool } from "../src/faces/cli/command.ts";
import { NET_VERBS } from "../src/faces/cli/lxc-net.ts";
import { keyNames, keyWords, nameFilters, valueWords } from "./completion-words.ts";

export function bashCompletion(tools: readonly Tool[]): string {
  const names = tools.map((tool) => tool.name);
  return `# Completion of lxc-ts for bash. Made from its tables by scripts/generate.ts.

# _lxc_ts_names [FILTER]: containers, or those that pass a filter of lxc-ls.
_lxc_ts_names() { lxc-ls -1 "$@" 2> /dev/null; }

_lxc_ts_groups() { lxc-ls -f -F GROUPS 2> /dev/null | tail -n +2 | tr -s ', ' '\\n\\n' | grep -vx -e - | sort -u; }

# _lxc_ts_key_words KEY: the words that are values of a key.
_lxc_ts_key_words() {
  case $1 in
${keyWords()
  .map(({ key, words }) => `    ${key}) echo "${words.join(" ")}" ;;`)
  .join("\n")}
  esac
}

# _lxc_ts_value KIND WORD: what a value of this kind may be.
_lxc_ts_value() {
  case $1 in
    NAME) COMPREPLY=($(compgen -W "$(_lxc_ts_names)" -- "$2")) ;;
    OWN-NAME) COMPREPLY=($(compgen -W "$(_lxc_ts_names $filter)" -- "$2")) ;;
    GROUPS)
      case $2 in
        *,*) COMPREPLY=($(compgen -P "\${2%,*}," -W "$(_lxc_ts_groups)" -- "\${2##*,}")) ;;
        *) COMPREPLY=($(compgen -W "$(_lxc_ts_groups)" -- "$2")) ;;
      esac ;;
    FILE) COMPREPLY=($(compgen -f -- "$2")) ;;
    PATH | DIR) COMPREPLY=($(compgen -d -- "$2")) ;;
    KEY) COMPREPLY=($(compgen -W "$_lxc_ts_keys" -- "$2")) ;;
    KEY=VAL) COMPREPLY=($(compgen -W "$_lxc_ts_keys" -S = -- "$2")); compopt -o nospace 2> /dev/null ;;
${valueWords.map(({ kind, words }) => `    ${kind}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$2")) ;;`).join("\n")}
  esac
}

_lxc_ts_keys="${keyNames().join(" ")}"

# lxc-config get|set|unset NAME KEY VALUE.
_lxc_ts_config() {
  local at=$1 word=$2
  case $at:\${operands[0]} in
    0:) COMPREPLY=($(compgen -W "check get set unset keys list schema" -- "$word")) ;;
    *:check) _lxc_ts_value FILE "$word" ;;
    1:get | 1:set | 1:unset) _lxc_ts_value NAME "$word" ;;
    1:keys | 2:get | 2:set | 2:unset) _lxc_ts_value KEY "$word" ;;
    *:set) COMPREPLY=($(compgen -W "$(_lxc_ts_key_words "\${operands[2]}")" -- "$word")) ;;
  esac
}

_lxc_ts() {
  local tool=\${COMP_WORDS[0]##*/} word=\${COMP_WORDS[COMP_CWORD]} before="" options="" kinds="" named="" filter="" kind i
  local -a operands=()
  local first=1
  COMPREPLY=()
  if [ "$tool" = lxc ]; then
    if [ "$COMP_CWORD" = 1 ]; then
      COMPREPLY=($(compgen -W "${names.map((name) => name.slice("lxc-".length)).join(" ")}" -- "$word"))
      return
    fi
    tool=lxc-\${COMP_WORDS[1]} first=2
  fi
  case $tool in
${tools.map(toolCase).join("\n")}
    *) return ;;
  esac
  [ "$COMP_CWORD" -le "$first" ] || before=\${COMP_WORDS[COMP_CWORD - 1]}
  # bash takes --option=value apart.
  if [ "$word" = = ]; then word=""; elif [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for kind in $kinds; do
    if [ "\${kind%%:*}" = "$before" ]; then _lxc_ts_value "\${kind#*:}" "$word"; return; fi
  done
  case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")); return ;;
  esac
  for ((i = first; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --) _lxc_ts_value FILE "$word"; return ;;
      -*) case " $kinds" in *" \${COMP_WORDS[i]}:"*) ((i++)); [ "\${COMP_WORDS[i]}" != = ] || ((i++)) ;; esac ;;
      *) operands+=("\${COMP_WORDS[i]}") ;;
    esac
  done
  if [ "$tool" = lxc-config ]; then _lxc_ts_config "\${#operands[@]}" "$word"; return; fi
  if [ "$tool" = lxc-net ]; then
    case \${#operands[@]}:\${operands[0]} in
      0:) COMPREPLY=($(compgen -W "${NET_VERBS.split("|").join(" ")}" -- "$word")) ;;
      1:status) _lxc_ts_value OWN-NAME "$word" ;;
    esac
    return
  fi
  [ -z "$named" ] || [ \${#operands[@]} != 0 ] || _lxc_ts_value OWN-NAME "$word"
}

complete -F _lxc_ts lxc ${names.join(" ")}
`;
}

function toolCase(tool: Tool): string {
  const options = optionsOf(tool).filter((option) => !option.later);
  const spelled = options.map((option) => `--${option.long}`).join(" ");
  const kinds = options.filter((option) => option.takes === "value").flatMap(kindsOf);
  const filter = nameFilters[tool.name] === undefined ? "" : ` filter=${nameFilters[tool.name]}`;
  const named = tool.named ? ` named=1${filter}` : "";
  return `    ${tool.name}) options="${spelled}" kinds="${kinds.join(" ")}"${named} ;;`;
}

function kindsOf(option: Option): string[] {
  const kind = option.long === "name" ? "OWN-NAME" : option.value;
  const kinds = [`--${option.long}:${kind}`];
  if (option.short !== "") kinds.push(`-${option.short}:${kind}`);
  return kinds;
}
