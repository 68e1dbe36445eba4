// Amounts as lxc-info prints them. Pure.

const KIB = 1024;
const MIB = KIB * 1024;
const GIB = MIB * 1024;

/** As LXC rounds, by whole numbers: a KiB itself is still `1024 bytes`. */
export function humanSize(sizeBytes: number): string {
  if (sizeBytes > GIB) return `${Math.floor(sizeBytes / GIB)}.${twoDigits((sizeBytes % GIB) / 10737419)} GiB`;
  if (sizeBytes > MIB) return inHundredths(sizeBytes + 5243, MIB, "MiB");
  if (sizeBytes > KIB) return inHundredths(sizeBytes + 5, KIB, "KiB");
  return `${sizeBytes} bytes`;
}

function inHundredths(rounded: number, unit: number, name: string): string {
  return `${Math.floor(rounded / unit)}.${twoDigits(((rounded % unit) * 100) / unit)} ${name}`;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}

/** Processor time as LXC writes it. */
export function humanSeconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(2)} seconds`;
}

/** A label in LXC's 15 columns, and its value. */
export function labelled(label: string, value: string): string {
  return `${label.padEnd(15)} ${value}`;
}
