// Manual pages of the files: lxc.container.conf(5) from the table of keys, lxc.conf(5), lxc-usernet(5); and of the setuid programs.

import type { Group } from "../src/container/config/groups.ts";
import { NO_VARIABLES } from "../src/container/config/keys.ts";
import { NetworkConfig } from "../src/container/config/network-schema.ts";
import { Config } from "../src/container/config/schema.ts";
import type { Live, Setting } from "../src/container/config/settings.ts";
import { systemKeys } from "../src/container/config/system-config.ts";
import { example, type Page, type Part, paragraph, term } from "./roff.ts";

export function containerConfPage(): Page {
  const config = new Config(NO_VARIABLES);
  const titles = [...new Set(config.settings.map((setting) => setting.section))];
  const parts: Part[] = [...formatParts()];
  for (const title of titles) {
    const settings = config.settings.filter((setting) => setting.section === title);
    const groups = config.groups.filter((group) => group.section === title && group.example !== "");
    parts.push({
      title,
      lines: [...settings.flatMap((setting) => settingLines(setting.key, setting)), ...groups.flatMap(groupLines)],
    });
  }
  parts.push({ title: "Networks", lines: networkLines() });
  parts.push({ title: "Example", lines: example(...EXAMPLE) });
  parts.push({
    title: "See also",
    lines: paragraph("lxc-config(1), lxc-update-config(1), lxc.conf(5), lxc-usernet(5)"),
  });
  return { name: "lxc.container.conf", section: 5, purpose: "the configuration of a container", parts };
}

const EXAMPLE = [
  "lxc.include = /usr/share/lxc/config/common.conf",
  "lxc.uts.name = web",
  "lxc.rootfs.path = dir:/var/lib/lxc/web/rootfs",
  "lxc.net.0.type = veth",
  "lxc.net.0.link = lxcbr0",
  "lxc.net.0.flags = up",
  "lxc.limit.memory = 2G",
  "lxc.start.auto = 1",
];

function formatParts(): Part[] {
  return [
    {
      title: "Description",
      lines: [
        ...paragraph(
          "A container is a folder with a file named config, below the container path (/var/lib/lxc). Each line of the file is KEY = VALUE.",
        ),
        ...paragraph("`lxc-config check` says what is wrong in such a file, `lxc-config set` changes it."),
      ],
    },
    {
      title: "Format",
      lines: [
        ...term("Blanks", "Those around the key and around the value do not count."),
        ...term("Comments", "A line whose first sign is # is one. There are none behind a value."),
        ...term("Quotes", "One pair of ' or \" around a whole value is taken off."),
        ...term("No value", "KEY = takes the key back to its default; of a list it takes all items out."),
        ...term("Order", "The last line for a key counts; each line for a list adds to it."),
        ...term(
          "Other lines",
          "What does not begin with lxc. is ignored, with a warning. An unknown key that does is an error.",
        ),
      ],
    },
  ];
}

function settingLines(key: string, setting: Setting): string[] {
  if (setting.isDirective()) return term(key, setting.doc);
  const facts = [`Value: ${setting.kind()}.`];
  const initial = setting.initialText();
  // A doc that names the default knows better than the number that stands for it.
  if (initial !== "" && !setting.isList() && !setting.doc.includes("Default: ")) facts.push(`Default: ${initial}.`);
  if (setting.isList()) facts.push("It may be given several times.");
  return term(key, setting.doc, facts.join(" "), ...remarks(setting.live));
}

function groupLines(group: Group): string[] {
  const setting = group.open(group.example, true);
  const kind = setting === undefined ? [] : [`Value: ${setting.kind()}. Such as ${group.prefix}${group.example}.`];
  return term(`${group.prefix}*`, group.doc, ...kind, ...remarks(group.live));
}

function remarks(live: Live): string[] {
  return live === "no" ? [] : ["A change counts at once, also for a container that runs."];
}

function networkLines(): string[] {
  const network = new NetworkConfig(0);
  const intro = paragraph(
    "Each network has a number, here N. Its type comes first, for it takes back what was said of the network before. Without any network a container has one of type empty.",
  );
  return [...intro, ...network.settings.flatMap((setting) => settingLines(`lxc.net.N.${setting.key}`, setting))];
}

export function systemConfPage(): Page {
  const lines = systemKeys.flatMap((row) => {
    const initial =
      row.initial === ""
        ? []
        : [`Default: ${row.initial}${row.belowHome === "" ? "" : `; for users ~/${row.belowHome}`}.`];
    return term(row.key, row.doc, ...initial);
  });
  const where =
    "/etc/lxc/lxc.conf, and for other users ~/.config/lxc/lxc.conf, hold the settings of LXC itself, as KEY = VALUE. The first line for a key counts.";
  return {
    name: "lxc.conf",
    section: 5,
    purpose: "the settings of LXC itself",
    parts: [
      { title: "Description", lines: paragraph(where) },
      { title: "Keys", lines },
      { title: "See also", lines: paragraph("lxc-config(1), lxc.container.conf(5)") },
    ],
  };
}

