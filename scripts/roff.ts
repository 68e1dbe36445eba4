// Text in the language of man(7), for manual pages.

export interface Page {
  readonly name: string;
  readonly section: number;
  /** One line: what it is. */
  readonly purpose: string;
  /** Parts with a title each, as lines of man(7). */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A page as a file for `man`. No date: the same source makes the same page. */
export function pageText(page: Page): string {
  const lines = [
    `.TH ${escaped(page.name).toUpperCase()} ${page.section} "" lxc-ts`,
    ".SH NAME",
    `${escaped(page.name)} \\- ${escaped(page.purpose)}`,
  ];
  for (const part of page.parts) lines.push(`.SH ${escaped(part.title.toUpperCase())}`, ...part.lines);
  return `${lines.join("\n")}\n`;
}

/** A paragraph. */
export function paragraph(text: string): string[] {
  return [".PP", escaped(text)];
}

/** A term in bold, and what there is to say about it, a line for each sentence group. */
export function term(name: string, ...texts: readonly string[]): string[] {
  const lines = [".TP", `.B ${escaped(name)}`];
  texts.forEach((text, at) => {
    if (at > 0) lines.push(".br");
    lines.push(escaped(text));
  });
  return lines;
}

/** Lines as they are, as a program would show them. */
export function example(...texts: readonly string[]): string[] {
  return [".PP", ".nf", ...texts.map(escaped), ".fi"];
}

/** A line that means nothing but itself. */
export function escaped(text: string): string {
  const plain = text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
