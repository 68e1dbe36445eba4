// Learning that a container gives itself other addresses, or gets them by DHCP. Runs in the monitor.

import { asLxcError, type LxcError } from "../../base/errors.ts";
import { ESRCH } from "../../kernel/abi/errno.ts";
import { RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR } from "../../kernel/abi/rtnetlink.ts";
import type { EventLoop } from "../../kernel/event-loop.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import type { NetworkTarget } from "./device.ts";
import { openInside } from "./inside.ts";

/** Calls `changed` after each change of an address in the container's network. Undefined, and told, where that cannot be heard of. */
export function watchAddresses(target: NetworkTarget, network: string, changed: () => void): AddressWatch | undefined {
  try {
    return new AddressWatch(target.initPid, target.loop, changed);
  } catch (caught) {
    tellLost(target, network, asLxcError(caught as Error));
    return undefined;
  }
}

/** Why ports do not lead to the container any more, unless it is that its life is over. */
export function tellLost(target: NetworkTarget, network: string, error: LxcError): void {
  if (error.because?.errno === ESRCH) return;
  target.warn(`the published ports of ${network} do not follow its addresses: ${error.message}`);
}

export class AddressWatch {
  readonly #socket: NetlinkSocket;
  readonly #fd: number;
  readonly #loop: EventLoop;

  constructor(pid: number, loop: EventLoop, changed: () => void) {
    const socket = openInside(pid);
    this.#socket = socket;
    this.#fd = socket.subscribe(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    this.#loop = loop;
    loop.watch(this.#fd, () => {
      socket.discard();
      changed();
    });
  }

  /** To be called once. */
  close(): void {
    this.#loop.forget(this.#fd);
    this.#socket.close();
  }
}
