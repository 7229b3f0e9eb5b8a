import {
  checkEnv,
  handledCrons,
  handledQueues,
  type InvocationContext,
  type MessageBatch,
  optionalSecrets,
  type ScheduledController,
  type WorkerModule,
} from "@trivet/platform";
import { answer } from "./answer.ts";
import { createApp } from "./app.ts";
import { runCron } from "./cron.ts";
import { envFaults, optionalSecretsOf, type ServiceEnv } from "./env.ts";
import { queuesOf } from "./events.ts";
import { type Mounted, mount } from "./mounted.ts";
import { handleBatch } from "./queue.ts";
import type { ServiceDefinition } from "./service.ts";

/** The default export of a service's `src/worker.ts`: a plain Worker. */
export function createWorker<Env extends ServiceEnv, Deps>(
  service: ServiceDefinition<Env, Deps>,
): Required<WorkerModule<object>> {
  const app = createApp(service);
  const known = new WeakMap<object, Mounted<Env, Deps>>();

  const mountedOn = (env: object): Mounted<Env, Deps> => {
    const found = known.get(env);
    if (found) return found;
    const mounted = mount(service, app, env);
    known.set(env, mounted);
    return mounted;
  };

  return {
    fetch: (request: Request, env: object, ctx: InvocationContext) => answer(mountedOn(env), request, ctx),
    scheduled: (controller: ScheduledController, env: object, ctx: InvocationContext) =>
      runCron(mountedOn(env), controller, ctx),
    [handledCrons]: Object.keys(service.crons ?? {}),
    queue: (batch: MessageBatch, env: object, ctx: InvocationContext) => handleBatch(mountedOn(env), batch, ctx),
    [handledQueues]: Object.keys(queuesOf(service)),
    [checkEnv]: (env: object) => envFaults(service.env, env),
    [optionalSecrets]: optionalSecretsOf(service.env),
  };
}
