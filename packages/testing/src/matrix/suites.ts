import { bucketCases, s3Differs, s3ServerDiffers } from "../conformance/bucket/index.ts";
import { cronCases } from "../conformance/crons.ts";
import { queueCases } from "../conformance/queues/cases.ts";
import { queueDrivers } from "../conformance/queues/drivers.ts";
import { miniflareDiffers } from "../conformance/queues/miniflare-differs.ts";
import { rateLimitCases } from "../conformance/rate-limit.ts";
import { redisCases } from "../conformance/redis.ts";
import { serviceBindingCases } from "../conformance/service-binding.ts";
import { workerdDiffers } from "../conformance/workerd-differs.ts";
import { encryptionScenarios } from "../scenarios/encryption.ts";
import { scenarios } from "../scenarios/main-job.ts";

/** One table of the pass matrix: what is promised, and where it is held against what. */
export interface Suite {
  title: string;
  /** The test files that fill the table. */
  files: readonly string[];
  rows: readonly string[];
  columns: readonly Column[];
}

export interface Column {
  title: string;
  /** The `describe` whose tests, named like the rows, fill this column. */
  describe: string;
  /** Rows that do not apply or are known to differ here, and why. */
  except: Readonly<Record<string, string>>;
}

const host = ["node", "bun"];
const runtimes = [...host, "workerd"];

const needsConnections = Object.fromEntries(
  serviceBindingCases
    .filter(({ needs }) => needs !== undefined)
    .map(({ title }) => [title, "there are no connections between Workers of one process"]),
);

export const suites: readonly Suite[] = [
  {
    title: "The system, scenario by runtime",
    files: ["packages/testing/test/system/end-to-end.test.ts"],
    rows: scenarios.map(({ title }) => title),
    columns: runtimes.map((runtime) => ({ title: runtime, describe: `on ${runtime}, in one process`, except: {} })),
  },
  {
    title: "Encryption, promise by runtime",
    files: ["packages/testing/test/system/encryption.test.ts"],
    rows: encryptionScenarios.map(({ title }) => title),
    columns: runtimes.map((runtime) => ({ title: runtime, describe: `on ${runtime}, in one process`, except: {} })),
  },
  {
    title: "`[[services]]`, promise by driver and runtime",
    files: ["packages/host/test/service-binding.test.ts", "packages/testing/test/conformance/service-binding.test.ts"],
    rows: serviceBindingCases.map(({ title }) => title),
    columns: [
      ...host.flatMap((runtime) => [
        {
          title: `in-process, ${runtime}`,
          describe: `[[services]] in-process on ${runtime}`,
          except: needsConnections,
        },
        { title: `http, ${runtime}`, describe: `[[services]] http on ${runtime}`, except: {} },
      ]),
      { title: "workerd", describe: "[[services]] on workerd", except: { ...needsConnections, ...workerdDiffers } },
    ],
  },
  {
    title: "`[[r2_buckets]]`, promise by driver and runtime",
    files: ["packages/host/test/bucket.test.ts", "packages/testing/test/conformance/bucket.test.ts"],
    rows: bucketCases.map(({ title }) => title),
    columns: [
      ...host.map((runtime) => ({
        title: `files, ${runtime}`,
        describe: `[[r2_buckets]] > files on ${runtime}`,
        except: {},
      })),
      ...host.map((runtime) => ({
        title: `s3, ${runtime}`,
        describe: `[[r2_buckets]] > s3 on ${runtime}`,
        except: { ...s3Differs, ...s3ServerDiffers },
      })),
      { title: "workerd", describe: "[[r2_buckets]] on workerd", except: {} },
    ],
  },
  {
    title: "`[triggers] crons`, promise by runtime",
    files: ["packages/host/test/crons/conformance.test.ts", "packages/testing/test/conformance/crons.test.ts"],
    rows: cronCases.map(({ title }) => title),
    columns: runtimes.map((runtime) => ({ title: runtime, describe: `[triggers] crons on ${runtime}`, except: {} })),
  },
  {
    title: "`[[ratelimits]]`, promise by driver",
    files: [
      "packages/host/test/limits/rate-limit-binding.test.ts",
      "packages/testing/test/conformance/rate-limit.test.ts",
    ],
    rows: rateLimitCases.map(({ title }) => title),
    columns: ["in-process", "on Redis", "on workerd"].map((driver) => ({
      title: driver,
      describe: `[[ratelimits]] ${driver}`,
      except: {},
    })),
  },
  {
    title: "Redis, promise by driver and runtime",
    files: ["packages/host/test/redis/conformance.test.ts", "packages/testing/test/conformance/redis.test.ts"],
    rows: redisCases.map(({ title }) => title),
    columns: [
      ...["in-process", "RESP", "REST"].flatMap((driver) =>
        host.map((runtime) => ({
          title: `${driver}, ${runtime}`,
          describe: `Redis ${driver} on ${runtime}`,
          except: {},
        })),
      ),
      { title: "REST, workerd", describe: "Redis REST on workerd", except: {} },
    ],
  },
  {
    title: "`[[queues]]`, promise by driver and runtime",
    files: ["packages/testing/test/conformance/queues.test.ts"],
    rows: queueCases.map(({ title }) => title),
    columns: [
      ...queueDrivers.flatMap((driver) =>
        host.map((runtime) => ({
          title: `${driver}, ${runtime}`,
          describe: `[[queues]] ${driver} on ${runtime}`,
          except: {},
        })),
      ),
      { title: "miniflare", describe: "[[queues]] on miniflare", except: miniflareDiffers },
    ],
  },
];
