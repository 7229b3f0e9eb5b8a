import { z } from "zod";
import { userCard } from "../../src/schemas.ts";
import type { Answer, Person, UsersSystem } from "./start-users.ts";

const page = z.object({ items: z.array(userCard), nextCursor: z.string().nullable() });

/** The usernames of one page. */
export const namesIn = ({ body }: Answer): string[] => page.parse(body).items.map((item) => item.username);

/** The usernames of all pages; `between` happens after each. */
export async function pagesOf(
  users: UsersSystem,
  path: string,
  as: Person,
  limit: number,
  between: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const names: string[] = [];
  let cursor = "";
  for (let count = 0; count < 50; count += 1) {
    const answer = await users.request("GET", `${path}?limit=${limit}${cursor}`, { as });
    names.push(...namesIn(answer));
    const { nextCursor } = page.parse(answer.body);
    if (nextCursor === null) return names;
    cursor = `&cursor=${nextCursor}`;
    await between();
  }
  throw new Error("The list does not end.");
}
