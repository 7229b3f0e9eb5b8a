import { type InvocationContext, type ServiceBinding, TrivetError, type WorkerModule } from "@trivet/platform";

/** A Worker of this process, with the `env` and context that are its own. */
export interface Callee {
  service: string;
  worker: WorkerModule<unknown>;
  env: unknown;
  context: InvocationContext;
}

/**
 * Calls the Worker itself. Request and response are handed over as they are: no copy, no serialisation,
 * bodies stay the streams or strings they were. `callee` is asked at each call, because services may
 * bind to one another in a circle.
 */
export function inProcessBinding(callee: () => Callee): ServiceBinding {
  return {
    fetch(request) {
      const { service, worker, env, context } = callee();
      const { signal } = request;
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        const settle = (): void => signal.removeEventListener("abort", onAbort);
        invoke(worker, request, env, context).then(
          (response) => {
            settle();
            resolve(response);
          },
          (cause: unknown) => {
            settle();
            reject(new TrivetError("bad_gateway", `The ${service} service failed to answer.`, { cause }));
          },
        );
      });
    },
  };
}

/** A Worker may also throw before it returns its promise. */
async function invoke(
  worker: WorkerModule<unknown>,
  request: Request,
  env: unknown,
  context: InvocationContext,
): Promise<Response> {
  return await worker.fetch(request, env, context);
}
