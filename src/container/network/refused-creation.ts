// What to say when the kernel refuses to make a device. Pure.

import { LxcError } from "../../base/errors.ts";
import { upperCase } from "../../base/text.ts";
import { EEXIST, EINVAL, EOPNOTSUPP, ERANGE, ESRCH } from "../../kernel/abi/errno.ts";
import type { PlannedNetwork } from "./planned.ts";

/** Names the key to change, where the kernel only says that a name is taken or a value is wrong. */
export function refusedCreation(network: PlannedNetwork, doing: string, because: LxcError, isThere: boolean): LxcError {
  const key = `lxc.net.${network.index}`;
  const errno = because.errno;
  if (errno === EEXIST && network.type === "veth") return taken(network, doing, because, isThere);
  if (errno === ESRCH) return new LxcError("wrong-state", doing, "the container's first process has died", { because });
  if (errno === EOPNOTSUPP) return absent(network, doing, because);
  if (errno === EINVAL || errno === ERANGE) {
    const hint = `check ${checkedKeys(network, key)}`;
    return new LxcError("config-invalid", doing, "the kernel does not take these values", { errno, hint, because });
  }
  return because;
}

function taken(network: PlannedNetwork, doing: string, because: LxcError, isThere: boolean): LxcError {
  const key = `lxc.net.${network.index}`;
  const name = isThere ? network.hostName : network.name;
  const hint = isThere
    ? `set another ${key}.veth.pair, or remove it: ip link delete ${name}`
    : `set another ${key}.name`;
  const reason = `a device named ${name} is there already${isThere ? "" : " in the container"}`;
  return new LxcError("wrong-state", doing, reason, { errno: EEXIST, hint, because });
}

/** The kernel's answer to a kind that it has never heard of. */
function absent(network: PlannedNetwork, doing: string, because: LxcError): LxcError {
  const { type } = network;
  const option = type === "vlan" ? "VLAN_8021Q" : upperCase(type);
  const module = type === "vlan" ? "8021q" : type;
  return new LxcError("unsupported", doing, `this kernel has no devices of type ${type}`, {
    errno: EOPNOTSUPP,
    hint: `load its module, \`modprobe ${module}\`, or use a kernel that has CONFIG_${option}`,
    because,
  });
}

function checkedKeys(network: PlannedNetwork, key: string): string {
  const common = `${key}.mtu = ${network.mtu}, ${key}.hwaddr and ${key}.name`;
  if (network.type === "veth" || network.type === "phys") return common;
  return `${common}, and \`ip -details link show ${network.link}\`: another device may keep this one out`;
}
