// Fills the database of a bench run and logs its callers in; prints what the requests are made of as
// one line of JSON. Run by the bench with BENCH_DATABASE_URL and BENCH_PORT.
import { z } from "zod";
import { benchPassword, fillDatabase } from "../src/bench/fill-database.ts";

const callers = 100;
const idsInUse = 1_000;

const settings = z
  .object({
    BENCH_DATABASE_URL: z.string(),
    BENCH_PORT: z.coerce.number(),
    BENCH_USERS: z.coerce.number().default(10_000),
  })
  .parse(process.env);

const filled = await fillDatabase(settings.BENCH_DATABASE_URL, settings.BENCH_USERS, callers);
const tokens: string[] = [];
for (const username of filled.callers) tokens.push(await logIn(username));
const logins = filled.callers.map((username) => ({ username, password: benchPassword }));
process.stdout.write(`${JSON.stringify({ userIds: filled.userIds.slice(0, idsInUse), tokens, logins })}\n`);

async function logIn(username: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${settings.BENCH_PORT}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: benchPassword }),
  });
  if (!response.ok) throw new Error(`A login answered ${response.status}: ${await response.text()}`);
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
}
