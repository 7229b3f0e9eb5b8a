import type { Sql } from "postgres";
import { connected } from "./connect.ts";

/** A schema's structure: a kind of thing, and a line for each thing of that kind, sorted. */
export type SchemaSnapshot = Record<string, string[]>;

/** The table of applied migrations, which is there before the first and after the last. */
const bookkeeping = "migrations";

/**
 * Reads what a schema is made of from the catalogue: tables, columns in their order, constraints,
 * indexes, sequences, views, functions, triggers, types, policies, comments, owners and grants. Two
 * equal snapshots mean two equal schemas; data is left out. Columns count by rank and not by number,
 * since a number is never used again.
 */
export async function snapshotSchema(url: string, schema: string): Promise<SchemaSnapshot> {
  return await connected(url, async (sql) => {
    const snapshot: SchemaSnapshot = {};
    for (const [kind, query] of Object.entries(queries)) {
      const rows = await query(sql, schema);
      snapshot[kind] = rows.map(({ line }) => line).sort();
    }
    return snapshot;
  });
}

type Query = (sql: Sql, schema: string) => PromiseLike<{ line: string }[]>;

const queries: Record<string, Query> = {
  schema: (sql, schema) => sql`
    select concat_ws(' | ', pg_get_userbyid(nspowner), nspacl::text, obj_description(oid, 'pg_namespace')) as line
    from pg_namespace where nspname = ${schema}`,

  relations: (sql, schema) => sql`
    select concat_ws(' | ', relname, relkind, relpersistence, pg_get_userbyid(relowner), relacl::text,
      'rls ' || relrowsecurity || relforcerowsecurity, reloptions::text, pg_get_partkeydef(c.oid),
      pg_get_expr(relpartbound, c.oid), case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
      obj_description(c.oid, 'pg_class')) as line
    from pg_class c where relnamespace = ${schema}::regnamespace and relkind <> 'i' and relname <> ${bookkeeping}`,

  columns: (sql, schema) => sql`
    select concat_ws(' | ', relname, rank() over (partition by c.oid order by attnum), attname,
      format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
      'default ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(attidentity::text, ''),
      'generated ' || nullif(attgenerated::text, ''), attcollation::regcollation::text,
      attacl::text, col_description(c.oid, attnum)) as line
    from pg_class c
      join pg_attribute a on a.attrelid = c.oid and attnum > 0 and not attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = attnum
    where relnamespace = ${schema}::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'c')
      and relname <> ${bookkeeping}`,

  constraints: (sql, schema) => sql`
    select concat_ws(' | ', coalesce(r.relname, t.typname), conname, pg_get_constraintdef(k.oid), convalidated,
      obj_description(k.oid, 'pg_constraint')) as line
    from pg_constraint k left join pg_class r on r.oid = conrelid left join pg_type t on t.oid = contypid
    where connamespace = ${schema}::regnamespace and r.relname is distinct from ${bookkeeping}`,

  indexes: (sql, schema) => sql`
    select concat_ws(' | ', pg_get_indexdef(indexrelid), 'valid ' || indisvalid, 'replica ' || indisreplident,
      obj_description(indexrelid, 'pg_class')) as line
    from pg_index join pg_class r on r.oid = indrelid
    where relnamespace = ${schema}::regnamespace and relname <> ${bookkeeping}`,

  sequences: (sql, schema) => sql`
    select concat_ws(' | ', relname, format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcache,
      seqcycle, (select concat(refobjid::regclass, '#', attname) from pg_depend
        join pg_attribute on attrelid = refobjid and attnum = refobjsubid
        where objid = c.oid and deptype in ('a', 'i'))) as line
    from pg_sequence join pg_class c on c.oid = seqrelid where relnamespace = ${schema}::regnamespace`,

  functions: (sql, schema) => sql`
    select concat_ws(' | ', oid::regprocedure, prokind, pg_get_userbyid(proowner), proacl::text,
      case when prokind in ('f', 'p', 'w') then pg_get_functiondef(oid) end, obj_description(oid, 'pg_proc')) as line
    from pg_proc where pronamespace = ${schema}::regnamespace`,

  triggers: (sql, schema) => sql`
    select concat_ws(' | ', pg_get_triggerdef(t.oid), tgenabled, obj_description(t.oid, 'pg_trigger')) as line
    from pg_trigger t join pg_class r on r.oid = tgrelid
    where not tgisinternal and relnamespace = ${schema}::regnamespace`,

  types: (sql, schema) => sql`
    select concat_ws(' | ', typname, typtype, pg_get_userbyid(typowner), typacl::text,
      (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid),
      format_type(nullif(typbasetype, 0), typtypmod), typnotnull, typdefault, obj_description(t.oid, 'pg_type')) as line
    from pg_type t where typnamespace = ${schema}::regnamespace and typtype in ('e', 'd', 'r', 'm')`,

  policies: (sql, schema) => sql`
    select concat_ws(' | ', tablename, policyname, permissive, roles::text, cmd, qual, with_check) as line
    from pg_policies where schemaname = ${schema}`,
};
