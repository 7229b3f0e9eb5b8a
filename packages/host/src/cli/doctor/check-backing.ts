import { constants, existsSync, statSync } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { beforeDeadline } from "@trivet/platform";
import { addressesFaults } from "../../addresses.ts";
import { readSchedule } from "../../crons/index.ts";
import { createKept, type Kept } from "../../hyperdrive/index.ts";
import { bucketBinder, readS3Settings } from "../../objects/index.ts";
import { readNatsSettings } from "../../queues/index.ts";
import { chooseRedis } from "../../redis/index.ts";
import { currentRuntime } from "../../runtime.ts";
import { calledServices, givenAddress } from "../../services/index.ts";
import { openProject, type Project } from "../project.ts";
import { about, type Finding, reasonOf } from "./finding.ts";

/** Milliseconds that a server has to say that it is there. */
const patience = 5_000;

/**
 * What stands beside the database: the data folder, the Redis, NATS and store that are configured, the services that are
 * said to answer elsewhere, and what the crons do.
 */
export async function checkBacking(root: string): Promise<Finding[]> {
  const folder = await checkFolder("data folder", join(root, ".trivet"), "Let this user write there.");
  let project: Project;
  try {
    project = openProject();
  } catch {
    // What is wrong with the manifests has been said.
    return [folder];
  }
  // Likewise of the addresses; who is asked at a wrong one says nothing that helps.
  if (addressesFaults(project.source, project.manifests).length > 0) return [folder, ...checkCrons(project)];
  const kept = createKept();
  try {
    const servers = await Promise.all([
      checkQueues(project),
      checkRedis(project, kept),
      checkBuckets(project, kept),
      checkReplicas(project),
    ]);
    return [folder, ...servers.flat(), ...checkCrons(project)];
  } finally {
    await kept.close().catch(() => {});
  }
}

/** Whether this user may write to a folder, or make it. */
async function checkFolder(subject: string, folder: string, advice: string): Promise<Finding> {
  let nearest = folder;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory()) return about(subject).fail(`${nearest} is a file`, "Take it away.");
    await access(nearest, constants.W_OK);
    return about(subject).ok(`${folder}: ${nearest === folder ? "writable" : "will be made"}`);
  } catch (error) {
    return about(subject).fail(`${folder}: ${reasonOf(error)}`, advice);
  }
}

async function checkQueues({ source, manifests }: Project): Promise<Finding[]> {
  const { settings } = readNatsSettings(source);
  const names = new Set(
    manifests.flatMap(({ queues: { producers, consumers } }) => [...producers, ...consumers].map(({ queue }) => queue)),
  );
  const finding = about("queues");
  if (!settings) return names.size === 0 ? [] : [finding.ok(`${names.size}, in Postgres`)];
  const where = `NATS at ${settings.servers.join(", ")}`;
  try {
    const { openJet } = await import("../../queues/nats/connection.ts");
    const jet = await inTime(openJet(settings));
    try {
      const { streams, limits } = await inTime(jet.manager.getAccountInfo());
      const most = limits.max_streams;
      const what = `${where}: JetStream, ${streams} streams${most < 0 ? "" : ` of ${most} at most`}`;
      const advice = "Let the account have a stream for each queue, or leave NATS_URL out for queues in Postgres.";
      return [most >= 0 && most < names.size ? finding.fail(what, advice) : finding.ok(what)];
    } finally {
      await jet.connection.close();
    }
  } catch (error) {
    const advice = "Start the server with JetStream (-js), correct NATS_URL, or leave it out for queues in Postgres.";
    return [finding.fail(`${where}: ${reasonOf(error)}`, advice)];
  }
}

async function checkRedis({ source }: Project, kept: Kept): Promise<Finding[]> {
  const variable = ["REDIS_URL", "UPSTASH_REDIS_REST_URL"].find((name) => source.read(name));
  const address = URL.parse((variable && source.read(variable)) || "");
  if (variable === undefined || address === null) return [];
  const finding = about("Redis");
  const where = `${variable}, at ${address.host}`;
  const begun = performance.now();
  try {
    const redis = await chooseRedis(source, kept.keepOne());
    const [reply] = (await redis?.execute([["PING"]], { deadline: Date.now() + patience })) ?? [];
    if (reply !== undefined && "error" in reply) throw new Error(reply.error);
    return [finding.ok(`${where}: answered in ${Math.round(performance.now() - begun)} ms`)];
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const advice = `Start the server, correct ${variable}, or leave it out for a Redis inside each process.`;
    return [finding.fail(`${where}: ${reasonOf(cause)}`, advice)];
  }
}

async function checkBuckets({ root, source, manifests }: Project, kept: Kept): Promise<Finding[]> {
  const names = [...new Set(manifests.flatMap(({ r2Buckets }) => r2Buckets.map(({ bucket }) => bucket)))];
  const { settings } = readS3Settings(source);
  if (!settings) {
    const folder = resolve(root, source.read("OBJECTS_DIR") || join(".trivet", "objects"));
    return names.length === 0
      ? []
      : [await checkFolder("buckets", folder, "Let this user write there, or set OBJECTS_DIR.")];
  }
  const bind = await bucketBinder({ root, source, runtime: await currentRuntime(), keepOne: kept.keepOne });
  const advice = "Make the bucket, correct the S3_ variables, or leave them out for buckets in a folder.";
  return await Promise.all(
    names.map(async (name) => {
      const finding = about(`bucket ${settings.bucketPrefix}${name}`);
      try {
        await inTime(Promise.resolve(bind(name).bound?.list({ limit: 1 })));
        return finding.ok(`can be read at ${settings.endpoint.host}`);
      } catch (error) {
        return finding.fail(`${settings.endpoint.host}: ${reasonOf(error)}`, advice);
      }
    }),
  );
}

/** One that is missing is not this machine's fault: it may be the one that is about to be started. */
async function checkReplicas({ source, manifests }: Project): Promise<Finding[]> {
  const away = calledServices(manifests).flatMap((manifest) => {
    const urls = givenAddress(source, manifest)?.urls;
    return urls ? [{ service: manifest.service, urls }] : [];
  });
  return await Promise.all(
    away.map(async ({ service, urls }) => {
      const finding = about(`service ${service}`);
      const silent: string[] = [];
      await Promise.all(
        urls.map(async ({ origin }) => {
          const answer = fetch(`${origin}/${service}/health`, { signal: AbortSignal.timeout(patience) });
          await answer.then(({ body }) => body?.cancel()).catch(() => silent.push(origin));
        }),
      );
      const what = `${urls.length - silent.length} of ${urls.length} addresses answer`;
      if (silent.length === 0) return finding.ok(what);
      return finding.warn(`${what}, not ${silent.join(", ")}`, "Start it there, or correct the address.");
    }),
  );
}

function checkCrons({ manifests }: Project): Finding[] {
  const ticks = manifests.flatMap(({ crons }) =>
    crons.flatMap((cron) => {
      const read = readSchedule(cron);
      return "fault" in read ? [] : [read.schedule.next(Date.now())];
    }),
  );
  if (ticks.length === 0) return [];
  const next = new Date(Math.min(...ticks)).toISOString().slice(11, 16);
  return [about("crons").ok(`${ticks.length}; the next tick is at ${next} UTC`)];
}

const inTime = <T>(work: Promise<T>): Promise<T> => beforeDeadline(work, Date.now() + patience, () => {});
