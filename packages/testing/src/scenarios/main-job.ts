import { expect } from "vitest";
import { z } from "zod";
import type { Client } from "../client.ts";
import { newCredentials, register } from "../people.ts";

/** Something people do with the whole system, told from outside. Rejects where it does not work. */
export interface Scenario {
  title: string;
  run(api: Client): Promise<void>;
}

/** The main job, and what surrounds it; each brings its own people. */
export const scenarios: readonly Scenario[] = [
  {
    title: "a person registers, and the profile is there at once",
    run: async (api) => {
      const ada = await register(api);
      expect(await api.get("/users/profile", ada.token)).toMatchObject({
        status: 200,
        body: {
          id: ada.id,
          username: ada.username,
          email: ada.email,
          followerCount: 0,
          followingCount: 0,
          isPrivate: false,
        },
      });
      expect(await api.get(`/users/${ada.id}`, (await register(api)).token)).toMatchObject({
        status: 200,
        body: { id: ada.id },
      });
    },
  },
  {
    title: "a taken address or name is refused, whatever its case",
    run: async (api) => {
      const ada = await register(api);
      const other = newCredentials();
      const sameEmail = await api.post("/auth/register", { ...other, email: ada.email.toUpperCase() });
      const sameName = await api.post("/auth/register", { ...other, username: ada.username.toUpperCase() });
      expect([sameEmail.status, sameName.status]).toEqual([409, 409]);
    },
  },
  {
    title: "a person logs in by email and by username, and not with another password",
    run: async (api) => {
      const { email, username, password, id } = await register(api);
      for (const name of [{ email }, { username }, { email: email.toUpperCase() }]) {
        const answer = await api.post("/auth/login", { ...name, password });
        expect(answer, answer.text).toMatchObject({ status: 200, body: { user: { id }, token_type: "Bearer" } });
      }
      const wrong = await api.post("/auth/login", { email, password: `${password}!` });
      const nobody = await api.post("/auth/login", { email: `x${email}`, password });
      expect([wrong.status, nobody.status]).toEqual([401, 401]);
      expect(wrong.body).toMatchObject({ code: "invalid_credentials" });
      expect(nobody.body).toMatchObject({ code: "invalid_credentials" });
    },
  },
  {
    title: "an edited profile reads back, for its owner and for others",
    run: async (api) => {
      const [ada, eve] = [await register(api), await register(api)];
      const edit = { name: "Ada Lovelace", bio: "Notes on the Analytical Engine \u{1f9ee}" };
      const edited = await api.put("/users/profile", edit, ada.token);
      expect(edited, edited.text).toMatchObject({ status: 200, body: edit });
      expect(await api.get(`/users/${ada.id}`, eve.token)).toMatchObject({ status: 200, body: edit });
      expect(await api.get(`/users/by-username/${ada.username}`, eve.token)).toMatchObject({
        status: 200,
        body: { id: ada.id },
      });
    },
  },
  {
    title: "following someone reads back on both sides; repeats change nothing",
    run: async (api) => {
      const [ada, eve] = [await register(api), await register(api)];
      for (let repeat = 0; repeat < 2; repeat += 1) {
        expect((await api.post(`/users/${eve.id}/follow`, undefined, ada.token)).status).toBeLessThan(300);
      }
      expect(await api.get(`/users/${eve.id}/followers`, ada.token)).toMatchObject({
        status: 200,
        body: { items: [{ id: ada.id }] },
      });
      expect(await api.get(`/users/${ada.id}/following`, eve.token)).toMatchObject({
        status: 200,
        body: { items: [{ id: eve.id }] },
      });
      expect((await api.get(`/users/${eve.id}`, ada.token)).body).toMatchObject({ followerCount: 1 });
      expect((await api.get(`/users/${ada.id}`, ada.token)).body).toMatchObject({ followingCount: 1 });
      for (let repeat = 0; repeat < 2; repeat += 1) {
        expect((await api.delete(`/users/${eve.id}/follow`, ada.token)).status).toBeLessThan(300);
      }
      expect((await api.get(`/users/${eve.id}`, ada.token)).body).toMatchObject({ followerCount: 0 });
    },
  },
  {
    title: "a person whom nobody has looked at yet is found by search soon: the event has made the profile",
    run: async (api) => {
      const [ada, eve] = [await register(api), await register(api)];
      const found = () => api.get(`/users/search/${ada.username}`, eve.token);
      await expect.poll(found).toMatchObject({
        status: 200,
        body: { items: expect.arrayContaining([expect.objectContaining({ id: ada.id })]) },
      });
    },
  },
  {
    title: "a session is refreshed with rotation, and logging out ends it",
    run: async (api) => {
      const ada = await register(api);
      const refreshed = await api.post("/auth/refresh", { refresh_token: ada.refreshToken });
      expect(refreshed, refreshed.text).toMatchObject({
        status: 200,
        body: { refresh_token: expect.not.stringMatching(ada.refreshToken) },
      });
      const { access_token: token, refresh_token } = tokens.parse(refreshed.body);
      expect((await api.get("/auth/me", token)).status).toBe(200);
      expect((await api.post("/auth/logout", undefined, token)).status).toBe(204);
      expect((await api.post("/auth/refresh", { refresh_token })).status).toBe(401);
    },
  },
  {
    title: "the documents and their readers are served without a network",
    run: async (api) => {
      expect(await api.get("/openapi.json")).toMatchObject({
        status: 200,
        body: { openapi: expect.stringMatching(/^3\.1/) },
      });
      for (const page of ["/docs", "/redoc", "/auth/docs", "/users/redoc"]) {
        const { status, text, headers } = await api.get(page);
        expect([status, headers.get("content-type")], page).toEqual([200, expect.stringContaining("text/html")]);
        expect(text, page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
        for (const [, script = ""] of text.matchAll(/<script[^>]+src="([^"]+)"/g)) {
          expect((await api.get(script)).status, script).toBe(200);
        }
      }
    },
  },
  {
    title: "request ids come back",
    run: async (api) => {
      const { headers } = await api.request("GET", "/health", { headers: { "x-request-id": "end-to-end.1" } });
      expect(headers.get("x-request-id")).toBe("end-to-end.1");
    },
  },
];

const tokens = z.object({ access_token: z.string(), refresh_token: z.string() });
