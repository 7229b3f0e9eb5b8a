import postgres from "postgres";

export interface ServerDescription {
  /** As in `18.4`. */
  version: string;
  user: string;
  mayCreateRoles: boolean;
  /** Milliseconds by which its clock is ahead of this machine's. */
  ahead: number;
}

export async function describeServer(url: string): Promise<ServerDescription> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
  try {
    const [row] = await sql<Omit<ServerDescription, "ahead">[]>`
      select split_part(current_setting('server_version'), ' ', 1) as version, rolname as user,
        rolsuper or rolcreaterole as "mayCreateRoles"
      from pg_roles where rolname = current_user`;
    if (row === undefined) throw new Error("The server does not know the role that it let in.");
    // On a connection that is open: half the way there and back is then all that is not known of the difference.
    const asked = Date.now();
    const [clock] = await sql<{ now: number }[]>`select extract(epoch from clock_timestamp())::float8 * 1000 as now`;
    return { ...row, ahead: (clock?.now ?? asked) - (asked + Date.now()) / 2 };
  } finally {
    await sql.end({ timeout: 1 });
  }
}
