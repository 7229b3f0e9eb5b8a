/** The rooms of the house. A file's room is the part of the tree it lies in. */
export type Room = "platform" | "contracts" | "db" | "http" | "worker" | "host" | "deploy" | "testing" | "test";

/** Which rooms a room may import from, beside its own package. */
export const arrows: Record<Room, readonly Room[]> = {
  platform: [],
  contracts: ["platform"],
  db: ["contracts", "platform"],
  http: ["contracts", "platform"],
  worker: ["http", "db", "contracts", "platform"],
  host: ["db", "platform"],
  deploy: ["platform"],
  testing: ["platform", "contracts", "db", "http", "worker", "host", "deploy"],
  test: ["platform", "contracts", "db", "http", "host", "deploy", "testing"],
};

/** A module from outside that only some files may import. */
interface Fence {
  module: RegExp;
  /** Paths from the root of the repository. */
  allowed: RegExp;
  why: string;
}

const anywhereOffWorkers = "packages/(host|deploy|testing)/|packages/[^/]+/bin/|.*/test/";

export const fences: readonly Fence[] = [
  {
    module: /^(node:crypto|crypto)$/,
    allowed: new RegExp(`^(${anywhereOffWorkers}|packages/platform/src/(digest|password)\\.ts$)`),
    why: "only platform's digest.ts and password.ts wrap node:crypto, the part that workerd implements natively",
  },
  {
    module: /^(node:.*|assert|buffer|child_process|events|fs|http|https|module|net|os|path|process|stream|url|util)$/,
    allowed: new RegExp(`^(${anywhereOffWorkers}|packages/platform/src/(digest|password)\\.ts$)`),
    why: "services and the packages below them run on Workers, where Node's modules are not a given",
  },
  { module: /^bun(:.*)?$/, allowed: /^packages\/host\//, why: "only the host knows that it runs on Bun" },
  {
    module: /^(@cloudflare\/.*|cloudflare:.*)$/,
    allowed: /^$/,
    why: "the port types of @trivet/platform stand in for Cloudflare's, so that code runs where they are absent",
  },
  {
    module: /^(postgres|pg|drizzle-orm\/(postgres-js|node-postgres|neon.*|pg-proxy))$/,
    allowed: /^packages\/(db|testing)\/|^packages\/host\/(src\/postgres|test)\/|^workers\/[^/]+\/test\//,
    why: "only packages/db opens connections to Postgres, and the host to the server that it embeds",
  },
  {
    module: /^drizzle-orm(\/.*)?$/,
    allowed: /^packages\/(db|testing)\/|^workers\/[^/]+\/(src\/(tables|queries)(\.ts$|\/)|test\/)/,
    why: "SQL lives in a service's tables.ts and queries.ts",
  },
];

const packageRooms: Record<string, Room> = {
  platform: "platform",
  contracts: "contracts",
  db: "db",
  http: "http",
  host: "host",
  deploy: "deploy",
  testing: "testing",
};

interface Place {
  room: Room;
  /** `packages/db`, `workers/users`: an import may not leave it by a relative path. */
  home: string;
}

/** Where a path (from the root of the repository, `/` as separator) belongs; undefined outside the house. */
export function placeOf(path: string): Place | undefined {
  const [wing = "", name = "", folder = ""] = path.split("/");
  const home = `${wing}/${name}`;
  if (wing === "packages" && packageRooms[name]) {
    return { room: folder === "test" && name !== "testing" ? "test" : packageRooms[name], home };
  }
  if (wing === "workers" && name !== "") return { room: folder === "test" ? "test" : "worker", home };
  return undefined;
}
