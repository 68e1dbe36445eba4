import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { functionsIn } from "./c-functions.ts";
import { lend, loansIn } from "./loan-parameters.ts";
import { borrowed } from "./loan-values.ts";

/** What becomes of the text of a program, without empty lines. */
function lent(text: string): string[] {
  const written = text.split("\n");
  const loans = loansIn(written, functionsIn(written));
  const lines = lend(written, functionsIn(written), loans).join("\n").split("\n");
  return borrowed(lines, functionsIn(lines), loans).filter((line) => line.trim() !== "");
}

/** A function with these lines in it. */
function inFunction(...lines: string[]): string {
  return [
    "static void sc_f_it(ScrClosure *sc_env, ScrStr *sc_l_a_0, ScrArr *sc_l_xs_0) { /* a.ts:1 */",
    ...lines,
    "}",
  ].join("\n");
}

const ROWS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    "what is only looked at",
    [
      "  ScrStr *sc_t0 = scr_str_retain(sc_l_a_0);",
      "  ScrStr *sc_t1 = scr_str_retain((ScrStr *)&sc_lit_1);",
      "  bool sc_t2 = scr_str_eq(sc_t0, sc_t1);",
      "  scr_str_release(sc_t0);",
      "  scr_str_release(sc_t1);",
      "  scr_str_release(sc_l_a_0);",
    ],
    [
      "  ScrStr *sc_t0 = sc_l_a_0;",
      "  ScrStr *sc_t1 = (ScrStr *)&sc_lit_1;",
      "  bool sc_t2 = scr_str_eq(sc_t0, sc_t1);",
      "  scr_str_release(sc_l_a_0);",
    ],
  ],
  [
    "also where a block is left between",
    [
      "  ScrArr *sc_t0 = scr_arr_retain(sc_l_xs_0);",
      "  if (scr_exc_pending()) {",
      "    scr_arr_release(sc_l_xs_0);",
      "    scr_arr_release(sc_t0);",
      "    goto sc_catch_0;",
      "  }",
      "  double sc_t1 = scr_arr_len(sc_t0);",
      "  scr_arr_release(sc_t0);",
    ],
    [
      "  ScrArr *sc_t0 = sc_l_xs_0;",
      "  if (scr_exc_pending()) {",
      "    scr_arr_release(sc_l_xs_0);",
      "    goto sc_catch_0;",
      "  }",
      "  double sc_t1 = scr_arr_len(sc_t0);",
    ],
  ],
  [
    "a closure, which is handed itself, and what is in a struct",
    [
      "  ScrClosure *sc_t0 = scr_closure_retain(sc_l_run_0);",
      "  ((void (*)(ScrClosure *))sc_t0->fn)(sc_t0);",
      "  scr_closure_release(sc_t0);",
    ],
    ["  ScrClosure *sc_t0 = sc_l_run_0;", "  ((void (*)(ScrClosure *))sc_t0->fn)(sc_t0);"],
  ],
  ...[
    ["what another function keeps", ["  scr_arr_push_ref(sc_t1, sc_t0);"]],
    ["what it would append to", ["  ScrStr *sc_t2 = scr_str_concat(sc_t0, sc_t1);"]],
    ["what an argument of a closure is", ["  ((void (*)(ScrClosure *, ScrStr *))sc_t1->fn)(sc_t1, sc_t0);"]],
    ["what is handed on", ["  sc_t5 = sc_t0;"]],
    ["what is of a function that is not known", ["  scr_unheard_of(sc_t0);"]],
    ["a variable that changes between", ["  scr_str_release(sc_l_a_0);", "  sc_l_a_0 = sc_t3;"]],
    ["a variable that is given up between", ["  scr_str_release(sc_l_a_0);", "  sc_f_other();"]],
    ["a variable that others may change", ["  scr_into(&sc_l_a_0);"]],
  ].map(([what, between]): [string, string[], string[]] => {
    const lines = [
      "  ScrStr *sc_t0 = scr_str_retain(sc_l_a_0);",
      ...(between as string[]),
      "  scr_str_release(sc_t0);",
    ];
    return [`not ${what}`, lines, lines];
  }),
  [
    "not a text of the program that is handed on, and nothing of it",
    ["  ScrStr *sc_t0 = scr_str_retain((ScrStr *)&sc_lit_3);", "  return sc_t0;"],
    ["  ScrStr *sc_t0 = (ScrStr *)&sc_lit_3;", "  return sc_t0;"],
  ],
  [
    "not a variable of a module that is set twice",
    [
      "  sc_g_m1_once = sc_t7;",
      "  sc_g_m1_twice = sc_t8;",
      "  sc_g_m1_twice = sc_t9;",
      "  ScrArr *sc_t0 = scr_arr_retain(sc_g_m1_once);",
      "  ScrArr *sc_t1 = scr_arr_retain(sc_g_m1_twice);",
      "  scr_arr_release(sc_t0);",
      "  scr_arr_release(sc_t1);",
    ],
    [
      "  sc_g_m1_once = sc_t7;",
      "  sc_g_m1_twice = sc_t8;",
      "  sc_g_m1_twice = sc_t9;",
      "  ScrArr *sc_t0 = sc_g_m1_once;",
      "  ScrArr *sc_t1 = scr_arr_retain(sc_g_m1_twice);",
      "  scr_arr_release(sc_t1);",
    ],
  ],
];

