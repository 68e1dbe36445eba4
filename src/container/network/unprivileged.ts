// lxc.net.[i].type = veth of an ordinary user: lxc-user-nic makes the pair. Runs in the monitor, as its user.

import { LxcError } from "../../base/errors.ts";
import { AT_FDCWD, O_RDONLY } from "../../kernel/abi/fs.ts";
import { closeFd, openAt } from "../../kernel/files.ts";
import { currentPid } from "../../kernel/process.ts";
import { usernetRules } from "../config/usernet.ts";
import { NetworkDevice } from "./device.ts";
import { NO_BRIDGE, rulesFor } from "./nics.ts";
import type { NetworkPlan, PlannedNetwork } from "./planned.ts";
import { callNicHelper, madeNicIn, requireNicHelper } from "./user-nic.ts";
import { UserPublisher } from "./user-publish.ts";
import { whyNoNic } from "./user-refusals.ts";
import { usernetView } from "./usernet-view.ts";

/** The plan as an ordinary user can have it. Throws where no lxc-user-nic can work. */
export function planForUser(plan: NetworkPlan): NetworkPlan {
  if (!plan.networks.some((network) => network.type === "veth")) return plan;
  requireNicHelper();
  const networks: PlannedNetwork[] = [];
  for (const network of plan.networks) networks.push(ofUser(network));
  return { newNamespace: plan.newNamespace, networks };
}

function ofUser(network: PlannedNetwork): PlannedNetwork {
  return { ...network, byHelper: network.type === "veth" };
}

export class UnprivilegedVeth extends NetworkDevice {
  #helper = "";
  /** Keeps the container's end there until the host's is taken away. */
  #namespace = -1;
  #publisher: UserPublisher | undefined = undefined;

  protected override begin(): void {
    const { network, means } = this;
    this.#helper = requireNicHelper();
    this.#namespace = openAt(AT_FDCWD, `/proc/${means.target.initPid}/ns/net`, O_RDONLY);
    const called = callNicHelper(this.#helper, this.#words("create", String(means.target.initPid), network.name));
    if (!called.succeeded) throw explained(bridgeName(network), this.#helper, called.said);
    const made = madeNicIn(called.said);
    network.hostName = made.host;
    this.hostIndex = made.hostIndex;
    this.insideIndex = made.insideIndex;
  }

  override complete(): void {
    if ((this.network.veth?.published.length ?? 0) === 0) return;
    const publisher = new UserPublisher(this.network, this.means);
    this.#publisher = publisher;
    publisher.open();
  }

  override watch(): void {
    this.#publisher?.watch();
  }

  protected override leave(): void {
    const publisher = this.#publisher;
    this.#publisher = undefined;
    publisher?.close();
  }

  /** At once, so that it counts no longer. LXC's does this for Open vSwitch only, else the device goes with its namespace. */
  protected override end(): void {
    const { network, hostIndex } = this;
    const namespace = this.#namespace;
    this.#namespace = -1;
    this.hostIndex = 0;
    if (namespace < 0) return;
    try {
      if (hostIndex === 0) return;
      const path = `/proc/${currentPid()}/fd/${namespace}`;
      const called = callNicHelper(this.#helper, this.#words("delete", path, network.hostName));
      if (called.succeeded || network.veth?.isSwitched !== true) return;
      throw new LxcError("not-permitted", `take ${network.hostName} from the bridge ${network.link}`, called.said, {
        hint: `have root do it: ovs-vsctl --if-exists del-port ${network.link} ${network.hostName}`,
      });
    } finally {
      closeFd(namespace);
    }
  }

  #words(action: string, where: string, device: string): string[] {
    const { container } = this.means.target;
    return [action, container.lxcpath, container.name, where, "veth", bridgeName(this.network), device];
  }
}

/** As in LXC, a network without `link` has a rule of its own. */
function bridgeName(network: PlannedNetwork): string {
  return network.link === "" ? NO_BRIDGE : network.link;
}

function explained(bridge: string, helper: string, said: string): LxcError {
  const view = usernetView();
  const rules = rulesFor(usernetRules(view.text ?? ""), view.caller, bridge);
  return whyNoNic({ user: view.caller.name, bridge, rules, isReadable: view.text !== undefined, helper, said });
}
