import { describeError, TrivetError } from "@trivet/platform";
import * as oauth from "oauth4webapi";
import type { Deps } from "../deps.ts";
import type { ProviderSetting } from "./provider-setting.ts";

/** Milliseconds the provider has for each answer. */
const patience = 5_000;
const metadataLifetime = 600_000;

interface Metadata {
  server: oauth.AuthorizationServer;
  readAt: number;
}

/** What an answer that was tampered with, or made for another login, looks like. */
const callersFault = new Set<string | undefined>([
  oauth.INVALID_RESPONSE,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.KEY_SELECTION,
]);

/** Discovery documents by issuer: plain data, so they may outlive an invocation. */
const discovered = new Map<string, Metadata>();

/** How a provider is reached: where its endpoints are, how long it has, and whose fault it is when that fails. */
export class ProviderConnection {
  readonly #setting: ProviderSetting;
  readonly #insecure: boolean;
  readonly #deps: Deps;

  constructor(deps: Deps, setting: ProviderSetting) {
    this.#deps = deps;
    this.#setting = setting;
    // A provider on loopback speaks plain HTTP; in production none may.
    this.#insecure = deps.env.TRIVET_ENV === "development";
  }

  /** For every request of oauth4webapi. */
  get options() {
    const remaining = Math.max(1, this.#deps.invocation.deadline - Date.now());
    const signal = () => AbortSignal.timeout(Math.min(patience, remaining));
    return { signal, [oauth.allowInsecureRequests]: this.#insecure };
  }

  /** What its discovery document says, or its setting when it has none. Throws `bad_gateway`. */
  async server(): Promise<oauth.AuthorizationServer> {
    const setting = this.#setting;
    if (!("issuer" in setting)) {
      return {
        issuer: new URL(setting.authorizationEndpoint).origin,
        authorization_endpoint: setting.authorizationEndpoint,
        token_endpoint: setting.tokenEndpoint,
      };
    }
    const known = discovered.get(setting.issuer);
    if (known && Date.now() - known.readAt < metadataLifetime) return known.server;
    const issuer = new URL(setting.issuer);
    return await this.asking(async () => {
      const response = await oauth.discoveryRequest(issuer, this.options);
      const server = await oauth.processDiscoveryResponse(issuer, response);
      discovered.set(setting.issuer, { server, readAt: Date.now() });
      return server;
    });
  }

  /** Where its keys are. Throws `bad_gateway`. */
  keysOf(server: oauth.AuthorizationServer): string {
    if (server.jwks_uri === undefined) throw this.broken("publishes no keys");
    if (!this.#insecure && !server.jwks_uri.startsWith("https:"))
      throw this.broken("publishes its keys over plain HTTP");
    return server.jwks_uri;
  }

  /** A refusal by the provider is the caller's, everything else the provider's own fault. */
  async asking<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TrivetError) throw error;
      if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
        throw new TrivetError("unauthenticated", `${this.#setting.id} refused the login: ${wordOf(error.error)}.`, {
          cause: error,
        });
      }
      this.#deps.invocation.log.warn("An OAuth provider could not be used", {
        provider: this.#setting.id,
        fault: describeError(error),
      });
      if (error instanceof oauth.OperationProcessingError && callersFault.has(error.code)) {
        throw new TrivetError("unauthenticated", `The answer of ${this.#setting.id} was not acceptable.`, {
          cause: error,
        });
      }
      throw new TrivetError("bad_gateway", `${this.#setting.id} could not be asked.`, { cause: error });
    }
  }

  broken(fault: string): TrivetError {
    return new TrivetError("bad_gateway", `${this.#setting.id} ${fault}.`);
  }
}

/** An error code of RFC 6749 is ASCII without quotes; anything else is not repeated. */
const wordOf = (code: string): string => (/^[\w.-]{1,64}$/.test(code) ? code : "for a reason it did not name");
