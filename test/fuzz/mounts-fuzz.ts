// Reads random mount entries, options, layers and mountinfo, and prints a digest of what came of it: `mounts-fuzz SEED
// COUNT`. Runs in both engines.

import { asLxcError } from "../../src/base/errors.ts";
import {
  autoMounts,
  mountEntries,
  mountShares,
  rootfsOptions,
  rootfsPath,
} from "../../src/container/config/rootfs-codecs.ts";
import { bootIdText } from "../../src/container/rootfs/boot-id.ts";
import { overlayPathsIn, rootFolders, writtenFolder } from "../../src/container/rootfs/layers.ts";
import { mountEntriesIn, mountEntryIn } from "../../src/container/rootfs/mount-entry.ts";
import { attributesFor, splitOptions } from "../../src/container/rootfs/mount-options.ts";
import { targetOf } from "../../src/container/rootfs/plan.ts";
import { explain } from "../../src/container/rootfs/steps.ts";
import { mountsBelow } from "../../src/container/storage/mounted.ts";
import { mountIn, unescaped } from "../../src/kernel/mount-table.ts";
import { Digest, Random } from "./random.ts";

const A_DIGEST = 50;
const ROOT_NAMES: readonly string[] = ["/c/c1/rootfs", "/usr/lib/lxc/rootfs", "/"];
const PARTS: readonly string[] = [
  "a",
  "..",
  ".",
  "",
  "rootfs",
  "c1",
  "\\040",
  "\\",
  "\\134",
  "\\0401",
  "é",
  ":",
  "work",
  "x y",
  "//deleted",
];
const OPTIONS: readonly string[] = [
  "bind",
  "rbind",
  "ro",
  "rw",
  "create=dir",
  "create=file",
  "create=",
  "optional",
  "relative",
  "idmap=container",
  "idmap=",
  "idmap=/proc/1/ns/user",
  "size=64k",
  "mode=0755",
  "nosuid",
  "suid",
  "noatime",
  "atime",
  "strictatime",
  "norelatime",
  "rslave",
  "private",
  "remount",
  "move",
  "defaults",
  "",
  "a=b=c",
  "toString",
  "constructor",
  "=",
];
const WORDS: readonly string[] = [
  "proc",
  "proc:ro",
  "sys:mixed",
  "cgroup:rw:force",
  "cgroup2:ro",
  "cgroup-full:",
  "shmounts:",
  "shmounts:/a",
  "shmounts:/a:",
  "shmounts:/a:/b",
  "shmounts:a:../b:c",
  "proc:rw:force",
];

const seed = parseInt(process.argv[2] ?? "1", 10);
const count = parseInt(process.argv[3] ?? "1000", 10);
const random = new Random(seed);
let digest = new Digest();
for (let i = 1; i <= count; i++) {
  tryEntry();
  tryPaths();
  tryMountinfo();
  tryCodecs();
  if (i % A_DIGEST === 0) {
    console.log(`${i} ${digest.value}`);
    digest = new Digest();
  }
}

function randomPath(): string {
  let path = random.below(3) === 0 ? "" : "/";
  const parts = random.below(6);
  for (let i = 0; i < parts; i++) path += (i > 0 ? "/" : "") + random.pick(PARTS);
  return path;
}

function randomOptions(): string {
  const words: string[] = [];
  for (let more = random.below(6); more > 0; more--) words.push(random.pick(OPTIONS));
  return words.join(",");
}

function randomEntry(): string {
  const blank = random.below(5) === 0 ? "\t " : " ";
  const fields = [randomPath(), randomPath(), random.pick(["none", "tmpfs", "", "overlay"]), randomOptions(), "0", "0"];
  return fields.slice(0, random.below(7)).join(blank);
}

