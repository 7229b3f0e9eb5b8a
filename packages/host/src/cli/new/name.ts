import { existsSync } from "node:fs";
import { join } from "node:path";
import { usedBy } from "./words.ts";

/**
 * A name is a path, a schema, a role, an identifier in code, half of an event's name and of an API key's scope: as one
 * word it needs quotes in none of them.
 */
const form = /^[a-z]{2,20}$/;

/** What else a package or a schema is called by. */
const taken = (name: string) => [`workers/${name}`, `drizzle/${name}`, `packages/${name}`];

/** The sentence on a name that no new service below `root` can have; undefined for one that it can. */
export function nameFault(root: string, name: string): string | undefined {
  if (!form.test(name))
    return `"${name}" is no name for a service; it must be 2 to 20 letters of a to z, such as notes.`;
  const user = usedBy(name);
  if (user !== undefined)
    return `A service cannot be called ${name}: ${user} has another use for that word. Choose another name.`;
  const place = taken(name).find((path) => existsSync(join(root, path)));
  return place === undefined ? undefined : `There is a ${place} already. Choose another name, or remove it first.`;
}
