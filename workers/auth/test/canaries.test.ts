import { configureLogging, type Span } from "@trivet/platform";
import { expect, test } from "vitest";
import { z } from "zod";
import { login, newCredentials, register, tokenMailed } from "./system/people.ts";
import { startAuth } from "./system/start-auth.ts";

test("no password, token, code, key or address reaches a log line, an error, a trace, an event or the database in clear", async () => {
  const lines: unknown[] = [];
  configureLogging({ level: "trace", sinks: { memory: (record) => lines.push(record) } });
  const spans: Span[] = [];
  const auth = await startAuth({ SPANS: { take: (span: Span) => void spans.push(span) } });
  try {
    const person = await register(auth, { ...newCredentials(), password: "canary-password-1" });
    const again = await login(auth, person);
    const { email, token } = person;
    const refused = [
      await auth.post("/auth/login", { email, password: "canary-password-2" }),
      await auth.post("/auth/login", { email, password: "canary-password-3", code: "canary-code" }),
      await auth.post("/auth/refresh", { refresh_token: "canary-refresh" }),
      await auth.post("/auth/session", { provider: "canary", id_token: "canary-id-token" }),
      await auth.post("/auth/password/reset", { token: "canary-reset", password: "canary-password-4" }),
      await auth.post("/auth/register", { email, username: "x", password: "canary-password-5", name: "canary-name" }),
      await auth.get("/auth/verify-email?token=canary-link&token2=x"),
      await auth.get("/auth/me", "canary-bearer"),
      await auth.post("/auth/confirm", { password: "canary-password-6" }, { token }),
    ];
    await auth.post("/auth/password/forgot", { email });
    const mailed = await tokenMailed(auth, email, /new password/);
    const { key } = z
      .object({ key: z.string() })
      .parse((await auth.post("/auth/api-keys", { name: "x", password: person.password }, { token })).body);
    await auth.asService("router", "POST", "/auth/internal/api-keys/exchange", { key });
    await auth.post("/auth/refresh", { refresh_token: again.refreshToken });
    await auth.sql`UPDATE auth.refresh_tokens SET rotated_at = rotated_at - interval '1 minute'`;
    await auth.post("/auth/refresh", { refresh_token: again.refreshToken });

    const secrets = [person.password, token, person.refreshToken, again.refreshToken, mailed, key];
    const logged = JSON.stringify(lines, (_, value) =>
      value instanceof Error ? `${value.stack} ${value.cause}` : value,
    );
    expect(logged).toContain("was used again");
    for (const canary of [...secrets, "canary-", email]) expect(logged).not.toContain(canary);
    await auth.settled();
    const traced = JSON.stringify(spans);
    // What an event holds is what a dead letter of it would.
    const announced = JSON.stringify(auth.sent());
    expect(spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["POST /auth/login", "INSERT auth.users", "send events"]),
    );
    expect(auth.sent().map(({ event }) => event)).toContain("user.created");
    for (const canary of [...secrets, "canary-", email]) {
      expect(traced).not.toContain(canary);
      expect(announced).not.toContain(canary);
    }
    expect(refused.map(({ text }) => text).join()).not.toContain("canary-");
    const tables = await auth.sql`SELECT tablename FROM pg_tables WHERE schemaname = 'auth'`;
    expect(tables.length).toBeGreaterThan(10);
    for (const { tablename } of tables) {
      const rows = JSON.stringify(await auth.sql`SELECT * FROM ${auth.sql(`auth.${tablename}`)}`);
      for (const secret of secrets) expect(rows).not.toContain(secret);
    }
  } finally {
    await auth.stop();
  }
});
