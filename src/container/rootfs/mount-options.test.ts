import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_NOATIME,
  MS_RDONLY,
  MS_REC,
  MS_SLAVE,
} from "../../kernel/abi/mount.ts";
import { attributesFor, splitOptions } from "./mount-options.ts";

test("words become flags, spreading and data", () => {
  deepEqual(splitOptions(["rbind", "ro", "rslave", "size=64m", "mode=1777", "defaults"]), {
    flags: MS_BIND | MS_REC | MS_RDONLY,
    propagation: MS_SLAVE | MS_REC,
    data: "size=64m,mode=1777",
  });
});

test("the last word of a pair wins", () => {
  deepEqual(splitOptions(["ro", "rw"]).flags, 0);
  deepEqual(splitOptions(["rw", "ro"]).flags, MS_RDONLY);
});

test("attributes clear the way access times are kept before they set another", () => {
  deepEqual(attributesFor(MS_RDONLY | MS_NOATIME), {
    set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
    clear: MOUNT_ATTR__ATIME,
  });
});
