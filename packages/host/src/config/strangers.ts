import { closest } from "fastest-levenshtein";
import { hostName, type Manifest, variablePrefix } from "../manifest/index.ts";
import { isNearly } from "./nearly.ts";
import type { Source } from "./source.ts";

const ofDatabase = "DATABASE_URL_";
const address = "_URL";
/** What stands before `_URL` where that is no service's address. */
const ours = ["PUBLIC", "DATABASE", "NATS", "REDIS", "UPSTASH_REDIS_REST", "SERVICE"];

/**
 * `DATABASE_URL_<SERVICE>` and `<NAME>_URL` of services that are not there: what they say would be passed over in silence.
 * The environment may be shared with others, so there only what is nearly a service's name counts; `.env` is ours.
 */
export function strangers(source: Source, manifests: readonly Manifest[]): string[] {
  const services = manifests.map(({ service }) => variablePrefix(service));
  const owners = [...services, variablePrefix(hostName)];
  const declared = new Set(manifests.flatMap(({ vars, secrets }) => [...Object.keys(vars), ...secrets]));
  return source.given().flatMap(({ name, own }) => {
    const isAddress = name.endsWith(address) && !declared.has(name);
    const [before, after] = name.startsWith(ofDatabase) ? [ofDatabase, ""] : ["", address];
    if (before === "" && !isAddress) return [];
    const word = name.slice(before.length, name.length - after.length);
    if (before === "" && ours.includes(word)) return [];
    const addressed = own ? [...services, ...ours] : services;
    const found = stranger(word, before === "" ? addressed : owners);
    if (!found || !(own || found.isNear)) return [];
    const advice = found.isNear
      ? `rename it to ${before}${found.nearest}${after}, or take it out`
      : `there are ${manifests.map(({ service }) => service).join(", ")}`;
    return [`${name} is about a service ${word.toLowerCase()}, which is not there: ${advice}`];
  });
}

interface Stranger {
  nearest: string;
  /** Whether it can hardly be anything but a slip: one letter in three, at most, or two that have changed places. */
  isNear: boolean;
}

function stranger(word: string, known: readonly string[]): Stranger | undefined {
  if (known.length === 0 || known.includes(word)) return undefined;
  const nearest = closest(word, [...known]);
  return { nearest, isNear: isNearly(word, nearest, nearest.length / 3) };
}
