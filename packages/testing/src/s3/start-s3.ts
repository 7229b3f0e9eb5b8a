import { randomBytes } from "node:crypto";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { scratchDirectory } from "../scratch-directory.ts";

/** An S3 endpoint with one bucket, and what the host is told of it. */
export interface S3Endpoint {
  env: Record<string, string>;
  bucket: string;
  stop(): Promise<void>;
}

const bucket = "suite";

/** The endpoint that S3_ENDPOINT names, with the bucket S3_TEST_BUCKET; else one of our own. */
export async function openS3Endpoint(): Promise<S3Endpoint> {
  const names = Object.keys(process.env).filter((name) => name.startsWith("S3_"));
  if (!process.env.S3_ENDPOINT) return await startS3();
  return {
    env: Object.fromEntries(names.map((name) => [name, process.env[name] ?? ""])),
    bucket: process.env.S3_TEST_BUCKET ?? bucket,
    stop: () => Promise.resolve(),
  };
}

/**
 * Cloudflare's own implementation of S3 over its simulator of R2: it comes with wrangler, listens on a free
 * port of the loopback interface, and checks signatures with code that shares nothing with ours.
 */
export async function startS3(): Promise<S3Endpoint> {
  const s3Credentials = { accessKeyId: "test", secretAccessKey: randomBytes(20).toString("hex") };
  const directory = scratchDirectory();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "export default { fetch: () => new Response() }",
      compatibilityDate: "2026-10-01",
      r2Buckets: { BUCKET: { id: bucket, s3Credentials } },
      resourcePersistencePath: directory.path,
    }),
  );
  const { origin } = await miniflare.ready;
  return {
    bucket,
    env: {
      S3_ENDPOINT: `${origin}/cdn-cgi/local/r2/s3`,
      S3_REGION: "auto",
      S3_ACCESS_KEY_ID: s3Credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    },
    async stop() {
      await miniflare.dispose();
      directory.remove();
    },
  };
}
