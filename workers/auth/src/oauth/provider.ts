import { describeError, TrivetError } from "@trivet/platform";
import * as oauth from "oauth4webapi";
import type { Deps } from "../deps.ts";
import { verifyIdToken } from "./id-token.ts";
import type { ProviderSetting } from "./provider-setting.ts";
import { type Identity, readUserInfo } from "./user-info.ts";

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

/** What a client sends back after the provider has sent somebody back to it. */
export interface CodeExchange {
  parameters: URLSearchParams;
  redirectUri: string;
  codeVerifier: string;
  nonce: string | undefined;
}

/**
 * An OAuth 2.0 or OpenID Connect provider as its client sees it.
 *
 * The engine's generic OAuth is not used: it fetches the discovery document whenever an engine is
 * built, which here is per request, ends in a session and redirects of its own, and lets no native
 * client bring its own code. oauth4webapi does the protocol without keeping state.
 */
export class Provider {
  readonly setting: ProviderSetting;
  readonly #insecure: boolean;
  readonly #deps: Deps;

  constructor(deps: Deps, setting: ProviderSetting) {
    this.#deps = deps;
    this.setting = setting;
    // A provider on loopback speaks plain HTTP; in production none may.
    this.#insecure = deps.env.TRIVET_ENV === "development";
  }

  get #client(): oauth.Client {
    return { client_id: this.setting.clientId };
  }

  get #options() {
    const remaining = Math.max(1, this.#deps.invocation.deadline - Date.now());
    const signal = () => AbortSignal.timeout(Math.min(patience, remaining));
    return { signal, [oauth.allowInsecureRequests]: this.#insecure };
  }

  /** Where the browser goes to log in, with PKCE (RFC 7636, S256), state and nonce. */
  async authorizationUrl(request: { redirectUri: string; state: string; nonce: string; codeVerifier: string }) {
    const server = await this.#server();
    if (server.authorization_endpoint === undefined) throw this.#broken("names no authorization endpoint");
    const url = new URL(server.authorization_endpoint);
    const parameters = {
      client_id: this.setting.clientId,
      redirect_uri: request.redirectUri,
      response_type: "code",
      scope: this.setting.scopes.join(" "),
      state: request.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(request.codeVerifier),
      code_challenge_method: "S256",
      ...("issuer" in this.setting && { nonce: request.nonce }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url;
  }

  /** Checks the parameters of a callback (state, `iss` of RFC 9207, error). Throws `unauthenticated`. */
  async readCallback(parameters: URLSearchParams, state: string): Promise<URLSearchParams> {
    const server = await this.#server();
    return await this.#asking(async () => oauth.validateAuthResponse(server, this.#client, parameters, state));
  }

  /** Parameters of a code that a client received itself; its PKCE verifier stands in for the state. */
  async readBareCode(code: string): Promise<URLSearchParams> {
    const server = await this.#server();
    const parameters = new URLSearchParams({ code });
    if (server.authorization_response_iss_parameter_supported === true) parameters.set("iss", server.issuer);
    return await this.#asking(async () =>
      oauth.validateAuthResponse(server, this.#client, parameters, oauth.expectNoState),
    );
  }

  /** Trades a code for who its owner is. `parameters` come from `readCallback`. Throws `unauthenticated`. */
  async exchangeCode({ parameters, redirectUri, codeVerifier, nonce }: CodeExchange): Promise<Identity> {
    const server = await this.#server();
    const { setting } = this;
    return await this.#asking(async () => {
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.#client,
        clientAuthentication(server, setting.clientSecret),
        parameters,
        redirectUri,
        codeVerifier,
        this.#options,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, this.#client, response, {
        ...(nonce !== undefined && { expectedNonce: nonce }),
        requireIdToken: "issuer" in setting,
      });
      if (!("issuer" in setting)) return await readUserInfo(setting, tokens.access_token, this.#options.signal());
      const identity = await this.#identityOf(server, tokens.id_token ?? "", nonce);
      return identity.email === undefined ? await this.#withUserInfo(server, identity, tokens.access_token) : identity;
    });
  }

  /** Who an id token speaks of, for a client that got it from the provider itself. Throws `unauthenticated`. */
  async acceptIdToken(idToken: string, nonce: string | undefined): Promise<Identity> {
    const server = await this.#server();
    return await this.#asking(() => this.#identityOf(server, idToken, nonce));
  }

  /** OpenID Connect Core 5.4: in the code flow the address may be told at the userinfo endpoint only. */
  async #withUserInfo(server: oauth.AuthorizationServer, identity: Identity, accessToken: string): Promise<Identity> {
    if (server.userinfo_endpoint === undefined) return identity;
    const response = await oauth.userInfoRequest(server, this.#client, accessToken, this.#options);
    const info = await oauth.processUserInfoResponse(server, this.#client, identity.subject, response);
    return {
      subject: identity.subject,
      email: info.email,
      emailVerified: info.email_verified === true,
      name: identity.name ?? info.name,
      username: identity.username ?? info.preferred_username,
    };
  }

  async #identityOf(server: oauth.AuthorizationServer, idToken: string, nonce: string | undefined) {
    if (server.jwks_uri === undefined) throw this.#broken("publishes no keys");
    if (!this.#insecure && !server.jwks_uri.startsWith("https:"))
      throw this.#broken("publishes its keys over plain HTTP");
    return await verifyIdToken(idToken, {
      issuer: server.issuer,
      jwksUri: server.jwks_uri,
      clientId: this.setting.clientId,
      nonce,
      signal: this.#options.signal(),
    });
  }

  async #server(): Promise<oauth.AuthorizationServer> {
    const { setting } = this;
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
    return await this.#asking(async () => {
      const response = await oauth.discoveryRequest(issuer, this.#options);
      const server = await oauth.processDiscoveryResponse(issuer, response);
      discovered.set(setting.issuer, { server, readAt: Date.now() });
      return server;
    });
  }

  /** A refusal by the provider is the caller's, everything else the provider's own fault. */
  async #asking<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TrivetError) throw error;
      if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
        throw new TrivetError("unauthenticated", `${this.setting.id} refused the login: ${wordOf(error.error)}.`, {
          cause: error,
        });
      }
      this.#deps.invocation.log.warn("An OAuth provider could not be used", {
        provider: this.setting.id,
        fault: describeError(error),
      });
      if (error instanceof oauth.OperationProcessingError && callersFault.has(error.code)) {
        throw new TrivetError("unauthenticated", `The answer of ${this.setting.id} was not acceptable.`, {
          cause: error,
        });
      }
      throw new TrivetError("bad_gateway", `${this.setting.id} could not be asked.`, { cause: error });
    }
  }

  #broken(fault: string): TrivetError {
    return new TrivetError("bad_gateway", `${this.setting.id} ${fault}.`);
  }
}

/** In the form, which every provider takes, unless this one says that it wants the header. */
function clientAuthentication(server: oauth.AuthorizationServer, secret: string | undefined): oauth.ClientAuth {
  if (secret === undefined || secret === "") return oauth.None();
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_post"];
  return methods.includes("client_secret_post") ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

/** An error code of RFC 6749 is ASCII without quotes; anything else is not repeated. */
const wordOf = (code: string): string => (/^[\w.-]{1,64}$/.test(code) ? code : "for a reason it did not name");
