// A setting's value as JSON.

import type { Setting } from "../../container/config/settings.ts";
import { quoted } from "./json.ts";

/** One value, or one item of a list, from the text that LXC prints for it. */
export function valueJson(setting: Setting, text: string): string {
  const kind = setting.json();
  if (kind === "flag") return text === "1" ? "true" : "false";
  return kind === "number" ? text : quoted(text);
}
