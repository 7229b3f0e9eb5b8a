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
  /**
   * Reads on what nobody wants and throws it away, up to `swallowed` bytes and for `swallowing` milliseconds: many a
   * client or proxy looks at a refusal only once it has sent all, and loses it when the connection ends before
   * (RFC 9112, 9.6; Tomcat's `maxSwallowSize`). Never rejects.
   */
  swallow(): Promise<void>;
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

/** Bytes. What is still to come of so little is not watched for: it has to be there by the deadline. */
const shortBody = 64 * 1024;
const usualSilence = 30_000;

function isShort(request: Request): boolean {
  const declared = request.headers.get("content-length");
  return declared !== null && Number(declared) <= shortBody;
}

/**
 * The whole body of a request that declares a short one, for less than it costs to lead a stream on; undefined where it
 * declares a long one or none. Refuses one that is not there after `patience` milliseconds (408) or that breaks off (499).
 */
export async function shortBodyOf(request: Request, patience: number): Promise<ArrayBuffer | undefined> {
  if (bodiless.has(request.method) || !isShort(request)) return undefined;
  const body = await soon(request.arrayBuffer(), patience).catch((cause: unknown) => {
    throw new TrivetError("client_closed_request", undefined, { cause });
  });
  if (body === "late") throw new TrivetError("request_timeout");
  return body.byteLength > 0 ? body : undefined;
}

/** The body of a request, watched, if it has a long one or one of unknown length. */
const watchLongBody = (request: Request): Upload | undefined =>
  isShort(request) ? undefined : watchBody(request, { size: Number.POSITIVE_INFINITY, silence: usualSilence });

/** Reads a refused request's body to its end, before the refusal is sent. */
export async function swallowBody(request: Request, uploading: Uploading): Promise<void> {
  if (bodiless.has(request.method)) return;
  uploading.current ??= request.bodyUsed ? undefined : watchLongBody(request);
  await uploading.current?.swallow();
}

/** The request with its body watched, if it has a long one. */
export function withWatchedBody(request: Request, uploading: Uploading): Request {
  uploading.current = watchLongBody(request);
  if (uploading.current === undefined) return request;
  const init: RequestInit & { duplex: "half" } = { body: uploading.current.stream, duplex: "half" };
  return new Request(request, init);
}

/** When an answer is late whose body is watched: the clock stands still while the service waits for the client. */
export const lateAfter = ({ awaited, movedAt }: Upload, patience: number): number =>
  (awaited ? Date.now() : movedAt) + patience;

const swallowed = 8 * 1024 * 1024;
const swallowing = 2_000;

function watched(body: ReadableStream<Uint8Array>, { size, silence }: UploadLimits): Upload {
  const reader = body.getReader();
  let total = 0;
  let ended = false;
  const end = (): void => {
    ended = true;
    reader.cancel().catch(() => undefined);
  };
  // On Workers a body may be asked for one piece at a time.
  let piece: ReturnType<typeof reader.read> | undefined;
  const next = async (patience: number) => {
    piece ??= reader.read();
    const read = await soon(piece, patience).catch(() => "broken" as const);
    if (read !== "late") piece = undefined;
    if (read === "broken" || (read !== "late" && read.done)) ended = true;
    return read;
  };
  const readOn = async (): Promise<void> => {
    const until = Date.now() + swallowing;
    for (let left = swallowed; left > 0 && !ended; ) {
      const read = await next(Math.max(0, until - Date.now()));
      if (read === "late" || read === "broken" || read.done) break;
      left -= read.value.byteLength;
    }
    if (!ended) end();
  };
  let swallow: Promise<void> | undefined;
  // Its own stream pulls as soon as it is made, and tells it then.
  const upload: Omit<Upload, "stream"> = {
    fault: undefined,
    awaited: false,
    movedAt: Date.now(),
    swallow() {
      swallow ??= readOn();
      return swallow;
    },
  };
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const fail = (fault: TrivetError): void => {
        upload.fault = fault;
        controller.error(fault);
      };
      upload.awaited = true;
      const read = await next(silence);
      upload.awaited = false;
      upload.movedAt = Date.now();
      if (read === "late") {
        end();
        return fail(new TrivetError("request_timeout"));
      }
      if (read === "broken") return fail(new TrivetError("client_closed_request"));
      if (read.done) return controller.close();
      total += read.value.byteLength;
      if (total > size) return fail(tooLarge(size));
      controller.enqueue(read.value);
    },
    cancel: () => void upload.swallow(),
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
