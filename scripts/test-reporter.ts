// What `node --test` prints here: failures, skips with their reason, and one line of counts.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

// biome-ignore lint/style/noDefaultExport: node --test takes a reporter as the default export
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) yield textOf(event);
}

function textOf(event: TestEvent): string {
  switch (event.type) {
    case "test:stdout":
    case "test:stderr":
      return event.data.message;
    case "test:pass":
      if (event.data.skip === undefined || event.data.skip === false) return "";
      return `skipped: ${event.data.name}: ${event.data.skip === true ? "it gives no reason" : event.data.skip}\n`;
    case "test:fail": {
      const where = event.data.file === undefined ? "" : ` (${relative(".", event.data.file)}:${event.data.line})`;
      return `failed: ${event.data.name}${where}\n${causeOf(event.data.details.error.cause)}\n`;
    }
    case "test:summary":
      return event.data.file === undefined ? summaryOf(event.data.counts) : "";
    default:
      return "";
  }
}

/** The message, with its difference, and where it was thrown. */
function causeOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause);
}

interface Counts {
  readonly passed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly tests: number;
}

function summaryOf(counts: Counts): string {
  const failed = counts.tests - counts.passed - counts.skipped;
  const tally = process.env["TEST_TALLY"];
  if (tally !== undefined) appendFileSync(tally, `${counts.passed} ${failed} ${counts.skipped}\n`);
  return `${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`;
}
