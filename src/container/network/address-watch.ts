// Learning that a container gives itself other addresses, or gets them by DHCP. Runs in the monitor.

import { RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR } from "../../kernel/abi/rtnetlink.ts";
import type { EventLoop } from "../../kernel/event-loop.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { openInside } from "./inside.ts";

export class AddressWatch {
  readonly #socket: NetlinkSocket;
  readonly #fd: number;
  readonly #loop: EventLoop;

  /** Calls `changed` after each change of an address in the network of process `pid`. */
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
