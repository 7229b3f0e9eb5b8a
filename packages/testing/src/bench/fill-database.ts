import { hashPassword, newId } from "@trivet/platform";
import postgres from "postgres";

/** The password of every person in a filled database. */
export const benchPassword = "bench horse battery staple";

export interface Filled {
  userIds: string[];
  /** Usernames of those who follow 200 others each. */
  callers: string[];
}

const followees = 200;

/**
 * Fills the tables of auth and users with `people`, of whom the first `callers` follow 200 others
 * each. By SQL, because registering ten thousand people would mostly measure a password hash.
 */
export async function fillDatabase(adminUrl: string, people: number, callers: number): Promise<Filled> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const userIds = Array.from({ length: people }, () => newId());
    const usernames = userIds.map((_, index) => `person${index}`);
    const password = await hashPassword(benchPassword);
    await sql.begin(async (tx) => {
      await insertAccounts(tx, userIds, usernames, password);
      await insertProfiles(tx, userIds, usernames);
      await insertFollows(tx, userIds, callers);
    });
    await sql`analyze`;
    return { userIds, callers: usernames.slice(0, callers) };
  } finally {
    await sql.end();
  }
}

async function insertAccounts(tx: postgres.TransactionSql, ids: string[], usernames: string[], password: string) {
  await tx`
    insert into auth.users (id, email, email_verified, username, name)
    select id, username || '@example.com', true, username, initcap(username)
    from unnest(${ids}::uuid[], ${usernames}::text[]) as person(id, username)`;
  await tx`
    insert into auth.identities (id, user_id, provider_id, account_id, password)
    select gen_random_uuid(), id, 'credential', id::text, ${password} from auth.users`;
}

async function insertProfiles(tx: postgres.TransactionSql, ids: string[], usernames: string[]) {
  await tx`
    insert into users.profiles (id, username, email, name, bio)
    select id, username, username || '@example.com', initcap(username), 'A sentence or two about oneself.'
    from unnest(${ids}::uuid[], ${usernames}::text[]) as person(id, username)`;
  await tx`update users.totals set profiles = (select count(*) from users.profiles)`;
}

async function insertFollows(tx: postgres.TransactionSql, ids: string[], callers: number) {
  await tx`
    with person as (select id, position::int - 1 as position from unnest(${ids}::uuid[]) with ordinality as p(id, position))
    insert into users.follows (follower_id, followee_id)
    select follower.id, followee.id
    from person as follower
    cross join generate_series(1, ${followees}) as step
    join person as followee on followee.position = (follower.position + step * 37) % ${ids.length}
    where follower.position < ${callers}`;
  await tx`
    update users.profiles set following_count = ${followees}
    where id in (select follower_id from users.follows)`;
  await tx`
    update users.profiles as profile set follower_count = counted.followers
    from (select followee_id, count(*) as followers from users.follows group by followee_id) as counted
    where profile.id = counted.followee_id`;
}
