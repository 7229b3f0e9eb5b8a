import type { Environment, Source } from "../config/index.ts";
import { type Manifest, variablePrefix } from "../manifest/index.ts";

/**
 * Where a sibling that runs in another process answers: `<SERVICE>_URL`, else `SERVICE_URL_TEMPLATE`
 * with `{service}` and `{port}` filled in, else, outside production, its [dev] port on this machine.
 */
export function siblingAddress(
  source: Source,
  environment: Environment,
  sibling: Manifest,
): { url?: URL; fault?: string } {
  const given = givenAddress(source, sibling);
  if (given) return given;
  const { service, port } = sibling;
  if (environment !== "production" && port !== undefined) return { url: new URL(`http://127.0.0.1:${port}`) };
  return {
    fault: `${service} does not run in this process: set ${urlVariable(sibling)} or SERVICE_URL_TEMPLATE to say where it answers`,
  };
}

const urlVariable = ({ service }: Manifest): string => `${variablePrefix(service)}_URL`;

/** What the configuration says about it; also wrong where it runs in this process and nobody asks. */
export function givenAddress(source: Source, sibling: Manifest): { url?: URL; fault?: string } | undefined {
  const { service, port } = sibling;
  const variable = urlVariable(sibling);
  const own = source.read(variable);
  if (own) return parseAddress(own, variable);
  const template = source.read("SERVICE_URL_TEMPLATE");
  if (template) {
    if (template.includes("{port}") && port === undefined) {
      return { fault: `SERVICE_URL_TEMPLATE asks for {port}, but ${sibling.file} has no [dev] port` };
    }
    return parseAddress(
      template.replaceAll("{service}", service).replaceAll("{port}", String(port)),
      "SERVICE_URL_TEMPLATE",
    );
  }
  return undefined;
}

/** Of the addresses that are set, also for services of this process: they are meant for another, or for later. */
export function addressFaults(source: Source, manifests: readonly Manifest[]): string[] {
  const called = new Set(manifests.flatMap(({ services }) => services.map(({ service }) => service)));
  return manifests
    .filter(({ name }) => called.has(name))
    .flatMap((manifest) => givenAddress(source, manifest)?.fault ?? []);
}

function parseAddress(value: string, variable: string): { url?: URL; fault?: string } {
  const url = URL.parse(value);
  const bare = url && url.pathname === "/" && url.search === "" && url.username === "" && url.password === "";
  if (bare && /^https?:$/.test(url.protocol)) return { url };
  // Not repeated: somebody may have written a password into it.
  return { fault: `${variable} is not an address like http://users.internal:8001, of scheme, host and port alone` };
}
