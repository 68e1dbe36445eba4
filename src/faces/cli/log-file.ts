// Where -o and -l, or else the configuration, say that the log goes.

import { Log, type LogLevel, logLevelNamed, placed, severityOf } from "../../base/log.ts";
import { syslogMessage } from "../../base/syslog.ts";
import type { Config } from "../../container/config/schema.ts";
import { O_APPEND, O_CREAT, O_WRONLY } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { createFile, makeDirectories } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { currentPid } from "../../kernel/process.ts";
import { sendToSyslog } from "../../kernel/syslog.ts";
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

/**
 * The log that the configuration asks for: lxc.log.file and lxc.log.level where the options asked for none, and lxc.log.syslog
 * besides. Undefined when it asks for nothing more than the options did.
 */
export function openConfiguredLog(args: Arguments, config: Config): Log | undefined {
  const facility = config.logSyslog.value;
  const asked = args.log.fd >= 0 || args.has(logFile);
  const least = args.has(logPriority) ? levelFrom(args) : configuredLevel(config);
  const file = asked ? undefined : logTo(args, config.logFile.value ?? "", least);
  if (facility === undefined) return file;
  const log = file ?? (args.log.fd >= 0 ? args.log : logToNoFile(args, least));
  log.tellAlso((level, subsystem, message) => {
    const source = { facility, program: args.tool, pid: currentPid() };
    const name = args.name === "" ? "" : `${args.name}: `;
    sendToSyslog(syslogMessage(source, level, `${name}${placed(subsystem, message)}`, Date.now()));
  });
  return log;
}

function configuredLevel(config: Config): LogLevel {
  const level = config.logLevel.value;
  return level === "notset" ? "ERROR" : (logLevelNamed(level) ?? "ERROR");
}

function logToNoFile(args: Arguments, least: LogLevel): Log {
  return new Log({ program: args.tool, container: args.name, least: severityOf(least), write: () => {}, fd: -1 });
}

function logTo(args: Arguments, path: string, least: LogLevel): Log | undefined {
  if (path === NONE || path === "") return undefined;
  const slash = path.lastIndexOf("/");
  if (slash > 0) makeDirectories(path.slice(0, slash), 0o755);
  const fd = createFile(path, O_WRONLY | O_CREAT | O_APPEND, 0o640);
  const write = (line: string): void => {
    const bytes = bytesOfText(line);
    tryBytes(SYS.write, fd, bytes, bytes.length, 0);
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
