import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { login, type Person, register, tokenMailed } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

const executablePath = [process.env.CHROMIUM_PATH ?? "", "/usr/bin/chromium"].find(existsSync);

let auth: AuthSystem;
let server: Server;
let browser: Browser;
let origin: string;
beforeAll(async () => {
  if (executablePath === undefined) return;
  auth = await startAuth();
  server = createServer((request, response) => void forward(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${z.object({ port: z.number() }).parse(server.address()).port}`;
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(async () => {
  if (executablePath === undefined) return;
  await browser.close();
  server.close();
  await auth.stop();
});

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: string[] = [];
  for await (const chunk of request) chunks.push(String(chunk));
  const body: unknown = chunks.length === 0 ? undefined : JSON.parse(chunks.join(""));
  const answer = await auth.request(request.method ?? "GET", request.url ?? "/", { body });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(answer.text);
}

/** Opens a page and keeps what it complains of, such as a breach of its own policy. */
async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The browser notes every refused request; those are asked for here.
    if (message.type() === "error" && !message.text().includes("status of 4")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(origin + path);
  return { page, complaints };
}

async function forgotten(): Promise<{ person: Person; token: string }> {
  const person = await register(auth);
  await auth.post("/auth/password/forgot", { email: person.email });
  return { person, token: await tokenMailed(auth, person.email, /new password/) };
}

describe("in a browser", () => {
  beforeEach(({ skip }) => skip(executablePath === undefined, "There is no Chromium; CHROMIUM_PATH may name one."));

  test("the confirmation page confirms with the password of the account, and not before", async () => {
    const person = await register(auth);
    const token = await tokenMailed(auth, person.email, /Confirm/);
    const { page, complaints } = await open(`/auth/verify-email?token=${token}`);
    const me = async () => (await auth.get("/auth/me", person.token)).body;
    expect(await me()).toMatchObject({ emailVerified: false });
    expect(page.url()).not.toContain(token);
    const confirm = async (password: string) => {
      await page.getByLabel("The password of your account").fill(password);
      await page.getByRole("button", { name: "Confirm" }).click();
    };
    await confirm("not mine at all");
    await page.getByRole("status").filter({ hasText: "is wrong" }).waitFor();
    expect(await me()).toMatchObject({ emailVerified: false });
    await confirm(person.password);
    await page.getByRole("status").filter({ hasText: "Your address is confirmed" }).waitFor();
    expect(await me()).toMatchObject({ emailVerified: true });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("the reset page says what is wrong with a password, then takes another", async () => {
    const { person, token } = await forgotten();
    const { page, complaints } = await open(`/auth/password/reset?token=${token}`);
    const set = async (password: string) => {
      await page.getByLabel("New password").fill(password);
      await page.getByRole("button", { name: "Set password" }).click();
    };
    await set(person.email);
    await page.getByRole("status").filter({ hasText: "must not be made of the username" }).waitFor();
    await set("a password from the page");
    await page.getByRole("status").filter({ hasText: "Your new password holds" }).waitFor();
    await login(auth, { ...person, password: "a password from the page" });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a used link says so", async () => {
    const { token } = await forgotten();
    await auth.post("/auth/password/reset", { token, password: "another quiet lake" });
    const { page } = await open(`/auth/password/reset?token=${token}`);
    await page.getByLabel("New password").fill("a third quiet lake");
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: "has been used or is too old" }).waitFor();
    await page.close();
  });

  test("the mailbox breaks no rule of its own policy", async () => {
    await register(auth);
    const { page, complaints } = await open("/auth/mailbox");
    expect(await page.getByRole("article").count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
