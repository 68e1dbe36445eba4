import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { dnsAddresses, dnsQuestion } from "./dns.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const QUESTION = "02 6331 03 6c7863 00 0001 0001";

test("a question is its number, one name, and what is asked", () => {
  deepEqual(dnsQuestion(0x1234, "c1.lxc"), bytes(`1234 0100 0001 0000 0000 0000 ${QUESTION}`));
  deepEqual(
    ["", "a..b", "x".repeat(64)].map((name) => dnsQuestion(1, name)),
    [undefined, undefined, undefined],
  );
});

test("an answer has addresses, none, or is not ours", () => {
  const record = "c00c 0001 0001 00000000 0004 0a000307";
  const alias = "c00c 0005 0001 00000000 0002 c00c";
  deepEqual(dnsAddresses(bytes(`1234 8580 0001 0002 0000 0000 ${QUESTION} ${alias} ${record}`), 0x1234), ["10.0.3.7"]);
  deepEqual(dnsAddresses(bytes(`1234 8583 0001 0000 0000 0000 ${QUESTION}`), 0x1234), []);
  equal(dnsAddresses(bytes(`1234 8583 0001 0000 0000 0000 ${QUESTION}`), 0x1235), undefined);
  equal(dnsAddresses(bytes(`1234 0100 0001 0000 0000 0000 ${QUESTION}`), 0x1234), undefined);
});

test("an answer that is cut off anywhere is none, or has fewer addresses", () => {
  const whole = bytes(`1234 8580 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 00000000 0004 0a000307`);
  for (let length = 0; length < whole.length; length++) {
    equal(dnsAddresses(whole.slice(0, length), 0x1234), undefined, `${length}`);
  }
});
