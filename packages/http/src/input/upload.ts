import { TrivetError } from "@trivet/platform";

/** A request's body that is watched while it comes in. */
export interface Upload {
  stream: ReadableStream<Uint8Array>;
  /** Set as soon as the body has turned out to be too long, too slow or broken off. */
  fault: TrivetError | undefined;
  /** Whether the next move is the client's. */
  awaited: boolean;
  /** Unix milliseconds at which the client last made one. */
  movedAt: number;
}

export interface UploadLimits {
  /** Bytes in all. */
  size: number;
  /** Milliseconds without any. */
  silence: number;
}

/** The upload of a request, as soon as somebody watches it. */
export interface Uploading {
  current: Upload | undefined;
}

const bodiless = new Set(["GET", "HEAD"]);

/**
 * The body of a request as a stream that fails once the client has sent too much of it or nothing for too
 * long; undefined where there is none. The request's own body is read by it.
 */
export function watchBody(request: Request, limits: UploadLimits): Upload | undefined {
  // On Node a request becomes a large object when somebody looks at its body.
  if (bodiless.has(request.method)) return undefined;
  const { body } = request;
  return body === null ? undefined : watched(body, limits);
}

/** What is still to come is not watched for: a body that is declared to be so short has to be there by the deadline. */
const shortBody = 64 * 1024;
const usualSilence = 30_000;

/** The request with its body watched, if it has a long one or one of unknown length. */
export function withWatchedBody(request: Request, uploading: Uploading): Request {
  if (bodiless.has(request.method)) return request;
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) <= shortBody) return request;
  uploading.current = watchBody(request, { size: Number.POSITIVE_INFINITY, silence: usualSilence });
  if (uploading.current === undefined) return request;
  const init: RequestInit & { duplex: "half" } = { body: uploading.current.stream, duplex: "half" };
  return new Request(request, init);
}

/** When an answer is late whose body is watched: the clock stands still while the service waits for the client. */
export const lateAfter = ({ awaited, movedAt }: Upload, patience: number): number =>
  (awaited ? Date.now() : movedAt) + patience;

function watched(body: ReadableStream<Uint8Array>, { size, silence }: UploadLimits): Upload {
  const reader = body.getReader();
  // Its own stream pulls as soon as it is made, and tells it then.
  const upload: Omit<Upload, "stream"> = { fault: undefined, awaited: false, movedAt: Date.now() };
  let total = 0;
  const fail = (controller: ReadableStreamDefaultController, fault: TrivetError): void => {
    upload.fault = fault;
    controller.error(fault);
    reader.cancel(fault).catch(() => undefined);
  };
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      upload.awaited = true;
      const next = await soon(reader.read(), silence).catch(() => "broken" as const);
      upload.awaited = false;
      upload.movedAt = Date.now();
      if (next === "late") return fail(controller, new TrivetError("request_timeout"));
      if (next === "broken") return fail(controller, new TrivetError("client_closed_request"));
      if (next.done) return controller.close();
      total += next.value.byteLength;
      if (total > size) return fail(controller, tooLarge(size));
      controller.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return Object.assign(upload, { stream });
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

export const tooLarge = (limit: number): TrivetError =>
  new TrivetError("payload_too_large", `The body may have at most ${limit} bytes.`);
