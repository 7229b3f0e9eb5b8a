import { settings } from "./settings.ts";
import type { Answer, AuthSystem } from "./start-auth.ts";

/** A browser that follows redirects between auth and a provider, and keeps the cookies of each. */
export class Browser {
  readonly #auth: AuthSystem;
  readonly #jars = new Map<string, Map<string, string>>();

  constructor(auth: AuthSystem) {
    this.#auth = auth;
  }

  /** As if a page had got it in an answer to its own script. */
  setCookie(origin: string, name: string, value: string): void {
    this.#jarOf(origin).set(name, value);
  }

  /** Goes to `url` and on until there is no redirect, or `until` says that this address is far enough. */
  async go(url: string, until: (location: string) => boolean = () => false): Promise<{ answer: Answer; url: string }> {
    let here = url;
    for (let hop = 0; hop < 12; hop += 1) {
      const answer = await this.#visit(new URL(here));
      const location = answer.headers.get("location");
      if (location === null) return { answer, url: here };
      here = new URL(location, here).href;
      if (until(here)) return { answer, url: here };
    }
    throw new Error("The redirects do not end.");
  }

  #jarOf(origin: string): Map<string, string> {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }

  async #visit(url: URL): Promise<Answer> {
    const jar = this.#jarOf(url.origin);
    const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") };
    const answer =
      url.origin === settings.PUBLIC_URL
        ? await this.#auth.request("GET", url.pathname + url.search, { headers })
        : await elsewhere(url, headers);
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === "") jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }
}

async function elsewhere(url: URL, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(10_000) });
  return { status: response.status, headers: response.headers, body: undefined, text: await response.text() };
}
