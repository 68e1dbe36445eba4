// A machine of its own kernel for tests: booted, sent commands, and gone when this process is, however it ends.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { type Command, qemuCommand, umlCommand } from "./machines.ts";

const HERE = import.meta.dirname;

/** Bytes of a script in one line to the agent. */
const PIECE = 2000;

export interface GuestOptions {
  /** User Mode Linux boots in 3 s and has few controllers; QEMU has a kernel like that of a host, and no speed. */
  readonly backend: "uml" | "qemu";
  /** The first process: a script that mounts what systemd would, or systemd. */
  readonly init?: "tiny" | "systemd";
  readonly lsm?: "apparmor" | "selinux";
  readonly memoryMiB?: number;
  /** Further words for its kernel. */
  readonly kernel?: readonly string[];
}

/** How a command in the guest ended: 124 when its time was over, as timeout(1) has it. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A guest for the tests of one file, up before the first and down after the last. */
export function useGuest(options: GuestOptions): Guest {
  const guest = new Guest(options);
  before(() => guest.up());
  after(() => guest.down());
  return guest;
}

/**
 * The project's folder is /lxc-ts in it, to read only; our tools come first in its PATH. Its disk is new each time. Commands
 * run as root, one after the other, each in a shell of its own.
 */
export class Guest {
  readonly #options: GuestOptions;
  #child: ChildProcess | undefined;
  #lines = new Lines();
  /** The file that its console writes to, open. */
  #console = -1;
  #asked = 0;
  /** Ends when the command before does. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  /** Builds what it boots from, if need be, and boots. Throws with the end of what its console said when that fails. */
  up(timeoutMs = 300_000): Promise<void> {
    const booted = this.#boot(timeoutMs);
    this.#turn = booted.catch(() => undefined);
    return booted;
  }

  async #boot(timeoutMs: number): Promise<void> {
    const image = imageOf(this.#options.backend);
    try {
      this.#console = openNameless();
      this.#spawn(commandFor(this.#options, image));
      await this.#answer("READY", timeoutMs);
    } catch (error) {
      await this.down();
      throw error;
    }
  }

  /** Runs a bash script. Throws when the guest is gone, or stuck beyond `seconds`. */
  exec(script: string, seconds = 60): Promise<Answer> {
    const answer = this.#turn.then(() => this.#run(script, seconds));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #run(script: string, seconds: number): Promise<Answer> {
    const text = escaped(`${script}\n`);
    for (let at = 0; at < text.length; at += PIECE) await this.#ask(`+ ${text.slice(at, at + PIECE)}`, 30);
    const [, status = "", stdout = "", stderr = ""] =
      /^(\d+) (.*)\t(.*)$/.exec(await this.#ask(String(seconds), seconds + 30)) ?? [];
    return { status: Number(status), stdout: unescaped(stdout), stderr: unescaped(stderr) };
  }

  /** What a script prints, without the last newline. Throws when it fails, or says anything on standard error. */
  async said(script: string, seconds = 60): Promise<string> {
    const { status, stdout, stderr } = await this.exec(script, seconds);
    if (status !== 0 || stderr !== "") throw new Error(`${script}\nexited with ${status}: ${stdout}${stderr}`);
    return stdout.replace(/\n$/, "");
  }

  /**
   * What a container would leave behind: cgroups, processes, mounts, network devices, abstract sockets, and files where LXC
   * keeps things. For comparison with an earlier one.
   */
  async traces(): Promise<string[]> {
    return (await this.said(". /lxc-ts/test/guest/traces.sh")).split("\n").sort();
  }

  /** Waits until the traces are `expected`, and returns those that there are in the end. */
  async tracesOnce(expected: readonly string[], timeoutMs = 10_000): Promise<string[]> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const found = await this.traces();
      if (found.join("\n") === expected.join("\n") || Date.now() > end) return found;
    }
  }

  /** Ends the guest. Its disk was a copy, so nothing has to be written. */
  async down(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await closed;
    }
    closeSync(this.#console);
    this.#console = -1;
  }

  /**
   * In a process namespace whose first process dies with its parent, which dies with this process: no process of the guest
   * can outlive the test, whoever kills it. And in a mount namespace.
   */
  #spawn(command: Command): void {
    const own = ["--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const child = spawn("setpriv", [...own, ...command], { stdio: ["pipe", "pipe", this.#console] });
    this.#child = child;
    this.#lines = new Lines();
    child.stdout?.setEncoding("latin1").on("data", (text: string) => this.#lines.add(text));
    // A write to a guest that is gone fails; what counts is that no answer comes.
    child.stdin?.on("error", () => undefined);
    child.on("error", (error) => this.#lines.end(error.message));
    child.on("close", () => this.#lines.end("the guest is gone"));
  }

  /** Sends a line to the agent, and returns its answer. */
  #ask(line: string, seconds: number): Promise<string> {
    this.#asked += 1;
    this.#child?.stdin?.write(`r${this.#asked} ${line}\n`, "latin1");
    return this.#answer(`r${this.#asked}`, seconds * 1000);
  }

  /** The rest of the line that begins with `id`. */
  async #answer(id: string, timeoutMs: number): Promise<string> {
    const line = await this.#lines.beginningWith(`${id} `, timeoutMs).catch((error: Error) => {
      throw new Error(`${this.#options.backend}: ${error.message}; its console:\n${endOf(this.#console)}`);
    });
    return line.slice(id.length + 1);
  }
}

