import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { DoctorCheck } from "./doctor-checks.ts";
import { commandText, isAllowed, stepsFor, sudoText, withLines } from "./doctor-fix.ts";
import { linesStep, runStep } from "./host-check-fixes.ts";

const allowed: readonly string[] = [
  "usermod --add-subuids 100000-165535 ann",
  "usermod --add-subgids 100000-165535 ann.b_c-d",
  "sysctl -w kernel.unprivileged_userns_clone=1",
  "chown root /usr/bin/newuidmap",
  "chmod u+s /usr/bin/newgidmap",
  "apt-get install -y uidmap",
  "loginctl enable-linger ann",
  "systemctl daemon-reload",
];
const refused: readonly string[] = [
  "usermod --uid 0 ann",
  "usermod --add-subuids 100000 ann",
  "usermod --add-subuids 1-2 --root",
  "sysctl -w kernel.core_pattern=|/bin/sh",
  "sysctl -p /tmp/x",
  "chmod u+s /bin/sh",
  "chmod u+s newuidmap",
  "chown ann /usr/bin/newuidmap",
  "apt-get install -y --allow-unauthenticated",
  "systemctl daemon-reload now",
  "systemctl start x",
  "sh -c x",
];

test("only what the doctor is known to do is done", () => {
  const wrong = [...allowed, ...refused].filter(
    (text) => isAllowed(runStep(text.split(" "))) !== allowed.includes(text),
  );
  deepEqual(wrong, []);
  deepEqual(
    ["/etc/sysctl.d/90-lxc.conf", "/etc/passwd"].map((file) => isAllowed(linesStep(file, ["a = 1"]))),
    [true, false],
  );
});

test("a step is shown as a shell would take it", () => {
  const file = linesStep("/etc/sysctl.d/90-lxc.conf", ["a = 1"]);
  equal(commandText(runStep(["sysctl", "-w", "a=1"])), "sysctl -w a=1");
  equal(commandText(file), "printf '%s\\n' 'a = 1' >> /etc/sysctl.d/90-lxc.conf");
  equal(sudoText(file), "printf '%s\\n' 'a = 1' | sudo tee -a /etc/sysctl.d/90-lxc.conf");
});

test("a line takes the place of the one that says otherwise, and is not there twice", () => {
  equal(withLines("", ["a = 1"]), "a = 1\n");
  equal(withLines("# a = 0\nb = 2\na = 0\n", ["a = 1"]), "# a = 0\nb = 2\na = 1\n");
  equal(withLines("a = 1\nb = 2\n", ["a = 1"]), "a = 1\nb = 2\n");
  const service = ["[Service]", "Delegate=cpu"];
  equal(withLines("", service), "[Service]\nDelegate=cpu\n");
  equal(withLines("# ours\n[Service]\nDelegate=yes\n", service), "# ours\n[Service]\nDelegate=cpu\n");
  equal(withLines("[Service]\n[Unit]\nA=b\n", service), "[Service]\nDelegate=cpu\n[Unit]\nA=b\n");
  equal(withLines("a = 1\na = 2\n", ["a = 3"]), "a = 3\n");
});

test("a package is installed once, for all that it brings", () => {
  const check = (id: string, weight: DoctorCheck["weight"]): DoctorCheck => {
    return { id, weight, what: id, detail: "", fix: "x", steps: [runStep(["apt-get", "install", "-y", "uidmap"])] };
  };
  equal(stepsFor([check("newuidmap", "stops"), check("newgidmap", "stops"), check("keys", "advice")]).length, 1);
});
