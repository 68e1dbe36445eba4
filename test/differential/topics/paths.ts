// Paths as text, and the names LXC derives from them.

import { baseName, below, joinPath, normalPath, parentOf } from "../../../src/base/path.ts";
import { fnv1a64 } from "../../../src/container/paths.ts";

const PATHS: readonly string[] = [
  "",
  "/",
  "a",
  "a/",
  "/a",
  "/a//b/./c/../d/",
  "../a/../../b",
  "/../..",
  "./ü/ß",
  "/a/b/c",
];

export function paths(): string[] {
  const lines: string[] = [];
  for (const path of PATHS) {
    lines.push(
      [path, normalPath(path), baseName(path), parentOf(path), joinPath(joinPath(joinPath(path, "/x"), ""), "y/")].join(
        " | ",
      ),
    );
    for (const folder of PATHS) lines.push(`${path} below ${folder}: ${below(folder, path) ?? "no"}`);
    lines.push(fnv1a64(new TextEncoder().encode(path)));
  }
  return lines;
}
