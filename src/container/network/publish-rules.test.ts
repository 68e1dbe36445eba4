import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { type PublishedPorts, publishedPorts } from "../config/publish-codecs.ts";
import { publishRules } from "../config/usernet.ts";
import { mayPublish, notAllowedToPublish, publishLine, takenText, whyNotPublished } from "./publish-rules.ts";

const ann = { uid: 1000, name: "ann", groups: ["staff"] };

function ports(text: string): PublishedPorts {
  const values: PublishedPorts[] = [];
  publishedPorts.add(values, text);
  return values[0]!;
}

test("a user may publish what one line for it, or for a group of its, allows on that bridge", () => {
  const rules = publishRules("ann publish br0 8000-8099\n@staff publish br1 53/udp\nbob publish br0 22\n");
  const may = (bridge: string, text: string): boolean => mayPublish(rules, ann, bridge, ports(text));
  deepEqual(
    [
      may("br0", "8080:80"),
      may("br1", "53:53/udp"),
      may("br1", "8080:80"),
      may("br0", "22:22"),
      may("br0", "53:53/udp"),
    ],
    [true, true, false, false, false],
  );
});

test("the line that a refusal proposes allows it", () => {
  const wanted = { key: "lxc.net.0.publish", ports: ports("127.0.0.1:8080:80") };
  const { message, hint } = notAllowedToPublish(wanted, "ann", "br0");
  match(message, /use lxc\.net\.0\.publish = 127\.0\.0\.1:8080:80\/tcp: \S+ lets ann publish no such port there$/);
  match(hint, /: ann publish br0 8080\/tcp$/);
  equal(mayPublish(publishRules(publishLine("ann", "br0", wanted.ports)), ann, "br0", wanted.ports), true);
});

test("what the helper says is told with what to do", () => {
  const wanted = ["8080:80", "8081:81"].map((text) => ({ key: "lxc.net.0.publish", ports: ports(text) }));
  const why = (said: string): string => {
    const error = whyNotPublished(said, "/x/lxc-user-publish", { user: "ann", bridge: "br0", wanted });
    return `${error.message}; ${error.hint}`;
  };
  match(
    why(takenText("use lxc.net.0.publish = 8081:81/tcp").trim()),
    /cannot use lxc\.net\.0\.publish = 8081:81\/tcp: another/,
  );
  match(why("lxc-user-publish: it is not setuid root: x"), /without the rights of root; as root: chown/);
  match(
    why("no"),
    /said: no; see whether \S+ has lines that allow it: ann publish br0 8080\/tcp; ann publish br0 8081\/tcp;/,
  );
  match(why(""), /said: nothing;/);
});
