import * as oauth from "oauth4webapi";
import type { Deps } from "../deps.ts";
import { verifyIdToken } from "./id-token.ts";
import { ProviderConnection } from "./provider-connection.ts";
import type { ProviderSetting } from "./provider-setting.ts";
import { type Identity, readUserInfo } from "./user-info.ts";

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
  readonly #connection: ProviderConnection;

  constructor(deps: Deps, setting: ProviderSetting) {
    this.setting = setting;
    this.#connection = new ProviderConnection(deps, setting);
  }

  get #client(): oauth.Client {
    return { client_id: this.setting.clientId };
  }

  /** Where the browser goes to log in, with PKCE (RFC 7636, S256), state and nonce. */
  async authorizationUrl(request: { redirectUri: string; state: string; nonce: string; codeVerifier: string }) {
    const server = await this.#connection.server();
    if (server.authorization_endpoint === undefined) throw this.#connection.broken("names no authorization endpoint");
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
    const server = await this.#connection.server();
    return await this.#connection.asking(async () =>
      oauth.validateAuthResponse(server, this.#client, parameters, state),
    );
  }

  /** Parameters of a code that a client received itself; its PKCE verifier stands in for the state. */
  async readBareCode(code: string): Promise<URLSearchParams> {
    const server = await this.#connection.server();
    const parameters = new URLSearchParams({ code });
    if (server.authorization_response_iss_parameter_supported === true) parameters.set("iss", server.issuer);
    return await this.#connection.asking(async () =>
      oauth.validateAuthResponse(server, this.#client, parameters, oauth.expectNoState),
    );
  }

  /** Trades a code for who its owner is. `parameters` come from `readCallback`. Throws `unauthenticated`. */
  async exchangeCode({ parameters, redirectUri, codeVerifier, nonce }: CodeExchange): Promise<Identity> {
    const server = await this.#connection.server();
    const { setting } = this;
    return await this.#connection.asking(async () => {
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.#client,
        clientAuthentication(server, setting.clientSecret),
        parameters,
        redirectUri,
        codeVerifier,
        this.#connection.options,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, this.#client, response, {
        ...(nonce !== undefined && { expectedNonce: nonce }),
        requireIdToken: "issuer" in setting,
      });
      if (!("issuer" in setting))
        return await readUserInfo(setting, tokens.access_token, this.#connection.options.signal());
      const identity = await this.#identityOf(server, tokens.id_token ?? "", nonce);
      return identity.email === undefined ? await this.#withUserInfo(server, identity, tokens.access_token) : identity;
    });
  }

  /** Who an id token speaks of, for a client that got it from the provider itself. Throws `unauthenticated`. */
  async acceptIdToken(idToken: string, nonce: string | undefined): Promise<Identity> {
    const server = await this.#connection.server();
    return await this.#connection.asking(() => this.#identityOf(server, idToken, nonce));
  }

  /** OpenID Connect Core 5.4: in the code flow the address may be told at the userinfo endpoint only. */
  async #withUserInfo(server: oauth.AuthorizationServer, identity: Identity, accessToken: string): Promise<Identity> {
    if (server.userinfo_endpoint === undefined) return identity;
    const response = await oauth.userInfoRequest(server, this.#client, accessToken, this.#connection.options);
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
    return await verifyIdToken(idToken, {
      issuer: server.issuer,
      jwksUri: this.#connection.keysOf(server),
      clientId: this.setting.clientId,
      nonce,
      signal: this.#connection.options.signal(),
    });
  }
}

/** In the form, which every provider takes, unless this one says that it wants the header. */
function clientAuthentication(server: oauth.AuthorizationServer, secret: string | undefined): oauth.ClientAuth {
  if (secret === undefined || secret === "") return oauth.None();
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_post"];
  return methods.includes("client_secret_post") ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}
