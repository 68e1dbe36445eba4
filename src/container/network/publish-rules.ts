// Which ports an ordinary user may publish, and why one was refused. Pure.

import { LxcError } from "../../base/errors.ts";
import { allowingText, arePortsAllowed } from "../config/allowed-ports.ts";
import { type PublishedPorts, publishedText } from "../config/publish-codecs.ts";
import type { PublishRule } from "../config/usernet.ts";
import type { Caller } from "./caller.ts";
import { isFor } from "./nics.ts";
import type { WantedPorts } from "./publish-host.ts";
import { powerlessHelper } from "./setuid-helpers.ts";
import { USERNET } from "./user-refusals.ts";

/** Whether some rule lets `caller` publish `ports` for a container on `bridge`. */
export function mayPublish(
  rules: readonly PublishRule[],
  caller: Caller,
  bridge: string,
  ports: PublishedPorts,
): boolean {
  const own = rules.filter((rule) => rule.bridge === bridge && isFor(caller, rule.who, rule.isGroup));
  return own.some((rule) => arePortsAllowed(ports, rule.ports));
}

/** The line that allows it. */
export function publishLine(user: string, bridge: string, ports: PublishedPorts): string {
  return `${user} publish ${bridge} ${allowingText(ports)}`;
}

export function notAllowedToPublish(wanted: WantedPorts, user: string, bridge: string): LxcError {
  return new LxcError("not-permitted", useOf(wanted), `${USERNET} lets ${user} publish no such port there`, {
    hint: `have root add this line to ${USERNET}: ${publishLine(user, bridge, wanted.ports)}`,
  });
}

function useOf(wanted: WantedPorts): string {
  return `use ${wanted.key} = ${publishedText(wanted.ports)}`;
}

/** What lxc-user-publish says once it has the ports. */
export const READY = "ready\n";

/** What it says when it cannot `doing` because somebody else has them; who, is told nobody. */
export function takenText(doing: string): string {
  return `lxc-user-publish: cannot ${doing}: the port is taken\n`;
}

/** Told by the side that asked, as the helper says little. */
export function whyNotPublished(
  said: string,
  helper: string,
  asked: { readonly user: string; readonly bridge: string; readonly wanted: readonly WantedPorts[] },
): LxcError {
  const user = asked.user;
  const bridge = asked.bridge;
  const doing = `publish ports on ${bridge} for ${user}`;
  if (said.includes("setuid")) return powerlessHelper(doing, helper);
  for (const one of asked.wanted) {
    if (!said.includes(takenText(useOf(one)).trim())) continue;
    return new LxcError("wrong-state", useOf(one), "another container or a program has that port", {
      hint: "publish another port, or on one address of the host that is free: HOSTIP:PORT:PORT",
    });
  }
  const lines = asked.wanted.map((one) => publishLine(user, bridge, one.ports));
  return new LxcError("not-permitted", doing, `${helper} said: ${said === "" ? "nothing" : said}`, {
    hint: `see whether ${USERNET} has lines that allow it: ${lines.join("; ")}; and, as root, whether nft list tables works`,
  });
}
