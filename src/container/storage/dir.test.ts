import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { problemWithRemoving } from "./dir.ts";

test("only folders that can be a container's own are removed with it", () => {
  const directory = "/var/lib/lxc/c1";
  const folders = [
    "/var/lib/lxc/c1/rootfs",
    "/srv/roots/c1",
    "/home/user/roots/c1",
    "rootfs",
    "/",
    "/home",
    "/home/user",
    "/var/lib",
    "/var/lib/lxc",
    "/var/lib/lxc/c1",
    "/usr/share/c1",
    "/etc",
    "/srv",
  ];
  deepEqual(
    folders.map((folder) => problemWithRemoving(folder, directory)),
    [
      undefined,
      undefined,
      undefined,
      "its path is not absolute",
      "the container itself is in it",
      "it is a folder of the system's root",
      "it belongs to /home",
      "the container itself is in it",
      "the container itself is in it",
      "the container itself is in it",
      "it is part of /usr",
      "it is a folder of the system's root",
      "it is a folder of the system's root",
    ],
  );
});
