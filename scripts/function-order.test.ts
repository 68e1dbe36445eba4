import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { orderedScript, Program } from "./function-order.ts";

const TEXT = `static struct { size_t rc; char data[4]; } sc_lit_7 =
static ScrStr *sc_f__x25_fn12(ScrClosure *sc_env);
static bool sc_f__x25_m4_isAt(ScrStr *sc_l_text_0) { /* a.ts:1 */
  ScrStr *sc_t0 = scr_str_retain((ScrStr *)&sc_lit_7);
  ScrClosure *sc_t1 = scr_closure_new((void *)&sc_f__x25_fn12, 1);
  ScrClosure *sc_t2 = scr_closure_new((void *)&sc_f__x25_fn3, 1);
}
static ScrStr *sc_f__x25_fn12(ScrClosure *sc_env) { /* a.ts:2 */
  ScrStr *sc_t0 = scr_str_retain((ScrStr *)&sc_lit_9);
}
static ScrStr *sc_f__x25_fn3(ScrClosure *sc_env) { /* a.ts:3 */
  ScrClosure *sc_t0 = scr_closure_new((void *)&sc_f__x25_fn5, 0);
}
static void sc_f__x25__x25_m31_Clock_wait(double sc_l_ms_0) { /* b.ts:4 */
  ScrStr *sc_t0 = scr_str_retain((ScrStr *)&sc_lit_7);
}
static void sc_f__x25_init_31(void) { /* b.ts:1 */
  ScrClosure *sc_t0 = scr_closure_new((void *)&sc_f__x25_fn8, 0);
}
`;
const STANDARD = `SECTIONS
  .text : {
    *(.text.unlikely .text.*_unlikely)
  }
  .data : {
    *(.data .data.* .gnu.linkonce.d.*)
  }
  .bss : {
   *(.dynbss)
   *(.bss .bss.* .gnu.linkonce.b.*)
   *(COMMON)
   . = ALIGN(8);
  }
`;

test("functions, closures and what loads a module have names that outlive another number", () => {
  const program = new Program(TEXT);
  const keyOf = (name: string): string => program.keyOf(name);
  equal(keyOf("sc_f__x25_m4_isAt.constprop.0"), "sc_f__x25_m*_isAt");
  equal(keyOf("sc_f__x25_fn12"), "sc_f__x25_m*_isAt#0");
  equal(keyOf("sc_f__x25_fn5"), "sc_f__x25_m*_isAt#1#0");
  equal(keyOf("sc_f__x25_fn8"), "init(sc_f__x25__x25_m*_Clock_wait)#0");
  equal(keyOf("malloc"), "malloc");
  equal(keyOf("sc_rretain_r442_v"), "sc_rretain_r*");
  equal(keyOf("sc_f__x25_union_narrow_22"), "sc_f__x25_union_narrow_*");
  const moved = new Program(
    TEXT.replaceAll("fn12", "fn1012").replaceAll("m31", "m99").replaceAll("init_31", "init_99"),
  );
  equal(moved.keyOf("sc_f__x25_fn1012"), "sc_f__x25_m*_isAt#0");
  equal(moved.keyOf("sc_f__x25_fn8"), "init(sc_f__x25__x25_m*_Clock_wait)#0");
});

test("what the list names comes first, with its texts, and what is gone is passed over", () => {
  const list = ["malloc", "sc_f__x25_m*_isAt#0", "sc_f__x25__x25_m*_Clock_wait", "sc_f__x25_m*_gone#3"];
  const lines = orderedScript(STANDARD, list, new Program(TEXT))
    .split("\n")
    .map((line) => line.trim());
  deepEqual(lines.slice(2, 9), [
    "*(.text.lxc_entry)",
    "*crt1.o(.text)",
    "*(.text.malloc .text.malloc.* .text.startup.malloc .text.__malloc)",
    "*(.text.sc_f__x25_fn12 .text.sc_f__x25_fn12.* .text.startup.sc_f__x25_fn12 .text.__sc_f__x25_fn12)",
    "*(.text.sc_f__x25__x25_m*_Clock_wait .text.sc_f__x25__x25_m*_Clock_wait.* .text.startup.sc_f__x25__x25_m*_Clock_wait .text.__sc_f__x25__x25_m*_Clock_wait)",
    "*libc.a:*(.text .text.*)",
    "*(.text.unlikely .text.*_unlikely)",
  ]);
  deepEqual(lines.slice(11, 14), ["*(.data.sc_lit_9)", "*(.data.sc_lit_7)", "*(.data .data.* .gnu.linkonce.d.*)"]);
  deepEqual(lines.slice(-4), ["*(.bss.first_area)", ". = ALIGN(8);", "}", ""]);
  throws(() => orderedScript("SECTIONS", list, new Program(TEXT)), /does not say/);
});
