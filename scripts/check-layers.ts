// Fails when a file imports from a layer above its own, or when files import each other in a circle.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const LAYERS = ["base", "kernel", "isolation", "container", "lifecycle", "faces"];
const rank = (file: string): number => LAYERS.indexOf(file.split("/")[1] ?? "");

const imports = new Map<string, string[]>();
for (const file of globSync("src/**/*.ts", { exclude: (name) => name.endsWith(".test.ts") })) {
  const from = [...readFileSync(file, "utf8").matchAll(/^(?:im|ex)port (?:[^;"]*?from )?"(\.[^"]+)"/gms)];
  imports.set(
    file,
    from.map((match) => normalize(join(dirname(file), match[1] ?? ""))),
  );
}

const problems: string[] = [];
for (const [file, targets] of imports) {
  for (const target of targets) {
    if (rank(target) > rank(file)) problems.push(`${file} may not import ${target}: it is a layer above`);
  }
}

function walk(file: string, trail: readonly string[]): void {
  if (trail.includes(file)) {
    problems.push(`circle: ${[...trail.slice(trail.indexOf(file)), file].join(" -> ")}`);
    return;
  }
  for (const target of imports.get(file) ?? []) walk(target, [...trail, file]);
}
for (const file of imports.keys()) walk(file, []);

for (const problem of new Set(problems)) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
