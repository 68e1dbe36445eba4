// A manual page for each tool, from its option table.

import { commonOptionsOf, type Option, type Tool } from "../src/faces/cli/command.ts";
import { example, type Page, type Part, paragraph, term } from "./roff.ts";

/** Codes other than 0 for "done" and 1 for "failed". */
const exitCodes: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "lxc-attach": [
    ["126", "The program could not be executed."],
    ["127", "The program was not found."],
    ["128+N", "The program was ended by signal N."],
  ],
  "lxc-doctor": [["1", "Something keeps containers from starting."]],
  "lxc-net": [
    ["1", "It runs already, or does not; or, of status, something does not work."],
    ["2", "It was not said what to do."],
    ["3", "Of status: it does not run."],
  ],
  "lxc-usernsexec": [
    ["N", "The program's own exit code."],
    ["128+N", "The program was ended by signal N."],
  ],
  "lxc-config": [["1", "A file that was checked has errors, or nothing could be done."]],
  "lxc-execute": [["N", "The program's own exit code."]],
  "lxc-run": [
    ["126", "The program could not be executed."],
    ["127", "The program was not found."],
    ["N", "The program's own exit code."],
    ["128+N", "The program was ended by signal N."],
  ],
  "lxc-start": [["0", "The container runs, also when it did so before."]],
  "lxc-stop": [["2", "The container does not run."]],
};

const examples: Readonly<Record<string, readonly string[]>> = {
  "lxc-attach": ["lxc-attach c1", "lxc-attach c1 -- ps aux"],
  "lxc-cgroup": ["lxc-cgroup c1 memory.max", "lxc-cgroup c1 memory.max 512M"],
  "lxc-checkconfig": ["lxc-checkconfig", "lxc-checkconfig --format=json"],
  "lxc-doctor": ["lxc-doctor", "lxc-doctor c1", "sudo lxc-doctor --fix --user=ann", "lxc-doctor --format=json"],
  "lxc-usernsexec": [
    "lxc-usernsexec",
    "lxc-usernsexec -m b:0:100000:65536 -- id",
    "lxc-usernsexec -s -- chown 1:1 file",
  ],
  "lxc-config": [
    "lxc-config lxc.lxcpath",
    "lxc-config check",
    "lxc-config check /var/lib/lxc/c1/config",
    "lxc-config set c1 lxc.limit.memory 2G",
    "lxc-config set --append c1 lxc.cap.drop sys_time",
    "lxc-config unset c1 lxc.limit.memory",
    "lxc-config get c1 --format=json",
  ],
  "lxc-checkpoint": ["lxc-checkpoint c1 -s -D /srv/c1.saved", "lxc-checkpoint c1 -r -D /srv/c1.saved"],
  "lxc-console": ["lxc-console c1", "lxc-console c1 -t 0 -e ^b"],
  "lxc-create": ["lxc-create c1 -t busybox"],
  "lxc-device": ["lxc-device c1 -- add /dev/fuse", "lxc-device c1 -- add eth1 eth0", "lxc-device c1 -- del eth0 eth1"],
  "lxc-execute": ["lxc-execute c1 -- uname -n"],
  "lxc-info": ["lxc-info c1", "lxc-info c1 -sH", "lxc-info c1 -c lxc.net.0.link"],
  "lxc-ls": ["lxc-ls -f", "lxc-ls --running -1", "lxc-ls -f --format=json"],
  "lxc-net": ["lxc-net start", "lxc-net status", "lxc-net status c1", "lxc-net status --format=json"],
  "lxc-run": [
    "lxc run busybox",
    "lxc run busybox -- uname -n",
    "lxc run --network=empty -m /srv/data:/data:ro -e LANG busybox -- ls /data",
    "lxc run /srv/rootfs -- sh",
  ],
  "lxc-start": ["lxc-start c1", "lxc-start c1 -F", "lxc-start c1 -s lxc.limit.memory=512M"],
  "lxc-stop": ["lxc-stop c1", "lxc-stop c1 -k"],
  "lxc-top": ["lxc-top", "lxc-top --once -s m", "lxc-top -b -d 10 --format=ndjson"],
  "lxc-update-config": ["lxc-update-config -c /var/lib/lxc/c1/config"],
  "lxc-wait": ["lxc-wait c1 -s 'STOPPED|FROZEN' -t 30"],
};

export function toolPage(tool: Tool): Page {
  const own = tool.options.flatMap(optionLines);
  const common = commonOptionsOf(tool);
  const codes = exitCodes[tool.name] ?? [];
  const parts: Part[] = [
    { title: "Synopsis", lines: [`.B ${tool.name}`, ...(tool.usage === "" ? [] : paragraph(tool.usage).slice(1))] },
    { title: "Description", lines: paragraph(`${tool.doc}.`) },
  ];
  if (own.length > 0) parts.push({ title: "Options", lines: own });
  parts.push({ title: "Common options", lines: common.flatMap(optionLines) });
  parts.push({
    title: "Exit status",
    lines: [
      ...term("0", "It was done."),
      ...term("1", "It failed; the message says why, and what can be done."),
      ...codes.flatMap(([code, meaning]) => term(code, meaning)),
    ],
  });
  const shown = examples[tool.name] ?? [];
  if (shown.length > 0) parts.push({ title: "Examples", lines: example(...shown) });
  parts.push({ title: "See also", lines: paragraph("lxc.container.conf(5), lxc.conf(5), lxc-config(1)") });
  return { name: tool.name, section: 1, purpose: purposeOf(tool), parts };
}

/** The tool's sentence without its own name. */
function purposeOf(tool: Tool): string {
  return tool.doc.startsWith(`${tool.name} `) ? tool.doc.slice(tool.name.length + 1) : tool.doc;
}

function optionLines(option: Option): string[] {
  const value = option.takes === "value" ? `=${option.value}` : option.takes === "maybe" ? `[=${option.value}]` : "";
  const short = option.short === "" ? "" : `-${option.short}, `;
  const later = option.later ? ["Not supported yet: it is refused."] : [];
  return term(`${short}--${option.long}${value}`, `${option.doc}.`, ...later);
}
