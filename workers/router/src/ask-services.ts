import { beforeDeadline, type ServiceBinding } from "@trivet/platform";
import { z } from "zod";

const health = z.object({
  status: z.enum(["ok", "degraded"]),
  version: z.string(),
  runtime: z.string(),
  database: z.enum(["connected", "disconnected"]).optional(),
});

export const serviceState = z.object({
  ...health.partial().shape,
  status: z.enum(["ok", "degraded", "unreachable"]),
  latency_ms: z.number(),
});

export type ServiceState = z.output<typeof serviceState>;

const timeLimit = 1_000;

/** Asks every service for its health at the same time; one that does not answer in a second is unreachable. */
export async function askServices(
  services: ReadonlyMap<string, ServiceBinding>,
): Promise<Record<string, ServiceState>> {
  const states = await Promise.all(
    [...services].map(async ([name, binding]) => [name, await ask(name, binding)] as const),
  );
  return Object.fromEntries(states);
}

async function ask(name: string, binding: ServiceBinding): Promise<ServiceState> {
  const started = Date.now();
  const stop = new AbortController();
  const asked = askHealth(name, binding, stop.signal);
  const answer = await beforeDeadline(asked, started + timeLimit, () => stop.abort()).catch(() => undefined);
  const latency_ms = Date.now() - started;
  return answer ? { ...answer, latency_ms } : { status: "unreachable", latency_ms };
}

async function askHealth(name: string, binding: ServiceBinding, signal: AbortSignal) {
  const response = await binding.fetch(new Request(`http://${name}/${name}/health`, { signal }));
  return health.parse(await response.json());
}
