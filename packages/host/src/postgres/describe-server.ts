import postgres from "postgres";

export interface ServerDescription {
  /** As in `18.4`. */
  version: string;
  user: string;
  mayCreateRoles: boolean;
}

export async function describeServer(url: string): Promise<ServerDescription> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
  try {
    const [row] = await sql<ServerDescription[]>`
      select split_part(current_setting('server_version'), ' ', 1) as version, rolname as user,
        rolsuper or rolcreaterole as "mayCreateRoles"
      from pg_roles where rolname = current_user`;
    if (row === undefined) throw new Error("The server does not know the role that it let in.");
    return row;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
