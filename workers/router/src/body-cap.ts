import { TrivetError } from "@trivet/platform";

export interface CappedBody {
  /** Null where there is no body. */
  stream: ReadableStream<Uint8Array> | null;
  /** Set as soon as the body has turned out to be too long, too slow or broken off. */
  fault: TrivetError | undefined;
  /** Whether the next move is the client's. */
  awaited: boolean;
  /** Unix milliseconds at which the client last made one. */
  movedAt: number;
}

export interface BodyLimits {
  /** Bytes in all. */
  size: number;
  /** Milliseconds without any. */
  silence: number;
}

/**
 * The request's body as a stream that fails once the client has sent too much of it or nothing for too
 * long. A declared length that is too large is refused before anything is read.
 */
export function cappedBody(request: Request, limits: BodyLimits): CappedBody {
  const none: CappedBody = { stream: null, fault: undefined, awaited: false, movedAt: Date.now() };
  if (request.method === "GET" || request.method === "HEAD") return none;
  const { body } = request;
  if (body === null) return none;
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limits.size) throw tooLarge(limits.size);
  return watched(body, limits);
}

function watched(body: ReadableStream<Uint8Array>, { size, silence }: BodyLimits): CappedBody {
  const reader = body.getReader();
  const capped: CappedBody = { stream: null, fault: undefined, awaited: false, movedAt: Date.now() };
  let total = 0;
  const fail = (controller: ReadableStreamDefaultController, fault: TrivetError): void => {
    capped.fault = fault;
    controller.error(fault);
    reader.cancel(fault).catch(() => undefined);
  };
  capped.stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      capped.awaited = true;
      const next = await soon(reader.read(), silence).catch(() => "broken" as const);
      capped.awaited = false;
      capped.movedAt = Date.now();
      if (next === "late") return fail(controller, new TrivetError("request_timeout"));
      if (next === "broken") return fail(controller, new TrivetError("client_closed_request"));
      if (next.done) return controller.close();
      total += next.value.byteLength;
      if (total > size) return fail(controller, tooLarge(size));
      controller.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return capped;
}

async function soon<T>(work: Promise<T>, milliseconds: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const tooLarge = (limit: number): TrivetError =>
  new TrivetError("payload_too_large", `The body may have at most ${limit} bytes.`);
