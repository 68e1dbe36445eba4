// What a seccomp policy says: its rules, and how they are written in a file (lxc.container.conf(5)). Pure.

import type { Finding } from "../../base/finding.ts";
import type { Word } from "./word.ts";

/** How an argument is compared; the names of the kernel's library without SCMP_CMP_. */
export type Operator = "NE" | "LT" | "LE" | "EQ" | "GE" | "GT" | "MASKED_EQ";

/** One argument of a call, compared as an unsigned number of 64 bits, or of 32 where the architecture has no more. */
export interface Comparison {
  /** 0 to 5. */
  readonly index: number;
  readonly operator: Operator;
  /** For MASKED_EQ without the bits that the mask leaves out. */
  readonly value: Word;
  /** All bits but for MASKED_EQ. */
  readonly mask: Word;
}

/** One line. */
export interface Rule {
  /** From 1 on; 0 for a rule of ours. */
  readonly line: number;
  /** The architectures it was written for: "all", or one of `sectionNames`; "native" in version 1. */
  readonly section: string;
  /** A system call; "" in version 1. */
  readonly name: string;
  /** A system call in version 1; else -1. */
  readonly number: number;
  /** What the kernel is told: SECCOMP_RET_* with its data. */
  readonly action: number;
  /** All must hold. None for every call. */
  readonly comparisons: readonly Comparison[];
}

export interface Policy {
  readonly file: string;
  readonly version: 1 | 2;
  /** What happens to calls that no rule is about: SECCOMP_RET_* with its data. */
  readonly defaultAction: number;
  readonly rules: readonly Rule[];
  /** What is odd in the text itself; `policyWarnings` knows of more. */
  readonly warnings: readonly Finding[];
}

/** What a section may be called, in small or in capital letters. */
export function sectionNames(): string[] {
  const names = "all x86 x86_64 x32 arm arm64 ppc ppc64 ppc64le mips mips64 mips64n32 mipsel mipsel64 mipsel64n32";
  return `${names} s390 s390x loongarch64 riscv64`.split(" ");
}

export const OPERATOR_WORDS = "!=, <, <=, ==, >=, > or &=";

/** The operator as it is written, in signs or by its name. */
export function operatorNamed(text: string): Operator | undefined {
  switch (text) {
    case "!=":
    case "SCMP_CMP_NE":
      return "NE";
    case "<":
    case "SCMP_CMP_LT":
      return "LT";
    case "<=":
    case "SCMP_CMP_LE":
      return "LE";
    case "==":
    case "SCMP_CMP_EQ":
      return "EQ";
    case ">=":
    case "SCMP_CMP_GE":
      return "GE";
    case ">":
    case "SCMP_CMP_GT":
      return "GT";
    case "&=":
    case "SCMP_CMP_MASKED_EQ":
      return "MASKED_EQ";
    default:
      return undefined;
  }
}
