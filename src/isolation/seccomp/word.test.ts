import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { compareWords, maskedWord, parseWord, wordText } from "./word.ts";

test("numbers of up to 64 bits are read as C reads them, and written in hexadecimal", () => {
  const texts = [
    "0",
    "38",
    "0x26",
    "046",
    " \t38",
    "4294967296",
    "0x100000026",
    "18446744073709551615",
    "0XFFFFFFFFFFFFFFFF",
  ];
  deepEqual(
    texts.map((text) => wordText(parseWord(text) ?? { high: 0, low: 0 })),
    ["0x0", "0x26", "0x26", "0x26", "0x26", "0x100000000", "0x100000026", "0xffffffffffffffff", "0xffffffffffffffff"],
  );
  const wrong = [
    "",
    " ",
    "-1",
    "+1",
    "0x",
    "08",
    "1x",
    "18446744073709551616",
    "0x10000000000000000",
    "99999999999999999999",
  ];
  deepEqual(
    wrong.map((text) => parseWord(text)),
    wrong.map(() => undefined),
  );
});

test("random numbers mean the same as BigInt's", () => {
  let state = 88172645463325252n;
  for (let i = 0; i < 500; i++) {
    state = BigInt.asUintN(64, state ^ (state << 13n));
    state = BigInt.asUintN(64, state ^ (state >> 7n));
    state = BigInt.asUintN(64, state ^ (state << 17n));
    const value = state >> BigInt(i % 64);
    const word = parseWord(String(value)) ?? { high: 0, low: 0 };
    equal(wordText(word), `0x${value.toString(16)}`);
    deepEqual(parseWord(`0${value.toString(8)}`), word);
  }
});

test("words are compared by their upper halves first, and masked by both", () => {
  const words = [0, 1, 0xffffffff].flatMap((high) => [0, 1, 0xffffffff].map((low) => ({ high, low })));
  words.forEach((left, i) => {
    words.forEach((right, j) => {
      equal(Math.sign(compareWords(left, right)), Math.sign(i - j));
    });
  });
  deepEqual(maskedWord({ high: 0xffffffff, low: 0x80000001 }, { high: 0x80000000, low: 0xf0000000 }), {
    high: 0x80000000,
    low: 0x80000000,
  });
});
