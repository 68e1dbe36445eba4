// What of the host's ports leads to a container.

import type { Container } from "../../container/container.ts";
import { configItemOf } from "../../lifecycle/command-client.ts";

/** As in the configuration that the running container was started with, `8080:80/tcp` and so on. */
export function portsOf(container: Container): string[] {
  const ports: string[] = [];
  let left = linesIn(configItemOf(container, "lxc.net")).length;
  // Most have one network; a missing number in between is none of `lxc.net`.
  for (let index = 0; left > 0 && index < MOST_INDEX; index++) {
    const type = configItemOf(container, `lxc.net.${index}.type`);
    if (type === undefined) continue;
    left--;
    if (type !== "veth") continue;
    for (const one of linesIn(configItemOf(container, `lxc.net.${index}.publish`))) ports.push(one);
  }
  return ports;
}

const MOST_INDEX = 64;

function linesIn(item: string | undefined): string[] {
  return (item ?? "").split("\n").filter((line): boolean => line !== "");
}
