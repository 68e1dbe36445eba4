// A host of its own for network tests: network and mount namespaces with a bridge, and a second network outside of it, which
// it routes to. Programs of a test run in any of them, and in a container's, by a process that is there.

import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { BIN, type Outcome, outcomeOf, type Place } from "./host.ts";

/** The bridge's addresses, those on the way out, and that of the machine outside. */
export const BRIDGE4 = "10.77.0.1";
export const BRIDGE6 = "fd77::1";
export const UPLINK4 = "10.9.0.1";
export const OUTSIDE4 = "10.9.0.2";

/** Says who it is and whom it hears, once for each connection or datagram. */
const SERVER = `
const [protocol, port, name, address] = process.argv.slice(1);
const from = (one) => name + " " + one.replace("::ffff:", "");
if (protocol === "tcp") {
  const server = require("net").createServer((socket) => { socket.on("error", () => {}); socket.end(from(socket.remoteAddress)); });
  server.listen(Number(port), address || "::", () => console.log("ready"));
} else {
  const socket = require("dgram").createSocket("udp4");
  socket.on("message", (_, peer) => socket.send(from(peer.address), peer.port, peer.address));
  socket.bind(Number(port), address || "0.0.0.0", () => console.log("ready"));
}`;

const CLIENT = `
const [protocol, address, port, wait] = process.argv.slice(1);
const end = (text) => { console.log(text); process.exit(0); };
setTimeout(() => end("timeout"), Number(wait));
if (protocol === "tcp") {
  let text = "";
  const socket = require("net").connect(Number(port), address);
  socket.on("data", (more) => { text += more; });
  socket.on("end", () => end(text));
  socket.on("error", (error) => end(error.code));
} else {
  const socket = require("dgram").createSocket("udp4");
  socket.on("message", (text) => end(String(text)));
  socket.on("error", (error) => end(error.code));
  socket.connect(Number(port), address, () => socket.send("hello"));
}`;

/** Takes all that comes, and tells each sender how much it was. */
const SINK = `
const server = require("net").createServer({ allowHalfOpen: true }, (socket) => {
  let bytes = 0;
  socket.on("data", (more) => { bytes += more.length; });
  socket.on("end", () => socket.end(String(bytes)));
});
server.listen(Number(process.argv[1]), () => console.log("ready"));`;

/** Sends so many bytes, and prints how many milliseconds it takes until all have arrived. */
const POUR = `
const [address, port, bytes] = process.argv.slice(1);
const socket = require("net").connect(Number(port), address);
const start = Date.now();
socket.on("data", (count) => { if (String(count) === bytes) console.log(Date.now() - start); });
socket.end(Buffer.alloc(Number(bytes)));`;

export class OwnNetwork {
  readonly #place: Place;
  readonly #servers: ChildProcess[] = [];
  #host: ChildProcess | undefined;
  #outside: ChildProcess | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Makes it; what is below /run/lxc and /var/lib/misc in it is its own. */
  async up(): Promise<void> {
    this.#host = await hold("unshare", "--net", "--mount", "sh", "-c");
    this.#outside = await hold("unshare", "--net", "sh", "-c");
    this.host(`mkdir -p /run/lxc; mount -t tmpfs tmpfs /run/lxc; mount -t tmpfs tmpfs /var/lib/misc
      ip link set lo up
      ip link add br0 type bridge; ip link set br0 up
      ip address add ${BRIDGE4}/24 dev br0; ip address add ${BRIDGE6}/64 dev br0 nodad
      ip link add up0 type veth peer name up1; ip link set up1 netns ${this.#outside.pid}
      ip link set up0 up; ip address add ${UPLINK4}/24 dev up0; ip address add fd09::1/64 dev up0 nodad`);
    this.outside(`ip link set lo up; ip link set up1 up; ip address add ${OUTSIDE4}/24 dev up1
      ip address add fd09::2/64 dev up1 nodad
      ip route add default via ${UPLINK4}; ip -6 route add default via fd09::1`);
  }

