// Names and addresses for the server of lxc-net: a real dnsmasq, started as lxc-net starts it, and containers that ask by DHCP.

import { deepEqual, equal, match } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, afterEach, before, test } from "node:test";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";
import { BRIDGE4, OwnNetwork } from "./own-network.ts";

const place = new Place("names");
const net = new OwnNetwork(place);
const NAMES = ["lxcts-na", "lxcts-nb"] as const;
const [A, B] = NAMES;
const HOSTS = "/run/lxc/net/br0/hosts";
let server: ChildProcess | undefined;

const RESOLVE = `
const resolver = new (require("dns").Resolver)({ timeout: 500, tries: 2 });
resolver.setServers(["${BRIDGE4}"]);
resolver.resolve4(process.argv[1], (error, found) => console.log(error ? error.code : found.join()));`;

function configure(name: string, ...settings: string[]): void {
  net.host(`sed -i '/^lxc\\.net/d' ${place.lxcpath}/${name}/config`);
  const all = ["type = veth", "link = br0", "flags = up", ...settings];
  place.configure(name, ...all.map((setting) => `lxc.net.0.${setting}`));
}

function start(name: string): void {
  const { code, err } = net.tool("lxc-start", "-n", name);
  deepEqual([code, err], [0, ""]);
}

function address(name: string): string {
  return net.tool("lxc-info", "-n", name, "-iH").out.trim();
}

/** Once it has one. */
async function addressOf(name: string): Promise<string> {
  await eventually(() => address(name) !== "", 20_000);
  return address(name);
}

function resolve(name: string): string {
  return net.host(`${process.execPath} -e '${RESOLVE.replaceAll("\n", " ")}' ${name}`);
}

function files(): string[] {
  return net
    .host(`ls ${HOSTS}`)
    .split("\n")
    .filter((name) => name !== "");
}

before(async () => {
  if (skip !== false) return;
  await net.up();
  net.host(`mkdir -p ${HOSTS}; echo 1 > /proc/sys/net/ipv4/ip_forward`);
  const words = [
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--no-resolv",
    "--no-hosts",
    "--user=root",
    "--bind-interfaces",
  ];
  words.push(
    `--listen-address=${BRIDGE4}`,
    "--interface=br0",
    "--except-interface=lo",
    "--domain=lxc",
    "--local=/lxc/",
  );
  words.push(
    "--dhcp-range=10.77.0.100,10.77.0.199,1h",
    "--dhcp-leasefile=/var/lib/misc/dnsmasq.br0.leases",
    "--no-ping",
  );
  words.push(
    "--dhcp-authoritative",
    "--pid-file=/run/lxc/dnsmasq.pid",
    `--dhcp-hostsdir=${HOSTS}`,
    "--log-facility=/run/lxc/log",
  );
  server = spawn("nsenter", ["-t", String(net.hostPid), "--net", "--mount", "dnsmasq", ...words], { stdio: "inherit" });
  equal(await eventually(() => net.probe("test -s /run/lxc/dnsmasq.pid")), true);
  for (const name of NAMES) place.create(name);
});

afterEach(() => {
  if (skip !== false) return;
  for (const name of NAMES) net.tool("lxc-stop", "-n", name, "-k");
  deepEqual(files(), []);
});

after(async () => {
  server?.kill("SIGKILL");
  if (skip === false) await net.down(NAMES);
  place.remove();
});

test("a container is found by its name, which its client never said, and gets the same address each time", {
  skip,
}, async () => {
  configure(A);
  start(A);
  const first = await addressOf(A);
  match(first, /^10\.77\.0\.1\d\d$/);
  deepEqual([resolve(A), resolve(`${A}.lxc`), resolve(`${B}.lxc`)], [first, first, "ENOTFOUND"]);
  equal(files().length, 1);
  net.tool("lxc-stop", "-n", A, "-k");
  deepEqual(files(), []);
  start(A);
  equal(await addressOf(A), first);
});

test("a container gets the address that its configuration asks for, also another one after that", {
  skip,
}, async () => {
  configure(A, "ipv4.lease = 10.77.0.50");
  start(A);
  equal(await addressOf(A), "10.77.0.50");
  equal(resolve(`${A}.lxc`), "10.77.0.50");
  net.tool("lxc-stop", "-n", A, "-k");
  configure(A, "ipv4.lease = 10.77.0.51");
  start(A);
  equal(await addressOf(A), "10.77.0.51");
});

test("ports of a container that asks by DHCP are published where it turns out to be", { skip }, async () => {
  configure(A, "publish = 8080:80");
  start(A);
  await addressOf(A);
  await net.serve(net.init(A), "tcp", 80, "a");
  equal(await eventually(() => net.ask(net.hostPid, "tcp", "127.0.0.1", 8080) === `a ${BRIDGE4}`), true);
});

test("an address that another container has, or that the bridge cannot give, is refused with the reason", {
  skip,
}, () => {
  configure(A, "ipv4.lease = 10.77.0.60");
  start(A);
  const reason = (lease: string): string => {
    configure(B, `ipv4.lease = ${lease}`);
    const { code, err } = net.tool("lxc-start", "-n", B);
    equal(code, 1);
    return err;
  };
  match(reason("10.77.0.60"), /ipv4\.lease = 10\.77\.0\.60: the container \/\S+\/lxcts-na has that address/);
  match(reason("10.78.0.60"), /ipv4\.lease = 10\.78\.0\.60 is not in the network of br0, 10\.77\.0\.1\/24/);
  match(reason(BRIDGE4), /ipv4\.lease = 10\.77\.0\.1 is the address of the bridge itself/);
  match(reason("10.77.0.255"), /first or the last address/);
});

test("what a monitor left that was killed keeps nobody from the address", { skip }, async () => {
  configure(A, "ipv4.lease = 10.77.0.70");
  start(A);
  process.kill(monitorPid(place, A), "SIGKILL");
  equal(files().length, 1);
  configure(B, "ipv4.lease = 10.77.0.70");
  equal(await eventually(() => net.init(A) === 0), true);
  // Nobody has looked after it yet.
  start(B);
  equal(files().length, 1);
  equal(await addressOf(B), "10.77.0.70");
  process.kill(monitorPid(place, B), "SIGKILL");
  net.tool("lxc-stop", "-n", B, "-k");
  deepEqual(files(), []);
});

test("without a server there is nobody to give an address, and a name costs nothing", { skip }, () => {
  net.host("ip link add br1 type bridge; ip link set br1 up; ip address add 10.79.0.1/24 dev br1");
  configure(B, "link = br1", "ipv4.lease = 10.79.0.7");
  const { code, err } = net.tool("lxc-start", "-n", B);
  equal(code, 1);
  match(err, /lxc-net does not serve br1: no \/run\/lxc\/net\/br1\/hosts\n {2}hint: run lxc-net start/);
  configure(B, "link = br1");
  start(B);
});
