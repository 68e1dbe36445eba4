// Where -o and -l, or else the configuration, say that the log goes.

import { Log, type LogLevel, logLevelNamed, severityOf } from "../../base/log.ts";
import type { Config } from "../../container/config/schema.ts";
import { O_APPEND, O_CREAT, O_WRONLY } from "../../kernel/abi/fs.ts";
import { tryBytes } from "../../kernel/call.ts";
import { createFile, makeDirectories } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { type Arguments, badValue, logFile, logPriority } from "./command.ts";
import { lxcpathFrom } from "./target.ts";

/** LXC's word for no file at all. */
const NONE = "none";

/** Opens the log that the options ask for; without them there is none. Throws when it cannot be opened. */
export function openLog(args: Arguments): Log | undefined {
  if (!args.has(logFile) && !args.has(logPriority)) return undefined;
  const least = levelFrom(args);
  const path = args.has(logFile) ? args.text(logFile, "") : usualFile(args);
  return logTo(args, path, least);
}

/** Opens the log that lxc.log.file and lxc.log.level ask for, where the options asked for none. */
export function openConfiguredLog(args: Arguments, config: Config): Log | undefined {
  if (args.log.fd >= 0 || args.has(logFile)) return undefined;
  const level = config.logLevel.value;
  return logTo(args, config.logFile.value ?? "", level === "notset" ? "ERROR" : (logLevelNamed(level) ?? "ERROR"));
}

function logTo(args: Arguments, path: string, least: LogLevel): Log | undefined {
  if (path === NONE || path === "") return undefined;
  const slash = path.lastIndexOf("/");
  if (slash > 0) makeDirectories(path.slice(0, slash), 0o755);
  const fd = createFile(path, O_WRONLY | O_CREAT | O_APPEND, 0o640);
  const write = (line: string): void => {
    const bytes = bytesOfText(line);
    tryBytes("write", fd, bytes, bytes.length, 0);
  };
  return new Log({ program: args.tool, container: args.name, least: severityOf(least), write, fd });
}

function levelFrom(args: Arguments): LogLevel {
  const word = args.text(logPriority, "ERROR");
  const level = logLevelNamed(word);
  if (level !== undefined) return level;
  throw badValue(logPriority, word, "there is no such level", "the levels are TRACE, DEBUG, INFO, NOTICE, WARN, ERROR");
}

/** As in LXC, -l alone logs below /var/log/lxc when the containers are where they usually are. */
function usualFile(args: Arguments): string {
  if (args.name === "") return NONE;
  const lxcpath = lxcpathFrom(args);
  return lxcpath === "/var/lib/lxc" ? `/var/log/lxc/${args.name}.log` : `${lxcpath}/${args.name}/${args.name}.log`;
}