  /** A process of the host, and of the network outside. */
  get hostPid(): number {
    return this.#host?.pid ?? 0;
  }

  get outsidePid(): number {
    return this.#outside?.pid ?? 0;
  }

  host(script: string): string {
    return said(this.#on(this.hostPid, true, "sh", "-ec", script), script);
  }

  outside(script: string): string {
    return said(this.#on(this.outsidePid, false, "sh", "-ec", script), script);
  }

  /** In the network of process `pid` alone. */
  in(pid: number, script: string): string {
    return said(this.#on(pid, false, "sh", "-ec", script), script);
  }

  /** One of our tools, on this host. */
  tool(tool: string, ...args: string[]): Outcome {
    return outcomeOf(this.#on(this.hostPid, true, join(BIN, tool), "-P", this.#place.lxcpath, ...args));
  }

  /** The first process of a container, or 0. */
  init(name: string): number {
    return Number(this.tool("lxc-info", "-n", name, "-pH").out.trim());
  }

  /** The tables of nftables by name. */
  tables(): string[] {
    return this.host("nft list tables")
      .split("\n")
      .filter((line) => line !== "");
  }

  /** Whether a script ends well on this host. */
  probe(script: string): boolean {
    return this.#on(this.hostPid, true, "sh", "-ec", script).status === 0;
  }

  /** Something in the network of `pid` that swallows what it gets, for `pour`. */
  async sink(pid: number, port: number): Promise<void> {
    const words = ["-t", String(pid), "--net", process.execPath, "-e", SINK, String(port)];
    const sink = spawn("nsenter", words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#servers.push(sink);
    await once(sink.stdout, "data");
  }

  /** How many milliseconds it takes until `bytes` have arrived there. */
  pour(pid: number, address: string, port: number, bytes: number): number {
    return Number(
      said(this.#on(pid, false, process.execPath, "-e", POUR, address, String(port), String(bytes)), address),
    );
  }

  /** Starts a server in the network of `pid`; on all addresses, if none is named. */
  async serve(pid: number, protocol: "tcp" | "udp", port: number, name: string, address = ""): Promise<ChildProcess> {
    const words = ["-t", String(pid), "--net", process.execPath, "-e", SERVER, protocol, String(port), name, address];
    const server = spawn("nsenter", words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#servers.push(server);
    await once(server.stdout, "data");
    return server;
  }

  /** What a server says, or the name of the error, or "timeout". */
  ask(pid: number, protocol: "tcp" | "udp", address: string, port: number, waitMs = 5000): string {
    const words = ["-e", CLIENT, protocol, address, String(port), String(waitMs)];
    return said(this.#on(pid, false, process.execPath, ...words), address);
  }

  /** Ends all that still runs. */
  async down(names: readonly string[]): Promise<void> {
    for (const server of this.#servers) server.kill("SIGKILL");
    for (const name of names) this.tool("lxc-stop", "-n", name, "-k");
    for (const holder of [this.#host, this.#outside]) {
      holder?.kill("SIGKILL");
      if (holder !== undefined && holder.exitCode === null && holder.signalCode === null) await once(holder, "exit");
    }
  }

  #on(pid: number, withMounts: boolean, ...words: string[]): SpawnSyncReturns<string> {
    const spaces = withMounts ? ["--net", "--mount"] : ["--net"];
    return spawnSync("nsenter", ["-t", String(pid), ...spaces, ...words], {
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
}

/** A process that only keeps its namespaces alive. */
async function hold(...words: string[]): Promise<ChildProcess> {
  const [command = "", ...args] = [...words, "echo ready; exec sleep 100000"];
  const holder = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return holder;
}

function said(result: SpawnSyncReturns<string>, script: string): string {
  if (result.status !== 0 || result.stderr !== "") {
    throw new Error(`${script}\nended with ${result.status}: ${result.stderr}${result.stdout}`);
  }
  return result.stdout.trim();
}
