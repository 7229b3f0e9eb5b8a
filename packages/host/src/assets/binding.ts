import { stat } from "node:fs/promises";
import type { AssetsBinding } from "@trivet/platform";
import { requestedRange, unchanged, type Version } from "./conditions.ts";
import { contentTypeOf } from "./content-type.ts";
import { fileBody } from "./file-body.ts";
import type { Asset, Site } from "./site.ts";

/** `[assets]`: answers GET and HEAD with the file that the path names, 404 where there is none. */
export function assetsBinding(site: Site): AssetsBinding {
  return {
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const asset = site.find(pathname);
      if (!asset) return new Response("Not found\n", { status: 404 });
      return await serveAsset(asset, search, request);
    },
  };
}

export async function serveAsset(asset: Asset, search: string, request: Request): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method not allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  if ("redirect" in asset) return new Response(null, { status: 307, headers: { location: asset.redirect + search } });
  const { size, mtimeMs } = await stat(asset.file);
  const version: Version = {
    etag: `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`,
    modified: Math.floor(mtimeMs / 1_000) * 1_000,
  };
  const headers = new Headers({
    "accept-ranges": "bytes",
    "cache-control": cacheControl(asset.file),
    etag: version.etag,
    "last-modified": new Date(version.modified).toUTCString(),
  });
  if (unchanged(request.headers, version)) return new Response(null, { status: 304, headers });
  headers.set("content-type", contentTypeOf(asset.file));
  // RFC 9110, 14.2: a range is defined for GET alone.
  const range = request.method === "GET" ? requestedRange(request.headers, size, version) : undefined;
  if (range === "unsatisfiable") return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
  const { start, end } = range ?? { start: 0, end: size - 1 };
  headers.set("content-length", String(end - start + 1));
  if (range) headers.set("content-range", `bytes ${start}-${end}/${size}`);
  const body = request.method === "HEAD" ? null : await fileBody(asset.file, start, end);
  return new Response(body, { status: range ? 206 : 200, headers });
}

// `app.3f9a41c2.js` as most bundlers write it, `index-BX3k9a2f.js` as Vite does. A name wrongly taken for
// a hashed one would be stuck in caches for a year, so plain words must not match.
const hashedName = /[.-](?:(?=[a-f]*\d)[\da-f]{8,64}|(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{8})\.\w+$/;

const cacheControl = (file: string): string =>
  hashedName.test(file) ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate";
