import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { mountAttr } from "./mount.ts";
import { cloneArgs } from "./sched.ts";
import { msghdr, sockaddrUn } from "./socket.ts";
import { Layout } from "./struct.ts";

test("sizes are those of the kernel headers", () => {
  deepEqual([cloneArgs.size, mountAttr.size, sockaddrUn.size, msghdr.size], [88, 32, 110, 56]);
});

test("fields are aligned as in C, and the end is padded", () => {
  const layout = new Layout();
  deepEqual([layout.u8().at, layout.u32().at, layout.u16().at, layout.size()], [0, 4, 8, 12]);
});

test("a field reads back what was put, at both ends of its range", () => {
  const layout = new Layout();
  const fields = [layout.u8(), layout.u16(), layout.u32(), layout.i32(), layout.u64()];
  const bytes = new Uint8Array(layout.size());
  const values = [255, 65535, 4294967295, -2147483648, Number.MAX_SAFE_INTEGER];
  for (const [i, field] of fields.entries()) field.put(bytes, values[i]!);
  deepEqual(
    fields.map((field) => field.get(bytes)),
    values,
  );
});

test("a value that does not fit is refused", () => {
  const bytes = new Uint8Array(cloneArgs.size);
  throws(() => cloneArgs.flags.put(bytes, -1), RangeError);
  throws(() => cloneArgs.flags.put(bytes, 2 ** 53), RangeError);
  throws(() => sockaddrUn.family.put(bytes, 65536), RangeError);
  throws(() => cloneArgs.cgroup.put(new Uint8Array(8), 1), RangeError);
});
