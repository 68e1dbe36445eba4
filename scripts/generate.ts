// What is made from the tables, into dist/share: manual pages, shell completion, and the JSON schema of a configuration.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { schemaText } from "../src/faces/cli/config-schema.ts";
import { tools } from "../src/faces/cli/tools.ts";
import { bashCompletion } from "./completion-bash.ts";
import { zshCompletion } from "./completion-zsh.ts";
import { containerConfPage, systemConfPage, userNicPage, usernetPage, userPublishPage } from "./manual-files.ts";
import { toolPage } from "./manual-tools.ts";
import { type Page, pageText } from "./roff.ts";

const SHARE = "dist/share";
const BASH = `${SHARE}/bash-completion/completions`;
const ZSH = `${SHARE}/zsh/site-functions`;

rmSync(SHARE, { recursive: true, force: true });
const files = [containerConfPage(), systemConfPage(), usernetPage(), userNicPage(), userPublishPage()];
for (const page of [...files, ...tools.map(toolPage)]) writePage(page);
write(BASH, "lxc", bashCompletion(tools));
// bash looks for a file named after the command.
for (const tool of tools) symlinkSync("lxc", `${BASH}/${tool.name}`);
write(ZSH, "_lxc", zshCompletion(tools));
write(`${SHARE}/lxc`, "lxc.container.conf.schema.json", `${schemaText()}\n`);

function writePage(page: Page): void {
  write(`${SHARE}/man/man${page.section}`, `${page.name}.${page.section}`, pageText(page));
}

function write(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, text);
}
