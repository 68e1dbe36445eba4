// What comes of translating a limit: files with values, or why there are none. Pure.

/** One file of the other version. */
export interface FileValue {
  readonly file: string;
  readonly value: string;
}

export interface Translation {
  /** Written in this order. */
  readonly files: readonly FileValue[];
  /** Why there is no exact translation, as part of a sentence; "" when there is one. */
  readonly why: string;
}

export function hasValue(file: string, value: string): Translation {
  return hasValues([{ file, value }]);
}

export function hasValues(files: readonly FileValue[]): Translation {
  return { files, why: "" };
}

const NONE: readonly FileValue[] = [];

export function cannot(why: string): Translation {
  return { files: NONE, why };
}
