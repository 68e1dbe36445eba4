// Seccomp policies: read, refused, warned of, compiled, and the messages of notify.

import { findingLine } from "../../../src/base/finding.ts";
import { actionText, errnoNamed } from "../../../src/isolation/seccomp/actions.ts";
import {
  architecturesOf,
  type HostArchitecture,
  hostArchitecture,
} from "../../../src/isolation/seccomp/architectures.ts";
import { compilePolicy } from "../../../src/isolation/seccomp/compile.ts";
import { exceptionNames, withExceptions } from "../../../src/isolation/seccomp/exceptions.ts";
import {
  defaultResponse,
  idKey,
  idOf,
  pidOf,
  proxyMessage,
  responseIn,
} from "../../../src/isolation/seccomp/notify.ts";
import { policyFindings, readPolicy } from "../../../src/isolation/seccomp/read.ts";
import { policyWarnings } from "../../../src/isolation/seccomp/warnings.ts";
import { parseWord, wordText } from "../../../src/isolation/seccomp/word.ts";
import { failureOf } from "./failure.ts";

const TEXTS: readonly string[] = [
  "",
  "1\nallowlist\n0\n1 # write\n",
  "1\ndenylist\nread\n-1\n",
  "2\nblacklist\n[x86]\nsocket errno 97 [0,38,==]\n[arm64]\nread kill\n",
  "2\nwhitelist errno 1\nread\nioctl allow [1,0x5401,SCMP_CMP_NE] [2,0xffffffffffffffff,>]\n",
  "2\ndenylst\nmkdir erno 1\nmkdir errno EPERM\nmkdir errno\n[al]\n[all] x\nx [0]\nx [6,1,==] [0,1,=] [0,1,&=,0] [0,1\n",
  "2\ndenylist notify\nmknod notify\nreject_force_umount\nreject_force_umount errno 1\nmkdr errno 1\nbind errno 1 [0,1,==]\n",
];

const HOSTS: readonly HostArchitecture[] = ["x86_64", "arm64"];

export function seccomp(): string[] {
  const lines: string[] = [];
  for (const host of HOSTS) {
    for (const architecture of architecturesOf(host)) {
      const numbers = architecture.names.map((call): string => `${call} ${architecture.numberOf(call)}`);
      lines.push(
        `${architecture.name} ${architecture.audit} ${architecture.isNarrow} ${numbers.join(" ")} ${architecture.numberOf("vserver")}`,
      );
    }
  }
  for (const text of TEXTS) lines.push(...policyFindings(text, "p").map((finding): string => findingLine(finding)));
  for (const text of TEXTS) lines.push(...compiled(text));
  for (const text of ["0", "0x", "010", " 18446744073709551615", "18446744073709551616", "0xfFfFfFfFfFfFfFfF", "-1"]) {
    const word = parseWord(text);
    lines.push(word === undefined ? "no number" : `${word.high} ${word.low} ${wordText(word)}`);
  }
  lines.push(`${errnoNamed("ENOSYS")} ${errnoNamed("EX")}`);
  lines.push(...failureOf(() => refuseHost("mips")));
  lines.push(
    ...[0, 0x80000000, 0x30000, 0x50001, 0x7fc00000, 0x7ffc0000, 0x7fff0000, 1].map((action): string =>
      actionText(action),
    ),
  );
  return lines.concat(messages());
}

function refuseHost(machine: string): void {
  hostArchitecture(machine);
}

function compiled(text: string): string[] {
  const lines: string[] = [];
  lines.push(
    ...failureOf(() => {
      const policy = readPolicy(text, "p");
      for (const host of HOSTS) {
        lines.push(...policyWarnings(policy, host).map((finding): string => findingLine(finding)));
        lines.push(hex(compilePolicy(policy, host)));
      }
      const excepted = withExceptions(policy, ["af_alg", "mknod", ...exceptionNames()]);
      lines.push(`${excepted.rules.length} ${hex(compilePolicy(excepted, "x86_64"))}`);
      withExceptions(policy, ["af_alc"]);
    }),
  );
  return lines;
}

function messages(): string[] {
  const sizes = { notification: 80, response: 24, data: 64 };
  const notification = new Uint8Array(80);
  for (let at = 0; at < 80; at++) notification[at] = (at * 37) & 255;
  notification[11] = 0;
  const message = proxyMessage(notification, sizes, { monitorPid: 10, initPid: 20, cookie: "kök" });
  const answer = responseIn(message.slice(0, 136), sizes);
  return [
    hex(message),
    answer === undefined ? "no answer" : hex(answer),
    `${responseIn(message, sizes) === undefined} ${idKey(notification)} ${pidOf(notification)}`,
    hex(defaultResponse(idOf(notification), sizes)),
  ];
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += "0123456789abcdef".charAt(byte >> 4) + "0123456789abcdef".charAt(byte & 15);
  return text;
}
