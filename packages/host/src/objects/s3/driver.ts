import type { ObjectDriver } from "../driver.ts";
import { type Patience, s3Client } from "./client.ts";
import { deleteObjects } from "./delete.ts";
import { listObjects } from "./list.ts";
import { headObject, readObject } from "./read.ts";
import type { S3Settings } from "./settings.ts";
import type { Transport } from "./transport.ts";
import { s3Uploads } from "./uploads.ts";
import { writeObject } from "./write.ts";

const usual: Patience = { silence: 30_000, attempts: 3 };

/** A bucket of a store that speaks S3. */
export function openS3(settings: S3Settings, bucket: string, transport: Transport, patience = usual): ObjectDriver {
  const client = s3Client(settings, bucket, transport, patience);
  return {
    ...s3Uploads(client),
    head: (key) => headObject(client, key),
    read: (key, plan) => readObject(client, key, plan),
    write: (key, writing) => writeObject(client, key, writing),
    delete: (keys) => deleteObjects(client, keys),
    list: (query) => listObjects(client, query),
    close: () => transport.close(),
  };
}
