import type { Keep, SpanSink } from "@trivet/platform";
import { parseHeaders, tracesUrl } from "@trivet/platform/spans";
import type { Source } from "../config/index.ts";

const endpointName = "OTEL_EXPORTER_OTLP_ENDPOINT";
const headersName = "OTEL_EXPORTER_OTLP_HEADERS";

/** What is wrong with the collector's address. Values may hold a credential and are not repeated. */
export function spanFaults(source: Source): string[] {
  const endpoint = source.read(endpointName);
  const faults: string[] = [];
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ""))
    faults.push(
      `${endpointName} is not a URL like http://localhost:4318: correct it, or leave it out to collect no traces`,
    );
  if (!parseHeaders(source.read(headersName) ?? ""))
    faults.push(`${headersName} is not a list like authorization=Bearer%20abc,x-team=7`);
  return faults;
}

/** Where the spans of this process go: to the collector that OpenTelemetry's variables name, or nowhere. */
export async function chooseSpans(source: Source, keep: Keep): Promise<SpanSink | undefined> {
  const endpoint = source.read(endpointName);
  const headers = parseHeaders(source.read(headersName) ?? "");
  if (!endpoint || !headers || spanFaults(source).length > 0) return undefined;
  // Loaded where it is needed only.
  const { spansBinding } = await import("./binding.ts");
  return keep(
    () => spansBinding({ url: tracesUrl(endpoint), headers }),
    (binding) => binding.close(),
  );
}
