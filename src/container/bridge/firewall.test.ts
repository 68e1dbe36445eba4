import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { filterIn, firewallAdvice, firewallIn, rulesThrough } from "./firewall.ts";
import { ruleWords } from "./ruleset.ts";

const DOCKER = `table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}

	chain DOCKER-USER {
	}
}
table ip6 filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
table inet lxc {
	chain forward {
		type filter hook forward priority filter; policy accept;
	}
}
`;

const commands = (text: string, withIpv6: boolean): string[] =>
  rulesThrough(firewallIn(text).filters, "br7", withIpv6).map(
    (rule) => `${rule.program} ${ruleWords(rule, "add").join(" ")}`,
  );

test("Docker's chain for users gets exactly the two rules for the bridge", () => {
  deepEqual(commands(DOCKER, false), [
    "iptables -w -t filter -I DOCKER-USER -i br7 -j ACCEPT",
    "iptables -w -t filter -I DOCKER-USER -o br7 -j ACCEPT",
  ]);
});

test("what is dropped without Docker gets them in FORWARD and INPUT, of IPv6 where there is IPv6", () => {
  deepEqual(commands(DOCKER, true).slice(2), [
    "ip6tables -w -t filter -I INPUT -i br7 -p udp --dport 67 -j ACCEPT",
    "ip6tables -w -t filter -I INPUT -i br7 -p tcp --dport 67 -j ACCEPT",
    "ip6tables -w -t filter -I INPUT -i br7 -p udp --dport 53 -j ACCEPT",
    "ip6tables -w -t filter -I INPUT -i br7 -p tcp --dport 53 -j ACCEPT",
  ]);
  deepEqual(
    rulesThrough(
      [filterIn("iptables-legacy", "-P INPUT ACCEPT\n-P FORWARD DROP\n-N ufw-user-input")],
      "br7",
      false,
    ).map((rule) => `${rule.program} ${rule.chain} ${rule.match.join(" ")}`),
    ["iptables-legacy FORWARD -i br7 -j ACCEPT", "iptables-legacy FORWARD -o br7 -j ACCEPT"],
  );
  deepEqual(commands(DOCKER.replaceAll("policy drop", "policy accept").replace("DOCKER-USER", "X"), true), []);
});

test("tables of others are told about, with the commands", () => {
  const text = `table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
	}
	chain fwd {
		type filter hook forward priority filter; policy drop;
	}
	chain out {
		type filter hook output priority filter; policy drop;
	}
}
table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
	}
}`;
  deepEqual(firewallAdvice(firewallIn(text), "br7"), [
    "firewalld keeps containers from addresses and names; run: firewall-cmd --permanent --zone=trusted --add-interface=br7 && firewall-cmd --reload",
    "the chain input of the table inet filter drops what containers ask the host for; run: nft insert rule inet filter input iifname br7 accept",
    "the chain fwd of the table inet filter drops what containers send and get; run: nft insert rule inet filter fwd iifname br7 accept && nft insert rule inet filter fwd oifname br7 accept",
  ]);
  deepEqual(firewallAdvice(firewallIn(DOCKER), "br7"), []);
});
