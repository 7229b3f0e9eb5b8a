import { z } from "zod";
import type { Client } from "./client.ts";
import { asAdmin } from "./database/test-server.ts";

const session = z.object({
  user: z.object({ id: z.uuid(), username: z.string() }),
  access_token: z.string(),
  token_type: z.string(),
  expires_in: z.number(),
  refresh_token: z.string(),
});

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

export async function register(api: Client, credentials: Credentials = newCredentials()): Promise<Person> {
  const { status, body, text } = await api.post("/auth/register", credentials);
  if (status !== 201) throw new Error(`${credentials.username} was not registered: ${status} ${text}`);
  return personOf(credentials, body);
}

export async function login(api: Client, credentials: Credentials): Promise<Person> {
  const { email, password } = credentials;
  const { status, body, text } = await api.post("/auth/login", { email, password });
  if (status !== 200) throw new Error(`${credentials.username} was not logged in: ${status} ${text}`);
  return personOf(credentials, body);
}

function personOf(credentials: Credentials, body: unknown): Person {
  const { user, access_token: token, refresh_token: refreshToken } = session.parse(body);
  return { ...credentials, id: user.id, token, refreshToken };
}

/** Somebody registered whose role was raised behind the scenes, logged in with it. */
export async function withRole(api: Client, adminUrl: string, role: string): Promise<Person> {
  const credentials = newCredentials(role);
  const { id } = await register(api, credentials);
  await asAdmin(adminUrl, (sql) => sql`UPDATE auth.users SET role = ${role} WHERE id = ${id}`);
  return await login(api, credentials);
}
