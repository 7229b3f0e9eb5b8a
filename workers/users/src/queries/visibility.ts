import type { Database } from "@trivet/db";
import { and, eq, isNull, notExists, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { blocks, profiles } from "../tables.ts";

type Id = SQLWrapper | string;

/** For the `where` of a query on `profiles`: not erased, and neither has blocked the other. */
export const visibleTo = (db: Database, viewerId: SQL | string) =>
  and(
    isNull(profiles.erasedAt),
    notExists(block(db, profiles.id, viewerId)),
    notExists(block(db, viewerId, profiles.id)),
  );

const block = (db: Database, blockerId: Id, blockedId: Id) =>
  db
    .select({ one: sql`1` })
    .from(blocks)
    .where(and(eq(blocks.blockerId, blockerId), eq(blocks.blockedId, blockedId)));
