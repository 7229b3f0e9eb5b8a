import type { Actor, AnonymousActor, Role, ServiceActor, UserActor } from "@trivet/platform";

/** Who may call a route. `Caller` is the actor that its handler may then rely on. */
export interface Access<Caller extends Actor = Actor> {
  kind: "anyone" | "optional" | "user" | "role" | "service";
  roles?: readonly Role[];
  /** Whether, instead of a user, any service may call. */
  services?: true;
  callers?: readonly string[];
  /** Never there; carries the type. */
  readonly caller?: Caller;
}

export const access = {
  /** No token is looked at. */
  anyone: { kind: "anyone" } satisfies Access as Access<AnonymousActor>,
  /** A token may be left out, but one that is sent must be valid. */
  optional: { kind: "optional" } satisfies Access as Access<UserActor | AnonymousActor>,
  /** A user's access token. */
  user: { kind: "user" } satisfies Access as Access<UserActor>,
  /** A user's access token with one of these roles. */
  role: (...roles: Role[]): Access<UserActor> => ({ kind: "role", roles }),
  /** Likewise, or any service's token: for what operators do by hand and services by themselves. */
  roleOrService: (...roles: Role[]): Access<UserActor | ServiceActor> => ({ kind: "role", roles, services: true }),
  /** A service token of one of these services. */
  service: (...callers: string[]): Access<ServiceActor> => ({ kind: "service", callers }),
};
