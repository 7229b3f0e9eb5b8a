import type { ServiceContext } from "@trivet/http";
import type { Actor } from "@trivet/platform";
import { getCookie, setCookie } from "hono/cookie";
import type { Deps } from "../deps.ts";
import { randomToken } from "../tokens/random-token.ts";

/** A cookie by which a browser is known again when it finishes what it began. */
interface BrowserCookie {
  name: string;
  sameSite: "Lax" | "Strict";
  /** Seconds. */
  maxAge: number;
}

const form = /^[\w-]{43}$/;

/** What this browser was given before; undefined when it began nothing. */
export function browserOf<Caller extends Actor>(
  c: ServiceContext<Deps, Caller>,
  { name }: BrowserCookie,
): string | undefined {
  const value = isSecure(c.var.deps) ? getCookie(c, name, "host") : getCookie(c, name);
  return value !== undefined && form.test(value) ? value : undefined;
}

/** Gives the browser its cookie, or the one it has for a while longer. */
export function rememberBrowser<Caller extends Actor>(c: ServiceContext<Deps, Caller>, cookie: BrowserCookie): string {
  const value = browserOf(c, cookie) ?? randomToken();
  const { name, sameSite, maxAge } = cookie;
  const options = { httpOnly: true, sameSite, path: "/", maxAge };
  // Browsers take a __Host- cookie over HTTPS only, which a development machine does not have.
  setCookie(c, name, value, isSecure(c.var.deps) ? { ...options, secure: true, prefix: "host" } : options);
  return value;
}

const isSecure = ({ env }: Deps): boolean => env.PUBLIC_URL.startsWith("https:");
