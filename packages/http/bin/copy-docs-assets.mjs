// Copies the two readers of OpenAPI documents out of their npm packages into the folder that every
// service's [assets] binding serves. Runs after an install, on whatever Node the machine has.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import scalarPlugin from "@scalar/fastify-api-reference";

const require = createRequire(import.meta.url);
const assets = fileURLToPath(new URL("../assets/", import.meta.url));

// ReDoc's footer loads its maker's logo from the maker's server; the pages must do without other servers.
// An image that cannot be shown is left out by ReDoc itself.
const foreign = "https://cdn.redoc.ly/redoc/logo-mini.svg";

/** By folder, because the package does not export this file. */
function redoc() {
  const file = (require.resolve.paths("redoc") ?? [])
    .map((base) => join(base, "redoc", "bundles", "redoc.standalone.js"))
    .find(existsSync);
  if (file === undefined) throw new Error("redoc is not installed: its bundle was not found. Run npm ci.");
  return readFileSync(file, "utf8").replaceAll(foreign, "data:,");
}

/**
 * Scalar's bundle, as its plugin for Fastify serves it: that package holds the bundle and little else, while
 * `@scalar/api-reference` brings all that the bundle was built from.
 */
function scalar() {
  const routes = new Map();
  const server = { route: ({ url, handler }) => routes.set(url, handler) };
  scalarPlugin(server, { configuration: { url: "/openapi.json" }, routePrefix: "/" }, () => {});
  let script;
  const reply = {
    header: () => reply,
    send: (body) => {
      script = body;
    },
  };
  routes.get("/js/scalar.js")?.({}, reply);
  if (typeof script !== "string") throw new Error("@scalar/fastify-api-reference serves no /js/scalar.js any more.");
  return script;
}

for (const [target, script] of [
  ["scalar.js", scalar()],
  ["redoc.js", redoc()],
]) {
  writeFileSync(join(assets, target), script);
}