for (const [what, before, after] of ROWS) {
  test(`references that are not needed: ${what}`, () => {
    const [head = "", ...lines] = lent(inFunction(...before));
    deepEqual([head.startsWith("static void sc_f_it("), ...lines], [true, ...after, "}"]);
  });
}

/** The second parameter of `sc_f_open` is asked about; its caller is `caller`. */
function program(open: readonly string[], caller: readonly string[]): string {
  return [
    "static double sc_f_open(double sc_l_dir_0, ScrStr *sc_l_path_0) { /* a.ts:1 */",
    ...open,
    "}",
    "static double sc_f_caller(ScrClosure *sc_env, ScrStr *sc_l_a_0) { /* a.ts:9 */",
    ...caller,
    "}",
  ].join("\n");
}

const GIVEN_UP = ["  double sc_t0 = sc_l_path_0->len;", "  scr_str_release(sc_l_path_0);", "  return sc_t0;"];
const CALL = [
  "  ScrStr *sc_t1 = scr_str_retain(sc_l_a_0);",
  "  double sc_t2 = sc_f_open(sc_t0, sc_t1);",
  "  scr_str_release(sc_l_a_0);",
  "  return sc_t2;",
];

test("a parameter is on loan, and costs a variable's value nothing", () => {
  deepEqual(lent(program(GIVEN_UP, CALL)), [
    "static double sc_f_open(double sc_l_dir_0, ScrStr *sc_l_path_0) { /* a.ts:1 */",
    "  double sc_t0 = sc_l_path_0->len;",
    "  return sc_t0;",
    "}",
    "static double sc_f_caller(ScrClosure *sc_env, ScrStr *sc_l_a_0) { /* a.ts:9 */",
    "  ScrStr *sc_t1 = sc_l_a_0;",
    "  double sc_t2 = sc_f_open(sc_t0, sc_t1);",
    "  scr_str_release(sc_l_a_0);",
    "  return sc_t2;",
    "}",
  ]);
});

test("what was made for a call is given up behind it, and no reference more is taken of what stays", () => {
  const caller = [
    "  ScrStr *sc_t1 = scr_str_concat(sc_t8, sc_t9);",
    "  double sc_t2 = sc_f_open(sc_t0, sc_t1); /* a.ts:9 */",
    "  sc_f_open(sc_t0, scr_str_retain(sc_t5));",
    "  sc_f_open(sc_t0, (ScrStr *)sc_t6);",
  ];
  deepEqual(lent(program(GIVEN_UP, caller)).slice(-7), [
    "  ScrStr *sc_t1 = scr_str_concat(sc_t8, sc_t9);",
    "  double sc_t2 = sc_f_open(sc_t0, sc_t1); /* a.ts:9 */",
    "  scr_str_release(sc_t1);",
    "  sc_f_open(sc_t0, sc_t5);",
    "  sc_f_open(sc_t0, (ScrStr *)sc_t6);",
    "  scr_str_release((ScrStr *)sc_t6);",
    "}",
  ]);
});

test("a method that hands on what it gets for a table gives it up itself", () => {
  const method = ["static double sc_vm_open(double sc_a1, ScrStr *o) {", "  return sc_f_open(sc_a1, o);", "}"].join(
    "\n",
  );
  deepEqual(lent(`${program(GIVEN_UP, CALL)}\n${method}`).slice(-5), [
    "static double sc_vm_open(double sc_a1, ScrStr *o) {",
    "  double result = sc_f_open(sc_a1, o);",
    "  scr_str_release(o);",
    "  return result;",
    "}",
  ]);
});

const KEPT: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["that is changed", ["  sc_l_path_0 = sc_t9;", ...GIVEN_UP], CALL],
  ["that is kept", ["  scr_box_set_ref(sc_t9, sc_l_path_0);", ...GIVEN_UP], CALL],
  ["that is never given up", ["  return sc_t0;"], CALL],
  [
    "of a function that is a value",
    GIVEN_UP,
    ["  ScrClosure *sc_t4 = scr_closure_new((void *)&sc_f_open, 0);", ...CALL],
  ],
  ["that a call hands something else", GIVEN_UP, ["  double sc_t3 = sc_f_open(sc_t0, sc_l_a_0);", ...CALL]],
  ["of a call inside of something else", GIVEN_UP, ["  if (sc_f_open(sc_t0, sc_t7)) break;", ...CALL]],
];

for (const [what, open, caller] of KEPT) {
  test(`a parameter stays the function's: one ${what}`, () => {
    const text = program(open, caller);
    deepEqual(lent(text), text.split("\n"));
  });
}
