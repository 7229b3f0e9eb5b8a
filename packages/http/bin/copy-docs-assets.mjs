// Copies the two readers of OpenAPI documents out of their npm packages into the folder that every
// service's [assets] binding serves. Runs after an install, on whatever Node the machine has.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const assets = fileURLToPath(new URL("../assets/", import.meta.url));

// ReDoc's footer loads its maker's logo from the maker's server; the pages must do without other servers.
// An image that cannot be shown is left out by ReDoc itself.
const foreign = "https://cdn.redoc.ly/redoc/logo-mini.svg";

const readers = [
  { name: "@scalar/api-reference", file: "dist/browser/standalone.js", target: "scalar.js" },
  { name: "redoc", file: "bundles/redoc.standalone.js", target: "redoc.js" },
];

for (const { name, file, target } of readers) {
  // By folder, because neither package exports this file.
  const source = require.resolve
    .paths(name)
    .map((base) => join(base, name, file))
    .find(existsSync);
  if (source === undefined) throw new Error(`${name} is not installed: ${file} was not found. Run npm ci.`);
  writeFileSync(join(assets, target), readFileSync(source, "utf8").replaceAll(foreign, "data:,"));
}
