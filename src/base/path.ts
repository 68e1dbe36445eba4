// Paths as text: joining, normalising, and asking what is below what. No system calls.

/** One path from two parts; an empty one vanishes, and no slash is doubled. */
export function joinPath(path: string, part: string): string {
  if (part === "") return path;
  const bare = part.startsWith("/") ? part.slice(1) : part;
  return path === "" || path.endsWith("/") ? `${path}${bare}` : `${path}/${bare}`;
}

/** Without doubled and trailing slashes, without `.`, and with `..` taken back as far as the root. */
export function normalPath(path: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (!absolute) parts.push(part);
  }
  const joined = parts.join("/");
  return absolute ? `/${joined}` : joined === "" ? "." : joined;
}

/** What follows `folder` in `path`, without a slash in front; undefined when `path` is not below `folder` nor the same. */
export function below(folder: string, path: string): string | undefined {
  const base = folder === "/" ? "" : folder;
  if (path === folder) return "";
  return path.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined;
}

/** The last part. */
export function baseName(path: string): string {
  const bare = path.endsWith("/") && path.length > 1 ? path.slice(0, -1) : path;
  return bare.slice(bare.lastIndexOf("/") + 1);
}

/** All but the last part. */
export function parentOf(path: string): string {
  const bare = path.endsWith("/") && path.length > 1 ? path.slice(0, -1) : path;
  const slash = bare.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : bare.slice(0, slash);
}
