import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { searchProfiles } from "../queries/search.ts";
import type { UserCard } from "../schemas.ts";

/** The best matches for a username or name, best first; nobody who is hidden from the actor. */
export async function searchUsers({ db }: Deps, actor: UserActor, query: string, limit: number): Promise<UserCard[]> {
  return await searchProfiles(db, actor.id, query.trim().toLowerCase(), limit);
}