/** The lines of a stream that somebody waits for; all others are noise of a boot. */
class Lines {
  #rest = "";
  #over: string | undefined;
  #waiting: { prefix: string; resolve: (line: string) => void; reject: (error: Error) => void } | undefined;

  add(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines)
      if (this.#waiting !== undefined && line.startsWith(this.#waiting.prefix)) this.#waiting.resolve(line);
  }

  end(why: string): void {
    this.#over ??= why;
    this.#waiting?.reject(new Error(this.#over));
  }

  beginningWith(prefix: string, timeoutMs: number): Promise<string> {
    if (this.#over !== undefined) return Promise.reject(new Error(this.#over));
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
      const done =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.#waiting = undefined;
          settle(value);
        };
      this.#waiting = { prefix, resolve: done(resolve), reject: done(reject) };
    });
  }
}

function commandFor(options: GuestOptions, image: string): Command {
  const { backend, init = "tiny", lsm = "apparmor", memoryMiB = backend === "uml" ? 512 : 1024 } = options;
  const first = init === "tiny" ? "/usr/local/sbin/guest-boot" : "/sbin/init";
  const kernel = ["rw", `init=${first}`, "quiet", "panic=-1", "mitigations=off", "random.trust_cpu=on"];
  kernel.push(...(lsm === "apparmor" ? ["apparmor=1", "security=apparmor"] : ["security=selinux", "selinux=1"]));
  kernel.push(...(options.kernel ?? []));
  const machine = { image, memoryMiB, kernel };
  return backend === "uml" ? umlCommand(machine) : qemuCommand(machine);
}

/** The folder of what the guest boots from. */
function imageOf(backend: string): string {
  const built = spawnSync("sh", [join(HERE, "build.sh"), backend], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`cannot build the ${backend} guest: ${built.stderr}`);
  return built.stdout.trim();
}

/** A new file without a name. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "lxcts-guest-"));
  try {
    return openSync(join(folder, "file"), "a+");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The last of what is in an open file. */
function endOf(file: number): string {
  if (file < 0) return "";
  const bytes = Buffer.alloc(4000);
  const size = readSync(file, bytes, 0, bytes.length, Math.max(0, fstatSync(file).size - bytes.length));
  return bytes.toString("latin1", 0, size);
}

/** Text as in the agent's lines. A piece may end within an escape: the agent puts them together first. */
function escaped(text: string): string {
  const line = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return Buffer.from(line).toString("latin1");
}

function unescaped(text: string): string {
  const names: Record<string, string> = { n: "\n", t: "\t", "\\": "\\" };
  const plain = text.replaceAll(/\\(.)/g, (_, letter: string) => names[letter] ?? "");
  return Buffer.from(plain, "latin1").toString();
}
