import { z } from "zod";

const bindingName = z.string().regex(/^[A-Za-z_$][\w$]*$/, "must be a JavaScript identifier");
const json = z.json();
const queueName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be 1 to 63 lower-case letters, digits and inner dashes");
// https://developers.cloudflare.com/r2/buckets/create-buckets/#bucket-level-operations
const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "must be 3 to 63 lower-case letters, digits and inner dashes");
// https://developers.cloudflare.com/queues/platform/limits/
const queueDelay = z.int().min(0).max(86_400);

/**
 * The sections of wrangler.toml that the host acts on. Strict: an option of a binding that the host
 * would not honour is a fault, not a silent difference between Cloudflare and here.
 */
export const manifestSchema = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and dashes"),
  main: z.string().min(1),
  // The rest of [dev] steers `wrangler dev` only.
  dev: z.looseObject({ port: z.int().min(0).max(65_535).optional() }).optional(),
  vars: z.record(z.string().min(1), json).optional(),
  secrets: z.strictObject({ required: z.array(z.string().min(1)).optional() }).optional(),
  services: z.array(z.strictObject({ binding: bindingName, service: z.string().min(1) })).optional(),
  hyperdrive: z
    .array(
      z.strictObject({
        binding: bindingName,
        // The id and the local connection string are what Cloudflare and `wrangler dev` go by; the host goes by DATABASE_URL.
        id: z.string(),
        localConnectionString: z.string().optional(),
      }),
    )
    .optional(),
  queues: z
    .strictObject({
      producers: z
        .array(z.strictObject({ binding: bindingName, queue: queueName, delivery_delay: queueDelay.optional() }))
        .optional(),
      consumers: z
        .array(
          z.strictObject({
            queue: queueName,
            // Of the other types, `http_pull` is for those who have no Worker.
            type: z.literal("worker").optional(),
            max_batch_size: z.int().min(1).max(100).optional(),
            max_batch_timeout: z.number().min(0).max(60).optional(),
            max_retries: z.int().min(0).max(100).optional(),
            dead_letter_queue: queueName.optional(),
            max_concurrency: z.int().min(1).max(250).nullable().optional(),
            retry_delay: queueDelay.optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  ratelimits: z
    .array(
      z.strictObject({
        name: bindingName,
        namespace_id: z.string().regex(/^[1-9]\d*$/, "must be a positive whole number, in quotes"),
        simple: z.strictObject({ limit: z.int().positive(), period: z.literal([10, 60]) }),
      }),
    )
    .optional(),
  r2_buckets: z
    .array(
      z.strictObject({
        binding: bindingName,
        bucket_name: bucketName,
        // What `wrangler dev --remote` uses instead; the host has one bucket under the name.
        preview_bucket_name: z.string().optional(),
      }),
    )
    .optional(),
  triggers: z.strictObject({ crons: z.array(z.string()).optional() }).optional(),
  assets: z
    .strictObject({
      directory: z.string().min(1),
      binding: bindingName.optional(),
      run_worker_first: z.boolean().optional(),
      html_handling: z.enum(["auto-trailing-slash", "none"]).optional(),
      not_found_handling: z.literal("none").optional(),
    })
    .optional(),
});

/** A value of `[vars]`: Cloudflare hands tables and arrays to the Worker as they are. */
export type VarValue = z.output<typeof json>;

/** One sentence for each thing that zod found, naming the key by its path in the file. */
export function issueFaults(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") return [`\`${path}\`: ${lowerFirst(issue.message)}`];
    return issue.keys.map(
      (key) => `\`${path}.${key}\` is an option that the Node and Bun host does not honour; remove it to run here`,
    );
  });
}

const lowerFirst = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);
