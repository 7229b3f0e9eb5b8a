export { type Collector, parseHeaders, postSpans, readableSpan, tracesUrl } from "./otlp.ts";
