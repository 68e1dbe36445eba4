// Programs of 64 bits, little-endian, from linux/elf.h.

import { Layout } from "./struct.ts";

export const PT_INTERP = 3;

const header = new Layout();
export const elfHeader = {
  ident: header.bytes(16),
  type: header.u16(),
  machine: header.u16(),
  version: header.u32(),
  entry: header.u64(),
  phoff: header.u64(),
  shoff: header.u64(),
  flags: header.u32(),
  ehsize: header.u16(),
  phentsize: header.u16(),
  phnum: header.u16(),
  shentsize: header.u16(),
  shnum: header.u16(),
  shstrndx: header.u16(),
  size: header.size(),
};

const program = new Layout();
export const programHeader = {
  type: program.u32(),
  flags: program.u32(),
  offset: program.u64(),
  vaddr: program.u64(),
  paddr: program.u64(),
  filesz: program.u64(),
  memsz: program.u64(),
  align: program.u64(),
  size: program.size(),
};
