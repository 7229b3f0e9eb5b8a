interface PlainInit {
  method: string;
  headers: Headers;
  redirect: RequestRedirect;
  signal: AbortSignal;
}

const partsKey = Symbol("parts");

interface Parts {
  url: string;
  init: PlainInit;
  native: Request | undefined;
}

/** A request without a body that carries what it was made of, and becomes Node's own when more is asked. */
interface LightRequest {
  [partsKey]: Parts;
}

const plainNames = new Set(["method", "headers", "redirect", "signal"]);
const bodiless = new Set(["GET", "HEAD"]);
/** A URL that its parser would hand back unchanged: nothing to encode, no dot segment, no fragment. */
const settledUrl = /^http:\/\/[a-z\d.-]+(?::\d+)?\/[\w!$&'()*+,./:;=?@~-]*$/;
const dotSegment = /\/\.{1,2}(?:[/?]|$)/;

let adopted = false;

/**
 * Makes `new Request(url, { method, headers, redirect, signal })` cheap where there is no body. A
 * router makes one for every request it leads on, and Node's own costs about as much as reading one
 * from a socket. The headers stay those that were given; Node's own would be a copy.
 */
export function adoptLightRequests(): void {
  if (adopted) return;
  adopted = true;
  const Native = globalThis.Request;
  const nativeFetch = globalThis.fetch;
  const prototype = lightPrototype(Native);
  const nativeOf = (input: unknown): unknown => (isLight(input) ? materialise(Native, input) : input);
  globalThis.Request = new Proxy(Native, {
    construct(target, [input, init]: unknown[], newTarget) {
      if (typeof input === "string" && isPlain(init) && settledUrl.test(input) && !dotSegment.test(input)) {
        const parts: Parts = { url: input, init, native: undefined };
        return Object.create(prototype, { [partsKey]: { value: parts } });
      }
      return Reflect.construct(target, [nativeOf(input), init], newTarget);
    },
  });
  globalThis.fetch = (input, init) => nativeFetch(isLight(input) ? materialise(Native, input) : input, init);
}

function isPlain(init: unknown): init is PlainInit {
  if (typeof init !== "object" || init === null) return false;
  for (const name in init) if (!plainNames.has(name)) return false;
  return (
    "method" in init &&
    bodiless.has(String(init.method)) &&
    "headers" in init &&
    init.headers instanceof Headers &&
    "signal" in init &&
    init.signal instanceof AbortSignal &&
    "redirect" in init
  );
}

const isLight = (value: unknown): value is LightRequest =>
  typeof value === "object" && value !== null && partsKey in value;

function materialise(Native: typeof Request, { [partsKey]: parts }: LightRequest): Request {
  parts.native ??= new Native(parts.url, { ...parts.init });
  return parts.native;
}

/** Answers what a light request knows by itself, and asks Node's own for the rest. */
function lightPrototype(Native: typeof Request): object {
  const own = {
    url: ({ url }: Parts) => url,
    method: ({ init }: Parts) => init.method,
    headers: ({ init }: Parts) => init.headers,
    signal: ({ init }: Parts) => init.signal,
    redirect: ({ init }: Parts) => init.redirect,
    body: () => null,
    bodyUsed: () => false,
  };
  const prototype: object = Object.create(Native.prototype);
  for (const name of inheritedNames(Native.prototype)) {
    Object.defineProperty(prototype, name, {
      get(this: LightRequest) {
        const native = materialise(Native, this);
        const value: unknown = Reflect.get(native, name);
        return typeof value === "function" ? value.bind(native) : value;
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
