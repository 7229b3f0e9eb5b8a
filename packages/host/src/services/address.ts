import type { Environment, Source } from "../config/index.ts";
import { type Manifest, variablePrefix } from "../manifest/index.ts";

/** The addresses at which a service answers, one for each of its replicas; or what is wrong with them. */
export interface Addresses {
  urls?: readonly URL[];
  fault?: string;
}

/**
 * Where a sibling that runs in other processes answers: `<SERVICE>_URL`, else `SERVICE_URL_TEMPLATE`
 * with `{service}` and `{port}` filled in, else, outside production, its [dev] port on this machine.
 */
export function siblingAddress(source: Source, environment: Environment, sibling: Manifest): Addresses {
  const given = givenAddress(source, sibling);
  if (given) return given;
  const { service, port } = sibling;
  if (environment !== "production" && port !== undefined) return { urls: [new URL(`http://127.0.0.1:${port}`)] };
  return {
    fault: `${service} does not run in this process: set ${urlVariable(sibling)} or SERVICE_URL_TEMPLATE to say where it answers`,
  };
}

const urlVariable = ({ service }: Manifest): string => `${variablePrefix(service)}_URL`;

/** What the configuration says about it; also wrong where it runs in this process and nobody asks. */
export function givenAddress(source: Source, sibling: Manifest): Addresses | undefined {
  const { service, port } = sibling;
  const variable = urlVariable(sibling);
  const own = source.read(variable);
  if (own) return parseAddresses(own, variable);
  const template = source.read("SERVICE_URL_TEMPLATE");
  if (template) {
    if (template.includes("{port}") && port === undefined) {
      return { fault: `SERVICE_URL_TEMPLATE asks for {port}, but ${sibling.file} has no [dev] port` };
    }
    return parseAddresses(
      template.replaceAll("{service}", service).replaceAll("{port}", String(port)),
      "SERVICE_URL_TEMPLATE",
    );
  }
  return undefined;
}

/** Services that others call. */
export function calledServices(manifests: readonly Manifest[]): Manifest[] {
  const called = new Set(manifests.flatMap(({ services }) => services.map(({ service }) => service)));
  return manifests.filter(({ name }) => called.has(name));
}

/** Of the addresses that are set, also for services of this process: they are meant for another, or for later. */
export const addressFaults = (source: Source, manifests: readonly Manifest[]): string[] => [
  // What is wrong with the template is wrong with each that it is for.
  ...new Set(calledServices(manifests).flatMap((manifest) => givenAddress(source, manifest)?.fault ?? [])),
];

function parseAddresses(value: string, variable: string): Addresses {
  const parts = value.split(",").map((part) => part.trim());
  const urls = parts.flatMap((part) => parseAddress(part) ?? []);
  // No part is repeated: somebody may have written a password into it.
  if (urls.length < parts.length) {
    const which = parts.length === 1 ? "is not an address" : "holds something that is not an address";
    return { fault: `${variable} ${which} like http://users.internal:8001, of scheme, host and port alone` };
  }
  if (new Set(urls.map(({ origin }) => origin)).size < urls.length) {
    return { fault: `${variable} holds an address twice: name each replica once` };
  }
  return { urls };
}

function parseAddress(value: string): URL | undefined {
  const url = URL.parse(value);
  const bare = url && url.pathname === "/" && url.search === "" && url.username === "" && url.password === "";
  return bare && /^https?:$/.test(url.protocol) ? url : undefined;
}
