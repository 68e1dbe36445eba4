// The environment this process was given, as exec takes it.

export function environment(): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(process.env)) lines.push(`${name}=${value ?? ""}`);
  return lines;
}
