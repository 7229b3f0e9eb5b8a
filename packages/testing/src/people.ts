import { z } from "zod";
import { asAdmin } from "./database/test-server.ts";

const entry = z.object({
  user: z.object({ id: z.uuid(), username: z.string() }),
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.number(),
  refresh_token: z.string(),
});

/** Where people come in: the whole system, or the auth service alone. */
interface Entrance {
  post(path: string, body: unknown): Promise<{ status: number; body: unknown; text: string }>;
}

export interface Credentials {
  email: string;
  username: string;
  password: string;
}

/** Somebody who is registered and logged in. */
export interface Person extends Credentials {
  id: string;
  token: string;
  refreshToken: string;
}

let made = 0;

/** Credentials nobody in this process has used yet. */
export function newCredentials(name = "ada"): Credentials {
  made += 1;
  const username = `${name}.${made}x${Date.now().toString(36)}`;
  return { email: `${username}@example.com`, username, password: `correct horse ${username}` };
}

export const register = (entrance: Entrance, credentials: Credentials = newCredentials()): Promise<Person> =>
  enter(entrance, "/auth/register", credentials, credentials, 201);

/** `more` goes into the request beside email and password. */
export function login(entrance: Entrance, credentials: Credentials, more: object = {}): Promise<Person> {
  const { email, password } = credentials;
  return enter(entrance, "/auth/login", credentials, { email, password, ...more }, 200);
}

async function enter(
  entrance: Entrance,
  path: string,
  { email, username, password }: Credentials,
  request: object,
  expected: number,
): Promise<Person> {
  const { status, body, text } = await entrance.post(path, request);
  if (status !== expected) throw new Error(`${username} did not come in by ${path}: ${status} ${text}`);
  const { user, access_token: token, refresh_token: refreshToken } = entry.parse(body);
  return { email, username, password, id: user.id, token, refreshToken };
}

/** Somebody registered whose role was raised behind the scenes, logged in with it. */
export async function withRole(entrance: Entrance, adminUrl: string, role: string): Promise<Person> {
  const person = await register(entrance, newCredentials(role));
  await asAdmin(adminUrl, (sql) => sql`UPDATE auth.users SET role = ${role} WHERE id = ${person.id}`);
  return await login(entrance, person);
}