export function usernetPage(): Page {
  const what =
    "/etc/lxc/lxc-usernet says how many network devices users may have, and on which bridges. Each line is USER veth BRIDGE COUNT, or @GROUP veth BRIDGE COUNT; a line that begins with # is a comment. Of the lines for a user and a bridge the first one with room left is used. The bridge none is for devices that are joined to no bridge.";
  const ports =
    "A line USER publish BRIDGE PORTS lets lxc.net.[i].publish of the user's containers on that bridge have ports of the host. PORTS is a list such as 8000-8999,53/udp,127.0.0.1:22: a range with one protocol, or both, for one address of the host, or all. LXC passes over such lines.";
  const who =
    "The user's name is looked for in /etc/passwd, and the groups in /etc/group: a user of a directory service needs a line there.";
  return {
    name: "lxc-usernet",
    section: 5,
    purpose: "network devices and published ports for the containers of users",
    parts: [
      { title: "Description", lines: [...paragraph(what), ...paragraph(ports), ...paragraph(who)] },
      { title: "Example", lines: example("anna veth lxcbr0 10", "@staff veth br0 2", "anna publish lxcbr0 8000-8999") },
      {
        title: "See also",
        lines: paragraph("lxc-user-nic(1), lxc-user-publish(1), lxc-config(1), lxc.container.conf(5)"),
      },
    ],
  };
}

export function userNicPage(): Page {
  const what =
    "A start by an ordinary user calls it for each network of type veth, as it may not make devices of the host itself. It is setuid root, and gives what /etc/lxc/lxc-usernet allows, to a network namespace that the user has made. /run/lxc/nics says who has which device.";
  const create =
    "Makes a pair of devices: one end in the network namespace of process PID, called INSIDE or eth and a number, the other joined to BRIDGE. Prints INSIDE:INDEX:DEVICE:INDEX.";
  const remove = "Takes away the pair whose end on the host is DEVICE, if it is the user's.";
  return {
    name: "lxc-user-nic",
    section: 1,
    purpose: "a network device of the host for the container of a user",
    parts: [
      {
        title: "Synopsis",
        lines: example(
          "lxc-user-nic create LXCPATH NAME PID veth BRIDGE [INSIDE]",
          "lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net veth BRIDGE DEVICE",
        ),
      },
      { title: "Description", lines: paragraph(what) },
      { title: "Actions", lines: [...term("create", create), ...term("delete", remove)] },
      {
        title: "Exit status",
        lines: paragraph(
          "0, or 1 with one sentence, which is the same for all that is not allowed or not there. `Quota reached` means that /etc/lxc/lxc-usernet allows no more.",
        ),
      },
      { title: "Files", lines: paragraph("/etc/lxc/lxc-usernet, /run/lxc/nics") },
      { title: "See also", lines: paragraph("lxc-usernet(5), lxc-user-publish(1), lxc-start(1)") },
    ],
  };
}

export function userPublishPage(): Page {
  const what =
    "A start by an ordinary user calls it for each network with lxc.net.[i].publish. It is setuid root, and lets those ports of the host that /etc/lxc/lxc-usernet allows lead to the container, until its standard input ends. DEVICE is the host's end of a device on BRIDGE that lxc-user-nic has given the user.";
  const how =
    "It prints ready once it has the ports, and leads them to the addresses that the device's other end has in the bridge's own network. Whatever it reads has it look for those addresses again. The ports go with it, however it ends.";
  return {
    name: "lxc-user-publish",
    section: 1,
    purpose: "ports of the host that lead to the container of a user",
    parts: [
      { title: "Synopsis", lines: example("lxc-user-publish LXCPATH NAME INDEX BRIDGE DEVICE PORTS...") },
      { title: "Description", lines: [...paragraph(what), ...paragraph(how)] },
      {
        title: "Exit status",
        lines: paragraph(
          "0, or 1 with one sentence, which is the same for all that is not allowed or not there; another one says which port is taken.",
        ),
      },
      { title: "Files", lines: paragraph("/etc/lxc/lxc-usernet, /run/lxc/nics, /run/lxc/publish.lock") },
      { title: "See also", lines: paragraph("lxc-usernet(5), lxc-user-nic(1), lxc-start(1)") },
    ],
  };
}
