// What the first bytes of a file say of running it: a script's interpreter, or a program's machine and loader. Pure.

/** `kind` is what execve(2) would take it for. */
export interface ProgramHead {
  readonly kind: "empty" | "script" | "program" | "other";
  /** The path after `#!`, or the loader of a program; "" when it needs none, or when it is not among the bytes. */
  readonly interpreter: string;
  /** The number of the machine a program is built for (elf(5), e_machine); -1 for what is no program. */
  readonly machine: number;
}

const PT_INTERP = 3;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEAD_SIZE = 64;

/** How many bytes are worth reading: the loader's name is behind the program headers. */
export const HEAD_BYTES = 4096;

export function programHead(bytes: Uint8Array): ProgramHead {
  if (bytes.length === 0) return { kind: "empty", interpreter: "", machine: -1 };
  if (textAt(bytes, 0, 2) === "#!") return { kind: "script", interpreter: scriptInterpreter(bytes), machine: -1 };
  if (bytes.length < HEAD_SIZE || textAt(bytes, 0, 4) !== "\x7fELF")
    return { kind: "other", interpreter: "", machine: -1 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLittle = bytes[5] === LITTLE_ENDIAN;
  return { kind: "program", interpreter: loaderOf(bytes, view, isLittle), machine: view.getUint16(18, isLittle) };
}

/** The words for e_machine; "" for one that hardly anybody has. */
export function machineWords(machine: number): string {
  switch (machine) {
    case 3:
      return "i686";
    case 8:
      return "mips";
    case 20:
      return "ppc";
    case 21:
      return "ppc64le";
    case 22:
      return "s390x";
    case 40:
      return "arm";
    case 62:
      return "x86_64";
    case 183:
      return "arm64";
    case 243:
      return "riscv64";
    case 258:
      return "loongarch64";
    default:
      return "";
  }
}

function scriptInterpreter(bytes: Uint8Array): string {
  const line = textAt(bytes, 2, bytes.length).split("\n")[0] ?? "";
  for (const word of line.split("\t").join(" ").split(" ")) if (word !== "") return word;
  return "";
}

function loaderOf(bytes: Uint8Array, view: DataView, isLittle: boolean): string {
  const isWide = bytes[4] === CLASS_64;
  const table = isWide ? view.getUint32(32, isLittle) : view.getUint32(28, isLittle);
  const entrySize = view.getUint16(isWide ? 54 : 42, isLittle);
  const entries = view.getUint16(isWide ? 56 : 44, isLittle);
  for (let i = 0; i < entries; i++) {
    const at = table + i * entrySize;
    if (at + 40 > bytes.length) return "";
    if (view.getUint32(at, isLittle) !== PT_INTERP) continue;
    const from = view.getUint32(at + (isWide ? 8 : 4), isLittle);
    const length = view.getUint32(at + (isWide ? 32 : 16), isLittle);
    return textAt(bytes, from, from + Math.max(length - 1, 0));
  }
  return "";
}

/** Latin letters are all that is asked for here. */
function textAt(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to && i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
