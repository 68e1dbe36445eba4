// What security modules denied, read from records of the kernel's log. Pure.
//
//     5,371,8190,-;audit: type=1400 audit(1700000000.123:45): apparmor="DENIED" operation="mount" profile="P" name="/mnt/" pid=7 …
//     5,372,8191,-;audit: type=1400 audit(1700000000.124:46): avc:  denied  { read write } for  pid=7 comm="sh" scontext=… …

import { wholeNumberIn } from "../base/text.ts";

/** One denial. Texts are the kernel's, or of whoever named the files: not to be trusted. */
export interface Denial {
  readonly lsm: "AppArmor" | "SELinux";
  /** The profile or context that it was denied to. */
  readonly subject: string;
  /** AppArmor's `operation`, or SELinux's permissions with blanks between. */
  readonly operation: string;
  /** As the host counts; -1 when it is not told. */
  readonly pid: number;
  /** All that is told, by its name. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Levels of the kernel itself are below: records of programs have a facility in the higher bits (syslog(2)). */
const KERNEL_LEVELS = 8;
const AUDIT = "audit: type=1400 audit(";
const APPARMOR = 'apparmor="DENIED" ';
const SELINUX = "avc:  denied  { ";

/** Values that audit writes as hexadecimal digits when they have a blank, a quote, or a letter beyond ASCII. */
const NAMES: readonly string[] = [
  "profile",
  "name",
  "comm",
  "target",
  "peer",
  "srcname",
  "label",
  "path",
  "info",
  "namespace",
];

/** Undefined for any other record, also for what a program wrote into the log, and for what was only noted. */
export function denialIn(record: string): Denial | undefined {
  const semicolon = record.indexOf(";");
  const level = wholeNumberIn(record.slice(0, Math.max(record.indexOf(","), 0)));
  if (semicolon < 0 || level === undefined || level < 0 || level >= KERNEL_LEVELS) return undefined;
  const line = record.slice(semicolon + 1).split("\n")[0] ?? "";
  const start = line.indexOf("): ");
  if (!line.startsWith(AUDIT) || start < 0) return undefined;
  const text = line.slice(start + 3);
  if (text.startsWith(APPARMOR)) return apparmorDenial(text.slice(APPARMOR.length));
  return text.startsWith(SELINUX) ? selinuxDenial(text.slice(SELINUX.length)) : undefined;
}

function apparmorDenial(text: string): Denial | undefined {
  const fields = fieldsIn(text);
  const operation = fields.get("operation");
  if (operation === undefined) return undefined;
  return { lsm: "AppArmor", subject: fields.get("profile") ?? "", operation, pid: pidIn(fields), fields };
}

function selinuxDenial(text: string): Denial | undefined {
  const end = text.indexOf(" } for ");
  if (end < 0) return undefined;
  const fields = fieldsIn(text.slice(end + " } for ".length));
  const subject = fields.get("scontext");
  if (subject === undefined || fields.get("permissive") === "1") return undefined;
  return { lsm: "SELinux", subject, operation: text.slice(0, end), pid: pidIn(fields), fields };
}

function pidIn(fields: ReadonlyMap<string, string>): number {
  return wholeNumberIn(fields.get("pid") ?? "") ?? -1;
}

/** `name="value"` and `name=value`, with blanks between. Of one name the first counts. */
function fieldsIn(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const equals = text.indexOf("=", at);
    if (equals < 0) break;
    const name = text.slice(text.lastIndexOf(" ", equals) + 1, equals);
    const isQuoted = text.charAt(equals + 1) === '"';
    const begin = isQuoted ? equals + 2 : equals + 1;
    const end = text.indexOf(isQuoted ? '"' : " ", begin);
    const value = text.slice(begin, end < 0 ? text.length : end);
    if (!fields.has(name)) fields.set(name, isQuoted || !NAMES.includes(name) ? value : fromHex(value));
    at = end < 0 ? text.length : end + 1;
  }
  return fields;
}

/** The text that the digits stand for; anything else as it is. */
function fromHex(digits: string): string {
  const bytes = new Uint8Array(digits.length >>> 1);
  if (digits === "" || digits.length % 2 !== 0) return digits;
  for (let i = 0; i < bytes.length; i++) {
    const high = "0123456789ABCDEF".indexOf(digits.charAt(2 * i));
    const low = "0123456789ABCDEF".indexOf(digits.charAt(2 * i + 1));
    if (high < 0 || low < 0) return digits;
    bytes[i] = high * 16 + low;
  }
  return new TextDecoder().decode(bytes);
}
