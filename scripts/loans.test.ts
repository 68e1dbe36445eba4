import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { functionsIn } from "./c-functions.ts";
import { lend, loansIn } from "./loan-parameters.ts";
import { borrowed } from "./loan-values.ts";

/** What becomes of the text of a program, without empty lines. */
function lent(text: string): string[] {
  const written = text.split("\n");
  const loans = loansIn(written, functionsIn(written));
  const lines = lend(written, functionsIn(written), loans)
    .join("\n")
    .split("\n")
    .filter((line) => line !== "");
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
    ["a variable that is set between", ["  sc_l_a_0 = sc_t3;"]],
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
    "what is compared as a union",
    [
      "  ScrUnion *sc_t0 = scr_union_retain(sc_l_u_0);",
      "  bool sc_t1 = sc_ue_0(sc_t0, sc_t2);",
      "  scr_union_release(sc_t0);",
    ],
    ["  ScrUnion *sc_t0 = sc_l_u_0;", "  bool sc_t1 = sc_ue_0(sc_t0, sc_t2);"],
  ],
  [
    "not a value that is another later",
    ["  ScrStr *sc_t0 = scr_str_retain((ScrStr *)&sc_lit_3);", "  sc_t0 = sc_t9;", "  scr_str_release(sc_t0);"],
    ["  ScrStr *sc_t0 = scr_str_retain((ScrStr *)&sc_lit_3);", "  sc_t0 = sc_t9;", "  scr_str_release(sc_t0);"],
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

test("a parameter may be looked at for bytes, for which the compiler takes no reference", () => {
  const open = [
    "  ScrBytes *sc_t0 = sc_l_path_0;",
    "  double sc_t1 = sc_bytes_get_u8(sc_t0, sc_l_dir_0);",
    "  scr_bytes_release(sc_l_path_0);",
    "  return sc_t1;",
  ];
  deepEqual(lent(program(open, CALL)).slice(0, 4), [
    "static double sc_f_open(double sc_l_dir_0, ScrStr *sc_l_path_0) { /* a.ts:1 */",
    ...open.slice(0, 2),
    "  return sc_t1;",
  ]);
  const moved = ["  ScrBytes *sc_t0 = sc_l_path_0;", "  scr_arr_push_ref(sc_t9, sc_t0);", ...GIVEN_UP];
  deepEqual(lent(program(moved, CALL)), program(moved, CALL).split("\n"));
});

const FIELDS: readonly (readonly [string, readonly string[], boolean])[] = [
  ["of a record that is never set again", ["  sc_rs_r1 *sc_t8 = sc_rnew_r1();", "  sc_t8->sc_fld_name = sc_t7;"], true],
  ["of a record that is set later", ["  sc_t3->sc_fld_name = sc_t7;"], false],
  ["of another record that is set later", ["  sc_rs_r2 *sc_t8 = sc_t7;", "  sc_t8->sc_fld_name = sc_t7;"], true],
];

for (const [what, other, isLent] of FIELDS) {
  test(`what is in a field: ${what}`, () => {
    const looked = [
      "  ScrStr *sc_t4 = scr_str_retain(sc_t3->sc_fld_name);",
      "  bool sc_t5 = scr_str_eq(sc_t4, sc_t6);",
    ];
    const lines = [
      "  sc_rs_r1 *sc_t3 = sc_rretain_r1(sc_l_row_0);",
      ...looked,
      "  sc_rrelease_r1(sc_t3);",
      "  scr_str_release(sc_t4);",
      ...other,
    ];
    const lentLine = isLent ? "  ScrStr *sc_t4 = sc_t3->sc_fld_name;" : looked[0];
    deepEqual(lent(inFunction(...lines)).slice(1, 3), ["  sc_rs_r1 *sc_t3 = sc_l_row_0;", lentLine]);
  });
}

const SQUARE = [
  "  ScrStr *sc_t4 = scr_str_retain(sc_l_square_0->sc_fld_name);",
  "  bool sc_t5 = scr_str_eq(sc_t4, sc_t6);",
  "  scr_str_release(sc_t4);",
];

test("what is in a field of an object counts while its constructor is at work", () => {
  const text = [
    "static void sc_f_Square_constructor(sc_o_m1_Square *sc_l_square_0) { /* a.ts:1 */",
    ...SQUARE,
    "  sc_l_square_0->sc_fld_name = sc_t7;",
    "}",
  ];
  deepEqual(lent(text.join("\n")), text);
});

test("what is in a field counts when it is set in an object that is seen as another class's", () => {
  const reader = [
    "static void sc_f_read(ScrClosure *sc_env, sc_o_m1_Square *sc_l_square_0) { /* a.ts:1 */",
    ...SQUARE,
    "}",
  ];
  const writer = [
    "static void sc_f_write(ScrClosure *sc_env, sc_o_m1_Square *sc_l_square_0) { /* a.ts:9 */",
    "  sc_o_m1_Shape *sc_t1 = (sc_o_m1_Shape *)sc_l_square_0;",
    "  sc_t1->sc_fld_name = sc_t7;",
    "}",
  ];
  deepEqual(lent([...reader, ...writer].join("\n")), [...reader, ...writer]);
  equal(lent(reader.join("\n"))[1], "  ScrStr *sc_t4 = sc_l_square_0->sc_fld_name;");
});

test("what is in a union, and what is seen as an object of the class that its own extends", () => {
  const lines = [
    "  ScrUnion *sc_t1 = scr_union_retain(sc_l_u_0);",
    "  ScrStr *sc_t2 = scr_str_retain((ScrStr *)scr_union_peek(sc_t1));",
    "  bool sc_t3 = scr_str_eq(sc_t2, sc_t2);",
    "  scr_union_release(sc_t1);",
    "  scr_str_release(sc_t2);",
    "  sc_o_m1_Square *sc_t4 = sc_retain_m1_Square(sc_l_square_0);",
    "  sc_o_m1_Shape *sc_t5 = (sc_o_m1_Shape *)sc_t4;",
    "  double sc_t6 = sc_t5->sc_fld_sides;",
    "  sc_release_m1_Shape(sc_t5);",
  ];
  deepEqual(lent(inFunction(...lines)).slice(1, -1), [
    "  ScrUnion *sc_t1 = sc_l_u_0;",
    "  ScrStr *sc_t2 = (ScrStr *)scr_union_peek(sc_t1);",
    "  bool sc_t3 = scr_str_eq(sc_t2, sc_t2);",
    "  sc_o_m1_Square *sc_t4 = sc_l_square_0;",
    "  sc_o_m1_Shape *sc_t5 = (sc_o_m1_Shape *)sc_t4;",
    "  double sc_t6 = sc_t5->sc_fld_sides;",
  ]);
});

test("what is in a value that was made, until that is given up", () => {
  const lines = [
    "  sc_rs_r1 *sc_t3 = sc_f_row(sc_t1);",
    "  ScrStr *sc_t4 = scr_str_retain(sc_t3->sc_fld_name);",
    "  bool sc_t5 = scr_str_eq(sc_t4, sc_t6);",
    "  scr_str_release(sc_t4);",
    "  sc_rrelease_r1(sc_t3);",
  ];
  const [row, name, same, , given] = lines;
  deepEqual(lent(inFunction(...lines)).slice(1, -1), [row, "  ScrStr *sc_t4 = sc_t3->sc_fld_name;", same, given]);
  const early = [row, name, given, same, "  scr_str_release(sc_t4);"].map(String);
  deepEqual(lent(inFunction(...early)).slice(1, -1), early);
  const kept = [row, name, "  scr_arr_push_ref(sc_t7, sc_t3);", same, "  scr_str_release(sc_t4);", given].map(String);
  deepEqual(lent(inFunction(...kept)).slice(1, -1), kept);
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
  ["that a call hands something else", GIVEN_UP, ["  double sc_t3 = sc_f_open(sc_t0, sc_t9->sc_fld_path);", ...CALL]],
  ["of a call inside of something else", GIVEN_UP, ["  if (sc_f_open(sc_t0, sc_t7)) break;", ...CALL]],
];

test("a parameter stays the function's: one of a function that a table of the program names", () => {
  const [prototype, table] = ["static double sc_f_open(double sc_l_dir_0, ScrStr *sc_l_path_0);", "  { &sc_f_open },"];
  const text = program(GIVEN_UP, CALL);
  deepEqual(lent(`${table}\n${text}`), [table, ...text.split("\n")]);
  deepEqual(lent(`${prototype}\n${text}`), [prototype, ...lent(text)]);
});

for (const [what, open, caller] of KEPT) {
  test(`a parameter stays the function's: one ${what}`, () => {
    const text = program(open, caller);
    deepEqual(lent(text), text.split("\n"));
  });
}
