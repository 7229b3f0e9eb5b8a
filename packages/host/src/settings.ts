import type { Environment, Source } from "./config/index.ts";
import { readProcessCount } from "./processes/count.ts";
import type { TrustedProxies } from "./server/client-address.ts";
import { parseTrustedProxies } from "./server/index.ts";

/** What the process itself, rather than one of its services, is told. */
export interface Settings {
  hostname: string;
  /** Undefined: each service's [dev] port. */
  port: number | undefined;
  /** Milliseconds from the first signal to the end. */
  drainTimeout: number;
  /** Who may speak for a client at the public port. */
  proxies: TrustedProxies;
}

const defaultDrainSeconds = 9;
const highestPort = 65_535;

/** `PORT`, where it is one. */
export function readPort(source: Source): number | undefined {
  const given = source.read("PORT");
  return given && /^\d+$/.test(given) && Number(given) <= highestPort ? Number(given) : undefined;
}

export function readSettings(source: Source, environment: Environment): { settings: Settings; faults: string[] } {
  const faults: string[] = [];
  const number = (name: string, min: number, max: number): number | undefined => {
    const given = source.read(name);
    if (given === undefined || given === "") return undefined;
    const value = Number(given);
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    faults.push(`${name} is "${given}"; it must be a number from ${min} to ${max}`);
    return undefined;
  };
  const { trusted, faults: proxyFaults } = parseTrustedProxies(source.read("TRUSTED_PROXIES") ?? "");
  faults.push(...proxyFaults);
  const port = number("PORT", 0, highestPort);
  if (port !== undefined && !Number.isInteger(port)) faults.push(`PORT is ${port}; it must be a whole number`);
  const { fault } = readProcessCount(source);
  if (fault !== undefined) faults.push(fault);
  const settings = {
    // A laptop's services are nobody else's to reach; a container's have to be reached from outside it.
    hostname: source.read("HOST") || (environment === "production" ? "0.0.0.0" : "127.0.0.1"),
    port,
    drainTimeout: (number("DRAIN_TIMEOUT", 0, 3_600) ?? defaultDrainSeconds) * 1_000,
    proxies: trusted,
  };
  return { settings, faults };
}
