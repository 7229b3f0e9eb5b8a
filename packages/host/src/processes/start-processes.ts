import { ConfigurationError } from "../configuration-error.ts";
import { checkHost, type Host, type HostOptions } from "../host.ts";
import { hostLog, startLogs } from "../logs/index.ts";
import { ProcessesError } from "./errors.ts";
import { forkMember, prepareFork } from "./fork.ts";
import { keepPlace, type Place } from "./replace.ts";

/** How long after the time to drain a process may still be closing its connections. */
const closingTime = 1_000;

/** A host of several processes. */
export interface Processes extends Host {
  /** Resolves when processes die as soon as they are started, and no more are. */
  hopeless: Promise<void>;
  /** Puts a new process in the place of each, one after the other, so that there are never fewer than told. */
  renew(): Promise<void>;
}

/**
 * Runs the services of `options` in `count` processes that share their ports, each started with `file` and
 * `args`. What is wrong with the configuration or with a port is thrown before the first one starts.
 */
export async function startProcesses(
  options: HostOptions,
  count: number,
  file: string,
  args: readonly string[],
): Promise<Processes> {
  refuseWherePortsAreNotShared();
  const { settings, logOptions, ports, ...addresses } = await checkHost(options);
  if (ports.length > 1 && (options.port ?? settings.port) === 0) {
    throw new ConfigurationError([
      "PORT is 0, which several processes cannot share for more than one service: unset it",
    ]);
  }
  const logs = startLogs(logOptions);
  // The system has chosen where the port is 0; the processes are told what.
  prepareFork(file, ports.length === 1 ? [...args, `--port=${ports[0]}`] : args);
  const { promise: hopeless, resolve: giveUp } = Promise.withResolvers<void>();
  const places = Array.from({ length: count }, (_, index) => keepPlace(index + 1, forkMember, giveUp));
  const killAll = (): void => {
    for (const place of places) place.kill();
  };
  // However this process ends that it can know of, no other is left.
  process.on("exit", killAll);
  const stop = async (): Promise<boolean> => {
    const drained = await leaveAll(places, settings.drainTimeout + closingTime, killAll);
    process.off("exit", killAll);
    await logs.close();
    return drained;
  };
  try {
    await Promise.all(places.map(({ first }) => first));
  } catch (error) {
    await stop();
    throw error;
  }
  let renewing: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    renewing ??= renewAll(places, settings.drainTimeout + closingTime).finally(() => {
      renewing = undefined;
    });
    await renewing;
  };
  return { ...addresses, stop, hopeless, renew };
}

/** Ends with the first that does not come to serve: what it does not like, none of the others would. */
async function renewAll(places: readonly Place[], patience: number): Promise<void> {
  hostLog.info("A new process takes the place of each, one after the other");
  for (const [index, place] of places.entries()) {
    if (await place.renew(patience)) continue;
    const said = { number: index + 1, others: places.length - index };
    hostLog.error("A new process {number} ended before it served: {others} go on as they are", said);
    return;
  }
  hostLog.info("Each process is a new one");
}

async function leaveAll(places: readonly Place[], milliseconds: number, killAll: () => void): Promise<boolean> {
  const late = setTimeout(killAll, milliseconds);
  const drained = await Promise.all(places.map((place) => place.leave()));
  clearTimeout(late);
  return !drained.includes(false);
}

function refuseWherePortsAreNotShared(): void {
  if ("Bun" in globalThis && process.platform !== "linux") {
    throw new ProcessesError("On Bun several processes can share a port on Linux alone: start one, or start on Node.");
  }
}
