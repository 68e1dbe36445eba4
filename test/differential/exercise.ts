// Exercises the pure modules and prints what they say. Run natively and under Node, the output must be the same.

import { configuration, writeBack } from "./topics/configuration.ts";
import { errors } from "./topics/errors.ts";
import { network } from "./topics/network.ts";
import { paths } from "./topics/paths.ts";
import { structs } from "./topics/structs.ts";
import { words } from "./topics/words.ts";

function show(title: string, lines: readonly string[]): void {
  console.log(`== ${title}\n${lines.join("\n")}`);
}

show("words", words());
show("paths", paths());
show("errors", errors());
show("structs", structs());
show("configuration", configuration());
show("write-back", writeBack());
show("network", network());
