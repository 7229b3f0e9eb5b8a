import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { AssetsSection } from "../manifest/index.ts";

/** What a path of a site leads to. */
export type Asset = { file: string } | { redirect: string };

export interface Site {
  /** `path` as a URL spells it; undefined where there is no file for it. */
  find(path: string): Asset | undefined;
  faults: string[];
}

/** Files that steer Cloudflare's asset server and that this one does not obey. */
const directives = new Set(["/_headers", "/_redirects", "/.assetsignore"]);

/**
 * Every path the directory answers, known before the first request: a lookup touches no disk, and no
 * path that was not listed, with dots in it or without, can lead anywhere.
 */
export function listSite(section: AssetsSection): Site {
  const files = readdirSync(section.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const paths = new Map<string, Asset>();
  const faults: string[] = [];
  const named = files.map((file) => ({ file, path: `/${relative(section.directory, file).split(sep).join("/")}` }));
  for (const { file, path } of named) {
    if (directives.has(path)) faults.push(`\`assets\`: ${path.slice(1)} is a file that the Node and Bun host does not obey; remove it`);
    else paths.set(path, { file });
  }
  if (section.htmlHandling === "auto-trailing-slash") for (const { file, path } of named) addHtml(paths, file, path);
  return {
    faults,
    find(path) {
      const found = paths.get(path);
      return found ?? (path.includes("%") ? paths.get(decoded(path)) : undefined);
    },
  };
}

/** Cloudflare's default: `/a.html` is at `/a` and `/a/index.html` at `/a/`; the other spellings lead there. */
function addHtml(paths: Map<string, Asset>, file: string, path: string): void {
  if (!path.endsWith(".html")) return;
  const index = path.endsWith("/index.html");
  const home = index ? path.slice(0, -"index.html".length) : path.slice(0, -".html".length);
  const aliases = index ? [path, `${home}index`, ...(home === "/" ? [] : [home.slice(0, -1)])] : [path, `${home}/`];
  paths.set(home, { file });
  for (const alias of aliases) if (alias === path || !paths.has(alias)) paths.set(alias, { redirect: home });
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
