import { setTimeout as pause } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { addressOf } from "./address.ts";
import { isPassing, S3Fault } from "./fault.ts";
import type { S3Settings } from "./settings.ts";
import { type Payload, payloadSize, type Transport } from "./transport.ts";
import { errorIn } from "./xml.ts";

export interface S3Call {
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Left out for calls about the bucket. */
  key?: string;
  query?: Readonly<Record<string, string>>;
  headers?: Headers;
  body?: Payload;
  /** Statuses that the caller knows what to do with; every other is a fault. */
  expect: readonly number[];
}

/** An answer whose body ends with an error when the endpoint stops sending. */
export interface S3Answer {
  status: number;
  headers: Headers;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  text(): Promise<string>;
}

export interface S3Client {
  /** Rejects with `S3Fault`. What may pass is tried again a few times. */
  call(call: S3Call): Promise<S3Answer>;
  /** Rejects where there is no such bucket: about an object in it, S3 would say no more than 404, too. */
  checkBucket(): Promise<void>;
}

export interface Patience {
  /** Milliseconds that an endpoint may be silent. */
  silence: number;
  /** How often a call is made at most. */
  attempts: number;
}

/** Slower than this no endpoint takes what it is sent: bytes in a millisecond. */
const slowest = 64;

export function s3Client(settings: S3Settings, bucket: string, transport: Transport, patience: Patience): S3Client {
  const signingKeys = new Map<string, ArrayBuffer>();
  const once = async ({ method, key, query = {}, headers, body, expect }: S3Call): Promise<S3Answer> => {
    const url = addressOf(settings, bucket, key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { region, accessKeyId, secretAccessKey } = settings;
    const credentials = { accessKeyId, secretAccessKey, region, service: "s3", cache: signingKeys };
    const signed = await new AwsV4Signer({
      url: url.href,
      method,
      headers: new Headers(headers),
      ...credentials,
    }).sign();
    const watch = watchOver(patience.silence, body ? payloadSize(body) / slowest : 0);
    const about = `${method} of ${key === undefined ? "a bucket" : "an object"}`;
    try {
      const response = await transport.send({ url: signed.url, method, headers: signed.headers, body }, watch.signal);
      const answer = watched(response, watch);
      if (expect.includes(response.status)) return answer;
      const text = await answer.text();
      const { code, message } = errorIn(text) ?? { code: `Status${response.status}`, message: "no reason was given" };
      throw new S3Fault(code, `${about}: ${response.status} ${code}: ${message}`, { status: response.status });
    } catch (error) {
      watch.stop();
      if (error instanceof S3Fault) throw error;
      if (watch.signal.aborted) throw new S3Fault("Timeout", `${about}: the S3 endpoint did not answer in time`);
      throw new S3Fault("Unreachable", `${about}: the S3 endpoint cannot be reached or broke off`, { cause: error });
    }
  };
  const call = async (one: S3Call): Promise<S3Answer> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(one);
      } catch (error) {
        if (attempt >= patience.attempts || !isPassing(error)) throw error;
        await pause(100 * 3 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  };
  let bucketSeen = false;
  return {
    call,
    async checkBucket() {
      if (bucketSeen) return;
      // Who may not list a bucket may still have one.
      const { status } = await call({ method: "HEAD", expect: [200, 403, 404] });
      if (status === 404)
        throw new S3Fault("NoSuchBucket", "The bucket is not there; make it, or see S3_BUCKET_PREFIX");
      bucketSeen = true;
    },
  };
}

interface Watch {
  signal: AbortSignal;
  /** Something came: the wait begins anew. */
  touch(): void;
  stop(): void;
}

function watchOver(silence: number, extra: number): Watch {
  const controller = new AbortController();
  const end = (): void => controller.abort(new S3Fault("Timeout", "The S3 endpoint stopped sending"));
  let timer = setTimeout(end, silence + extra);
  return {
    signal: controller.signal,
    touch() {
      clearTimeout(timer);
      timer = setTimeout(end, silence);
    },
    stop: () => clearTimeout(timer),
  };
}

function watched(response: Response, watch: Watch): S3Answer {
  watch.stop();
  const reader = response.body?.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        // Only while somebody wants bytes is silence the endpoint's.
        watch.touch();
        try {
          const next = await reader?.read();
          if (next?.value) controller.enqueue(next.value);
          else controller.close();
        } catch (error) {
          controller.error(watch.signal.aborted ? watch.signal.reason : brokenOff(error));
        } finally {
          watch.stop();
        }
      },
      async cancel(reason) {
        watch.stop();
        await reader?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { status: response.status, headers: response.headers, body, text: () => new Response(body).text() };
}

const brokenOff = (cause: unknown): S3Fault =>
  new S3Fault("Unreachable", "The S3 endpoint broke off in the middle of an answer", { cause });
