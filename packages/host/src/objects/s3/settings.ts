import type { Source } from "../../config/index.ts";

/** How to reach an S3-compatible store. */
export interface S3Settings {
  endpoint: URL;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucketPrefix: string;
  /** Whether the bucket is the first segment of the path or the first label of the host. */
  addressing: "path" | "virtual";
}

/** Undefined where no endpoint is set: buckets are folders then. Values are not repeated, some are secrets. */
export function readS3Settings(source: Source): { settings: S3Settings | undefined; faults: string[] } {
  const given = source.read("S3_ENDPOINT");
  if (!given) return { settings: undefined, faults: withoutEndpoint(source) };
  const faults: string[] = [];
  const endpoint = URL.parse(given);
  if (!endpoint || !/^https?:$/.test(endpoint.protocol) || endpoint.username || endpoint.search) {
    faults.push(
      "S3_ENDPOINT is not a URL like https://s3.example.com: correct it, or leave it out for buckets in a folder",
    );
  }
  const required = (name: string): string => {
    const value = source.read(name);
    if (!value && !source.faults.has(name)) faults.push(`${name} is missing; buckets on S3_ENDPOINT need it`);
    return value ?? "";
  };
  const accessKeyId = required("S3_ACCESS_KEY_ID");
  const secretAccessKey = required("S3_SECRET_ACCESS_KEY");
  const addressing =
    source.read("S3_ADDRESSING") || (endpoint?.hostname.endsWith(".amazonaws.com") ? "virtual" : "path");
  if (addressing !== "path" && addressing !== "virtual") {
    faults.push(`S3_ADDRESSING is "${addressing}"; it must be path or virtual`);
    return { settings: undefined, faults };
  }
  if (!endpoint || faults.length > 0) return { settings: undefined, faults };
  const region = source.read("S3_REGION") || "us-east-1";
  const bucketPrefix = source.read("S3_BUCKET_PREFIX") ?? "";
  return { settings: { endpoint, region, accessKeyId, secretAccessKey, bucketPrefix, addressing }, faults };
}

/** Whoever has a key meant a store, and would find the objects on a disk. */
function withoutEndpoint(source: Source): string[] {
  const given = ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"].filter((name) => source.read(name));
  return given.length === 0
    ? []
    : [`S3_ENDPOINT is missing: set it beside ${given.join(" and ")}, or take them out for buckets in a folder`];
}
