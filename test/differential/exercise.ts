// Exercises the pure modules and prints what they say. Run natively and under Node, the output must be the same.

import { commandLines } from "./topics/command-line.ts";
import { configuration, writeBack } from "./topics/configuration.ts";
import { errors } from "./topics/errors.ts";
import { addresses, devices, isolation } from "./topics/isolation.ts";
import { commands, messages } from "./topics/messages.ts";
import { answers, requests } from "./topics/netlink.ts";
import { network } from "./topics/network.ts";
import { paths } from "./topics/paths.ts";
import { mounts } from "./topics/rootfs.ts";
import { seccomp } from "./topics/seccomp.ts";
import { structs } from "./topics/structs.ts";
import { words } from "./topics/words.ts";

function show(title: string, lines: readonly string[]): void {
  for (const line of lines) console.log(`${title}: ${line}`);
}

show("words", words());
show("paths", paths());
show("errors", errors());
show("structs", structs());
show("addresses", addresses());
show("netlink requests", requests());
show("netlink answers", answers());
show("configuration", configuration());
show("write-back", writeBack());
show("network", network());
show("mounts", mounts());
show("isolation", isolation());
show("devices", devices());
show("seccomp", seccomp());
show("messages", messages());
show("commands", commands());
show("command lines", commandLines());
