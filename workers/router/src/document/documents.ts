import { beforeDeadline, describeError, type Logger, type ServiceBinding } from "@trivet/platform";
import { type Heading, mergeDocuments, type OpenApiDocument, openApiDocument } from "./merge.ts";

const freshFor = 30_000;
const timeLimit = 2_000;

/** The services' OpenAPI documents; one that cannot be had is served from its last good copy. */
export class Documents {
  readonly #good = new Map<string, OpenApiDocument>();
  #merged: string | undefined;
  #mergedAt = 0;

  /** `own` is the router's, whose routes stand behind those of the services. */
  async merged(
    services: ReadonlyMap<string, ServiceBinding>,
    own: string,
    heading: Heading,
    log: Logger,
  ): Promise<string> {
    if (this.#merged !== undefined && Date.now() - this.#mergedAt < freshFor) return this.#merged;
    const stale: string[] = [];
    await Promise.all(
      [...services].map(async ([name, binding]) => {
        try {
          this.#good.set(name, await fetchDocument(name, binding));
        } catch (error) {
          stale.push(name);
          log.warn("The OpenAPI document of {service} cannot be had", { service: name, fault: describeError(error) });
        }
      }),
    );
    // Sorted, so that the document does not depend on who answered first.
    const documents = [...this.#good].toSorted(([a], [b]) => a.localeCompare(b));
    documents.push(["router", openApiDocument.parse(JSON.parse(own))]);
    const merged = JSON.stringify(mergeDocuments(documents, heading, stale.toSorted()));
    // An incomplete document is made anew at the next request.
    this.#mergedAt = stale.length === 0 ? Date.now() : 0;
    this.#merged = merged;
    return merged;
  }
}

async function fetchDocument(name: string, binding: ServiceBinding): Promise<OpenApiDocument> {
  const stop = new AbortController();
  const fetched = readDocument(name, binding, stop.signal);
  return await beforeDeadline(fetched, Date.now() + timeLimit, () => stop.abort());
}

async function readDocument(name: string, binding: ServiceBinding, signal: AbortSignal): Promise<OpenApiDocument> {
  const response = await binding.fetch(new Request(`http://${name}/${name}/openapi.json`, { signal }));
  if (!response.ok) throw new Error(`${name} answered ${response.status}.`);
  return openApiDocument.parse(await response.json());
}
