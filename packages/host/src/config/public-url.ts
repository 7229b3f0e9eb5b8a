import { type Manifest, routerName } from "../manifest/index.ts";
import type { VarValue } from "../manifest/schema.ts";
import type { Environment } from "./environment.ts";
import type { Source } from "./source.ts";

/** The variable that says where the public reaches the router. */
export const publicUrl = "PUBLIC_URL";

/**
 * What is set, else the default of `[vars]`. A default that is the router's own [dev] port follows the
 * router to the port it really has, or links and tokens would name an address where nobody listens. Where a service
 * that it leads to runs elsewhere it stays: that one knows of no other port, and all must name one issuer.
 */
export function readPublicUrl(
  source: Source,
  preset: VarValue,
  manifests: readonly Manifest[],
  port: number | undefined,
): VarValue {
  const given = source.read(publicUrl);
  // An empty string is what compose files and CI systems pass for a variable that is not set.
  if (given) return given;
  const router = manifests.find(({ service }) => service === routerName);
  if (router === undefined || preset !== `http://localhost:${router.port}`) return preset;
  const whole = router.services.every(({ service: called }) => manifests.some(({ name }) => name === called));
  return whole && port !== undefined && port !== 0 ? `http://localhost:${port}` : preset;
}

const loopback = /^(?:localhost|.*\.localhost|127\..*|\[::1\]|0\.0\.0\.0)$/;

/** In production the public does not sit at this machine. */
export function publicUrlFault(source: Source, environment: Environment, value: VarValue): string | undefined {
  if (environment !== "production" || !loopback.test(URL.parse(String(value))?.hostname ?? "")) return undefined;
  const what = source.read(publicUrl) ? `is "${value}", which only this machine reaches` : "is missing";
  return `${publicUrl} ${what}: in production set it to where the public reaches the router, such as https://api.example.com`;
}
