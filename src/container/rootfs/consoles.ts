// The console and the login terminals of a container. Runs in its first process, before its root is entered.

import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../../kernel/call.ts";
import { closeFd } from "../../kernel/files.ts";
import { openTerminal, type Terminal } from "../../kernel/terminals.ts";
import type { RootfsBuilder } from "./run-steps.ts";

const CONSOLE_MODE = 0o620;

/** What a container's terminals are to be. */
export interface TerminalsWanted {
  readonly console: "container" | "host" | "none";
  /** How many login terminals. */
  readonly ttys: number;
  /** The folder below /dev they are in; "" for /dev itself. */
  readonly ttyDir: string;
}

/** What was made: the ends for the monitor, the console's other end, and the value of `container_ttys`. */
export interface TerminalsMade {
  /** -1 without a console. */
  readonly consolePeer: number;
  /** Both ends of the console when there is one, then the control of each login terminal. */
  readonly forMonitor: readonly number[];
  readonly names: string;
}

/** Makes the terminals, and mounts them on /dev/console and /dev/ttyN. */
export function makeTerminals(builder: RootfsBuilder, wanted: TerminalsWanted): TerminalsMade {
  const forMonitor: number[] = [];
  let consolePeer = -1;
  if (wanted.console !== "none") {
    const console = openConsole(builder, wanted.console);
    mountTerminal(builder, console.peer, "console", wanted.ttyDir);
    forMonitor.push(console.control, console.peer);
    consolePeer = console.peer;
  }
  const names: string[] = [];
  for (let number = 1; number <= wanted.ttys; number++) {
    const tty = openTerminal(builder.mountedAt("dev/pts"), "ptmx");
    mountTerminal(builder, tty.peer, `tty${number}`, wanted.ttyDir);
    closeFd(tty.peer);
    forMonitor.push(tty.control);
    names.push(`pts/${tty.index}`);
  }
  return { consolePeer, forMonitor, names: names.join(" ") };
}

/**
 * The host's console is opened here and not by the monitor: the descriptor must belong to this mount namespace to be
 * mounted. Its owner and mode are set so that only root and the group tty may write to it.
 */
function openConsole(builder: RootfsBuilder, from: "container" | "host"): Terminal {
  const console =
    from === "host" ? openTerminal(AT_FDCWD, "/dev/ptmx") : openTerminal(builder.mountedAt("dev/pts"), "ptmx");
  call("set the mode of the console", "fchmod", console.peer, CONSOLE_MODE);
  tryNumbers(SYS.fchown, console.peer, 0, -1);
  return console;
}

/** Below a folder of its own the terminal is linked from /dev, so that an init that replaces /dev/tty1 breaks the link only. */
function mountTerminal(builder: RootfsBuilder, peer: number, name: string, folder: string): void {
  if (folder === "") {
    builder.mountFile(peer, `dev/${name}`, `the terminal ${name}`);
    return;
  }
  builder.run([{ kind: "directory", at: `dev/${folder}`, mode: 0o755 }]);
  builder.mountFile(peer, `dev/${folder}/${name}`, `the terminal ${name}`);
  if (name === "console") builder.mountFile(peer, `dev/${name}`, `the terminal ${name}`);
  else builder.run([{ kind: "link", at: `dev/${name}`, target: `${folder}/${name}` }]);
}