function tryEntry(): void {
  const line = randomEntry();
  const entry = mountEntryIn(line);
  digest.add(
    entry === undefined ? "none" : [entry.source, entry.target, entry.type, entry.create, entry.idmap].join("|"),
  );
  digest.add(String(mountEntriesIn([line, randomEntry(), "# no", ""].join("\n")).length));
  if (entry === undefined) return;
  const options = splitOptions(entry.options);
  const change = attributesFor(options.flags);
  digest.add(`${options.flags} ${options.propagation} ${options.data} ${change.set} ${change.clear}`);
  told(() => {
    const to = targetOf(entry.target, ROOT_NAMES);
    must(to === undefined || isBelow(to), "a target is below the root", `${entry.target} ${to}`);
    if (to === undefined) return "left out";
    const { flags, propagation, data } = options;
    const { source, type, create, optional, idmap, relative } = entry;
    return explain({
      kind: "entry",
      source,
      sourceInside: relative,
      to,
      type,
      flags,
      propagation,
      data,
      create,
      optional,
      idmap,
      isShare: random.below(2) === 0,
    });
  });
}

/** Whether nothing in a path leads up or to the root of the host. */
function isBelow(path: string): boolean {
  return path === "" || (!path.startsWith("/") && !path.split("/").includes(".."));
}

function tryPaths(): void {
  let path = randomPath();
  for (let more = random.below(4); more > 0; more--) path += `:${randomPath()}`;
  told(() => {
    const { lowers, upper, work } = overlayPathsIn(path);
    for (const layer of lowers.concat([upper, work])) {
      const isPlain = layer.startsWith("/") && !layer.split("/").includes("..");
      must(isPlain, "a layer's path is absolute and plain", `${path} ${layer}`);
    }
    must(!lowers.includes(upper) && upper !== work, "layers differ", path);
    return `${lowers.join(" ")} ${upper} ${work}`;
  });
  const type = random.pick(["", "dir", "overlay", "overlayfs"]);
  told(() => rootFolders({ type, path }).join(" ") + writtenFolder({ type, path }));
  digest.add(unescaped(path));
}

function tryMountinfo(): void {
  let text = "";
  for (let more = random.below(5); more > 0; more--) {
    const optional = random.pick(["", "shared:1 ", "master:2 shared:3 ", "- "]);
    const line = `${random.below(99)} 1 0:${random.below(9)} ${randomPath()} ${randomPath()} rw,ro ${optional}- ${random.pick(["tmpfs", "overlay", ""])} ${randomPath()} rw,${randomOptions()}`;
    text += `${random.below(4) === 0 ? line.slice(0, random.below(line.length)) : line}\n`;
  }
  for (const line of text.split("\n")) {
    const mount = mountIn(line);
    digest.add(
      mount === undefined
        ? "none"
        : `${mount.root} ${mount.mountPoint} ${mount.type} ${mount.source} ${mount.options.join("|")}`,
    );
  }
  for (const point of mountsBelow("/a", text)) must(point === "/a" || point.startsWith("/a/"), "it is below", point);
}

function tryCodecs(): void {
  const share = [randomPath(), randomPath(), random.pick(["ro", "rw", "", "rx"])].join(" ");
  for (const one of mountShares.add([], share) ?? []) {
    const isPlain = one.target !== "" && isBelow(one.target) && one.source.startsWith("/");
    must(isPlain, "a share's paths are plain", share);
    digest.add(`${one.source}|${one.target}|${one.readOnly}|${mountShares.format(one)}`);
  }
  for (const one of mountEntries.add([], randomEntry()) ?? []) digest.add(mountEntries.format(one));
  const words = `${random.pick(WORDS)} ${random.pick(WORDS)}`;
  for (const one of autoMounts.add([], words) ?? []) {
    const text = autoMounts.format(one);
    digest.add(text);
    must((autoMounts.add([], text) ?? []).length === 1, "what is printed can be read", text);
  }
  digest.add(rootfsPath.parse(randomPath())?.path ?? "none");
  digest.add(rootfsOptions.parse(randomOptions()) ?? "none");
  const bytes = new Uint8Array(16);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
  const id = bootIdText(bytes);
  must(id.length === 37 && id.charAt(14) === "4", "a boot id is a UUID", id);
  digest.add(id);
}

/** What comes of it, or the error that was meant to come. */
function told(attempt: () => string): void {
  try {
    digest.add(attempt());
  } catch (caught) {
    const error = asLxcError(caught as Error);
    must(error.code !== "bug", error.message, "");
    digest.add(error.message);
  }
}

function must(holds: boolean, what: string, text: string): void {
  if (holds) return;
  console.log(`NOT TRUE (seed ${seed}): ${what}\n${JSON.stringify(text)}`);
  process.exit(1);
}
