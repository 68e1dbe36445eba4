import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { anyOf, patternsBut } from "./apparmor-globs.ts";

/** What apparmor.d(5) says of patterns: stars at the end, behind a slash, stand for at least one letter. */
function expression(pattern: string): RegExp {
  const atEnd = pattern.endsWith("/**") ? `${pattern.slice(0, -2)}[^\0]+` : pattern;
  let text = "";
  for (let i = 0; i < atEnd.length; i++) {
    const rest = atEnd.slice(i);
    const letter = atEnd.charAt(i);
    if (rest.startsWith("[^\0]+")) return new RegExp(`^${text}[^\0]+$`);
    if (rest.startsWith("**")) {
      text += "[^\0]*";
      i += 1;
    } else if (rest.startsWith("[^")) {
      const end = atEnd.indexOf("]", i);
      text += `[^/${atEnd.slice(i + 2, end)}]`;
      i = end;
    } else if (letter === "*") text += "[^/]*";
    else if (letter === "?") text += "[^/]";
    else if (letter === "{") text += "(";
    else if (letter === "}") text += ")";
    else if (letter === ",") text += "|";
    else text += letter === "." ? "\\." : letter;
  }
  return new RegExp(`^${text}$`);
}

function matchedOf(patterns: readonly string[], paths: readonly string[]): string[] {
  const expressions = patterns.map(expression);
  return paths.filter((path) => expressions.some((each) => each.test(path)));
}

test("what is kept is not matched, and all else is, however close its name", () => {
  const patterns = patternsBut("/proc/sys", ["kernel/host", "kernel/shm*", "net/**"]);
  const kept = ["kernel", "kernel/host", "kernel/shm", "kernel/shmall", "net", "net/", "net/ipv4", "net/ipv4/a/b"];
  const others = [
    ...[
      "a",
      "k",
      "kerne",
      "kernel2",
      "kernelx/a",
      "kern/a",
      "n",
      "ne/a",
      "net2",
      "net2/a",
      "vm/swappiness",
      "debug/x/y",
    ],
    ...["kernel/a", "kernel/a/b", "kernel/h", "kernel/hos", "kernel/host2", "kernel/host/a", "kernel/hostx/a/b"],
    ...["kernel/s", "kernel/sh", "kernel/sh/a", "kernel/sysrq", "kernel/shma/b", "kernel/core_pattern"],
  ];
  const below = (names: readonly string[]) => names.map((name) => `/proc/sys/${name}`);
  deepEqual(matchedOf(patterns, below(kept)), []);
  deepEqual(matchedOf(patterns, below(others)), below(others));
});

test("sources of mounts end with a slash when they are folders", () => {
  const patterns = patternsBut("", ["proc/**", "sys/**", "dev/.lxc/**"]);
  const blocked = ["/", "/proc/", "/proc/1/root/", "/sys/", "/sys/fs/", "/dev/", "/dev/.lxc/", "/dev/.lxc/proc/sys/"];
  const free = [
    "/mnt/",
    "/a/b/",
    "/process/",
    "/p/",
    "/sy/",
    "/dev/null",
    "/dev/pts/",
    "/dev/.lx/",
    "/dev/.lxcx/",
    "/devs/",
  ];
  for (const given of [patterns, [anyOf(patterns)]]) {
    deepEqual(matchedOf(given, blocked), []);
    deepEqual(matchedOf(given, free), free);
  }
});

test("each beginning is told once", () => {
  deepEqual(patternsBut("/s", ["ab*", "ac/**"]), [
    "/s/[^a]*{,/**}",
    "/s/a{,[^bc]*}{,/**}",
    "/s/ab*/**",
    "/s/ac?*{,/**}",
  ]);
  equal(anyOf(["/[^a]*{,/**}", "/a?*{,/**}"]), "/{[^a]*,a?*}{,/**}");
});
