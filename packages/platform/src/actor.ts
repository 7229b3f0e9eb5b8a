/** Who asks. A job or another service is a caller like any user. */
export type Actor = UserActor | ServiceActor | JobActor | AnonymousActor;

export type Role = "user" | "moderator" | "admin";

export interface UserActor {
  kind: "user";
  id: string;
  /** The login this access token came from; ends with it. */
  sessionId: string;
  role: Role;
  username: string;
  /** What the token may be used for; undefined means everything its user may do. */
  scopes?: string[];
  /** The administrator who acts as this user. */
  impersonatedBy?: string;
}

export interface ServiceActor {
  kind: "service";
  name: string;
}

export interface JobActor {
  kind: "job";
  name: string;
}

export interface AnonymousActor {
  kind: "anonymous";
}

export const anonymous: AnonymousActor = { kind: "anonymous" };
