// `node test/guest/run.ts uml|qemu [systemd] [selinux] 'SCRIPT'`: boots a guest, runs one bash script in it, and ends as that did.

import { Guest, type GuestOptions } from "./guest.ts";

const words = process.argv.slice(2);
const script = words.pop() ?? "";
const options: GuestOptions = {
  backend: words.includes("qemu") ? "qemu" : "uml",
  init: words.includes("systemd") ? "systemd" : "tiny",
  lsm: words.includes("selinux") ? "selinux" : "apparmor",
};
const guest = new Guest(options);
await guest.up();
const answer = await guest.exec(script, 600);
process.stdout.write(answer.stdout);
process.stderr.write(answer.stderr);
process.exitCode = answer.status;
await guest.down();
