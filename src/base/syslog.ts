// Messages as the host's syslog daemon takes them (RFC 3164). Pure: kernel/syslog.ts sends.

import { type LogLevel, severityOf } from "./log.ts";
import { lowerCase } from "./text.ts";

const DAEMON = 3;
const LOCAL0 = 16;
const months: readonly string[] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** From TRACE to FATAL, by syslog.h; TRACE is no less severe than DEBUG there. */
const severities: readonly number[] = [7, 7, 6, 5, 4, 3, 2, 1, 0];

/** Who speaks, and as what. */
export interface SyslogSource {
  /** `daemon`, or `local0` to `local7`, in any case. */
  readonly facility: string;
  readonly program: string;
  readonly pid: number;
}

/**
 * One message. The time is in UTC, as the C library that we are linked with would write it; daemons go by the time at which
 * it came.
 */
export function syslogMessage(source: SyslogSource, level: LogLevel, text: string, timeMs: number): string {
  const priority = facilityNumber(source.facility) * 8 + (severities[severityOf(level)] ?? 5);
  const bare = text.split("\n").join("; ");
  return `<${priority}>${timeStamp(timeMs)} ${source.program}[${source.pid}]: ${bare}`;
}

function facilityNumber(name: string): number {
  const word = lowerCase(name);
  return word.startsWith("local") ? LOCAL0 + parseInt(word.slice("local".length), 10) : DAEMON;
}

/** `Nov  6 09:05:07`. */
function timeStamp(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  const month = months[parseInt(iso.slice(5, 7), 10) - 1] ?? "";
  const day = String(parseInt(iso.slice(8, 10), 10)).padStart(2);
  return `${month} ${day} ${iso.slice(11, 19)}`;
}
