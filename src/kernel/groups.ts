// The groups of a user, as /etc/group has them. Pure.

const FIELDS = 4;

/** The names of the groups that have `user` as a member, or are the user's own group `gid`; in file order. */
export function groupsIn(text: string, user: string, gid: number): string[] {
  const names: string[] = [];
  for (const line of text.split("\n")) {
    const fields = line.split(":");
    if (fields.length !== FIELDS) continue;
    const [name = "", , number = "", members = ""] = fields;
    if (name === "") continue;
    if (number === String(gid) || members.split(",").includes(user)) names.push(name);
  }
  return names;
}
