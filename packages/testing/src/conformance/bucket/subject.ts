import type { BucketBinding } from "@trivet/platform";

/** A bucket made by the driver under test; it may hold the leavings of earlier runs. */
export interface BucketSubject {
  bucket: BucketBinding;
}

/** A promise that every driver of `[[r2_buckets]]` keeps. It rejects where one does not. */
export interface BucketCase {
  title: string;
  run(subject: BucketSubject): Promise<void>;
}

/** A beginning of keys that no other case uses. */
export const ownPrefix = (): string => `${crypto.randomUUID()}/`;

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A stream that knows its length, without which Workers take none. */
export function streamOf(value: string | Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  const { body } = new Response(value);
  if (body === null) throw new TypeError("A Response made of a value has a body");
  return body;
}

/** The text of an object, or undefined where there is none. */
export async function textAt(bucket: BucketBinding, key: string): Promise<string | undefined> {
  return await (await bucket.get(key))?.text();
}

/** Compares plain values by what JSON makes of them. */
export function same(actual: unknown, expected: unknown, about = ""): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`${about && `${about}: `}expected ${wanted}, got ${found}`);
}

/** What a refused call says, as `<name>: <message>`. */
export async function refusal(call: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof call === "function" ? call() : call);
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error("Expected a refusal");
}

/** The kind of error of a refused call: its name, and R2's code where it has one. */
export async function refusalKind(call: Promise<unknown> | (() => unknown)): Promise<string> {
  const [, name = "", code = ""] = /^(\w+):[\s\S]*?(\(\d+\))?$/.exec(await refusal(call)) ?? [];
  return name + code;
}
