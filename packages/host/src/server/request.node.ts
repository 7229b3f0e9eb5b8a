interface PlainInit {
  method: string;
  headers: Headers;
  redirect: RequestRedirect;
  signal: AbortSignal;
  body?: ArrayBuffer;
}

const partsKey = Symbol("parts");

interface Parts {
  url: string;
  init: PlainInit;
  native: Request | undefined;
  /** Whether the body was read without making Node's own. */
  isRead: boolean;
}

/** A request without a body, or with a whole one, that carries what it was made of, and becomes Node's own when more is asked. */
interface LightRequest {
  [partsKey]: Parts;
}

const plainNames = new Set(["method", "headers", "redirect", "signal", "body"]);
const bodiless = new Set(["GET", "HEAD"]);
/** A URL that its parser would hand back unchanged: nothing to encode, no dot segment, no fragment. */
const settledUrl = /^http:\/\/[a-z\d.-]+(?::\d+)?\/[\w!$&'()*+,./:;=?@~-]*$/;
const dotSegment = /\/\.{1,2}(?:[/?]|$)/;

let adopted = false;

/**
 * Makes `new Request(url, { method, headers, redirect, signal, body })` cheap where the body is none or an `ArrayBuffer`. A
 * router makes one for every request it leads on, and Node's own costs about as much as reading one
 * from a socket. The headers stay those that were given; Node's own would be a copy.
 */
export function adoptLightRequests(): void {
  if (adopted) return;
  adopted = true;
  const Native = globalThis.Request;
  const nativeFetch = globalThis.fetch;
  const prototype = lightPrototype(Native);
  const unwrapped = (input: unknown): unknown => (isLight(input) ? nativeOf(Native, input[partsKey]) : input);
  globalThis.Request = new Proxy(Native, {
    construct(target, [input, init]: unknown[], newTarget) {
      if (typeof input === "string" && isPlain(init) && settledUrl.test(input) && !dotSegment.test(input)) {
        const parts: Parts = { url: input, init, native: undefined, isRead: false };
        return Object.create(prototype, { [partsKey]: { value: parts } });
      }
      return Reflect.construct(target, [unwrapped(input), init], newTarget);
    },
  });
  globalThis.fetch = (input, init) => nativeFetch(isLight(input) ? nativeOf(Native, input[partsKey]) : input, init);
}

function isPlain(init: unknown): init is PlainInit {
  if (typeof init !== "object" || init === null) return false;
  for (const name in init) if (!plainNames.has(name)) return false;
  return (
    "method" in init &&
    (bodiless.has(String(init.method)) ? !("body" in init) : "body" in init && init.body instanceof ArrayBuffer) &&
    "headers" in init &&
    init.headers instanceof Headers &&
    "signal" in init &&
    init.signal instanceof AbortSignal &&
    "redirect" in init
  );
}

const isLight = (value: unknown): value is LightRequest =>
  typeof value === "object" && value !== null && partsKey in value;

function nativeOf(Native: typeof Request, parts: Parts): Request {
  if (parts.native) return parts.native;
  parts.native = new Native(parts.url, { ...parts.init });
  if (parts.isRead) void parts.native.arrayBuffer();
  return parts.native;
}

/** Answers what a light request knows by itself, and asks Node's own for the rest. */
function lightPrototype(Native: typeof Request): object {
  const native = (parts: Parts): Request => nativeOf(Native, parts);
  const own = {
    url: ({ url }: Parts) => url,
    method: ({ init }: Parts) => init.method,
    headers: ({ init }: Parts) => init.headers,
    signal: ({ init }: Parts) => init.signal,
    redirect: ({ init }: Parts) => init.redirect,
    body: (parts: Parts) => (parts.init.body ? native(parts).body : null),
    bodyUsed: (parts: Parts) => parts.native?.bodyUsed ?? parts.isRead,
    arrayBuffer: (parts: Parts) => async () => {
      const { body } = parts.init;
      if (!body || parts.native || parts.isRead) return await native(parts).arrayBuffer();
      parts.isRead = true;
      return body;
    },
  };
  const prototype: object = Object.create(Native.prototype);
  for (const name of inheritedNames(Native.prototype)) {
    Object.defineProperty(prototype, name, {
      get(this: LightRequest) {
        const request = native(this[partsKey]);
        const value: unknown = Reflect.get(request, name);
        return typeof value === "function" ? value.bind(request) : value;
      },
      configurable: true,
    });
  }
  for (const [name, read] of Object.entries(own)) {
    Object.defineProperty(prototype, name, {
      get(this: LightRequest) {
        return read(this[partsKey]);
      },
    });
  }
  return prototype;
}

/** Of a prototype and those above it, `Object`'s and the constructor left out. */
function inheritedNames(prototype: object): string[] {
  const names = new Set<string>();
  for (let at: object | null = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== "constructor") names.add(name);
  }
  return [...names];
}
