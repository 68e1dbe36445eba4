// What devices of the host were like before they moved into a container, kept until they are back. A monitor that is killed
// brings nothing back: the kernel does, for hardware, once the container has ended; under whatever name is free.

import type { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { wholeNumberIn } from "../../base/text.ts";
import {
  createText,
  exists,
  listDirectory,
  makeDirectories,
  removeFile,
  tryReadLink,
  tryReadText,
} from "../../kernel/files.ts";
import { addAltNames } from "../../kernel/link-names.ts";
import { changeRequest, isDeviceName, type LinkChange, type LinkInfo, listLinks } from "../../kernel/links.ts";
import { type NetlinkRequest, type NetlinkSocket, refusedRequest } from "../../kernel/netlink.ts";

const DIGITS = "0123456789abcdef";

/** One line of words, in this order. */
export interface MovedLink {
  readonly name: string;
  readonly mtu: number;
  /** `aa:bb:cc:dd:ee:ff`, before and inside. */
  readonly hwaddr: string;
  readonly hwaddrInside: string;
  readonly altNames: readonly string[];
}

/** Below the run directory, for root. */
export function movedLinksFolder(runDir: string): string {
  return joinPath(runDir, "lxc/moved-links");
}

export function movedLinkText(moved: MovedLink): string {
  return `${[moved.name, moved.mtu, moved.hwaddr, moved.hwaddrInside, ...moved.altNames].join(" ")}\n`;
}

/** Undefined for what `movedLinkText` never writes. */
export function movedLinkIn(text: string): MovedLink | undefined {
  const words = text.trim().split(" ");
  const name = words[0] ?? "";
  const mtu = wholeNumberIn(words[1] ?? "");
  const hwaddr = words[2] ?? "";
  const hwaddrInside = words[3] ?? "";
  if (!isDeviceName(name) || mtu === undefined || hwaddr === "" || hwaddrInside === "") return undefined;
  return { name, mtu, hwaddr, hwaddrInside, altNames: words.slice(4) };
}

/** The one device of the host that it can be; virtual ones end with the container. Pure. */
export function returnedLink(moved: MovedLink, links: readonly LinkInfo[]): LinkInfo | undefined {
  const found = links.filter((link) => link.kind === "" && isAlike(moved, hardwareText(link.hwaddr)));
  return found.length === 1 ? found[0] : undefined;
}

function isAlike(moved: MovedLink, hwaddr: string): boolean {
  return hwaddr !== "" && (hwaddr === moved.hwaddr || hwaddr === moved.hwaddrInside);
}

export function hardwareText(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (const byte of bytes) parts.push(DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15));
  return parts.join(":");
}

/** Before `link` moves: `hwaddrInside` has no bytes where it stays the same. */
export function rememberMoved(folder: string, link: LinkInfo, hwaddrInside: Uint8Array): void {
  if (folder === "" || link.kind !== "") return;
  makeDirectories(folder, 0o700);
  const hwaddr = hardwareText(link.hwaddr);
  const inside = hwaddrInside.length > 0 ? hardwareText(hwaddrInside) : hwaddr;
  const moved: MovedLink = { name: link.name, mtu: link.mtu, hwaddr, hwaddrInside: inside, altNames: link.altNames };
  const file = fileOf(folder, link.name);
  removeFile(file);
  createText(file, movedLinkText(moved), 0o600);
}

/** Once it is back. */
export function forgetMoved(folder: string, link: LinkInfo): void {
  if (folder !== "" && link.kind === "") removeFile(fileOf(folder, link.name));
}

/** Another network namespace may have a device of the same name. */
function fileOf(folder: string, name: string): string {
  return joinPath(folder, `${name}${ourSuffix()}`);
}

function ourSuffix(): string {
  return `@${tryReadLink("/proc/self/ns/net") ?? ""}`;
}

/**
 * Gives those devices that `wanted` takes back all they had, where the kernel has returned them. Calls `tell` with a
 * sentence for each.
 */
export function recoverMoved(
  socket: NetlinkSocket,
  folder: string,
  wanted: (name: string) => boolean,
  tell: (text: string) => void,
): void {
  if (!exists(folder)) return;
  const suffix = ourSuffix();
  for (const file of listDirectory(folder)) {
    if (!file.endsWith(suffix)) continue;
    const moved = movedLinkIn(tryReadText(joinPath(folder, file)) ?? "");
    if (moved === undefined || !wanted(moved.name)) continue;
    const links = listLinks(socket);
    const isBack = links.some((link) => link.name === moved.name);
    const link = isBack ? undefined : returnedLink(moved, links);
    if (link !== undefined) tell(recover(socket, moved, link));
    if (isBack || link !== undefined) removeFile(joinPath(folder, file));
  }
}

function recover(socket: NetlinkSocket, moved: MovedLink, link: LinkInfo): string {
  const change: LinkChange = { name: moved.name, mtu: moved.mtu, hwaddr: bytesOfHardware(moved.hwaddr), up: false };
  const requests: NetlinkRequest[] = [changeRequest(link.index, link.name, change)];
  const missing = moved.altNames.filter((name) => !link.altNames.includes(name));
  if (missing.length > 0) requests.push(addAltNames(link.index, moved.name, missing));
  let failure: LxcError | undefined;
  for (const refusal of socket.tryRun(requests).refusals) {
    const request = requests[refusal.request];
    if (request !== undefined) failure = refusedRequest(request, refusal);
  }
  if (failure !== undefined) throw failure;
  return `${link.name} is called ${moved.name} again, as before a container had it whose monitor was killed`;
}

function bytesOfHardware(text: string): Uint8Array {
  const parts = text.split(":");
  const bytes = new Uint8Array(parts.length);
  for (let i = 0; i < parts.length; i++) bytes[i] = parseInt(parts[i] ?? "", 16);
  return bytes;
}
