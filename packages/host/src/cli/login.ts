import { UnreachableError } from "@trivet/db/migrations";
import { ConfigurationError } from "../configuration-error.ts";
import { describeServer, errorCode } from "../postgres/index.ts";
import { CommandError } from "./exit.ts";

const refusedUser = new Set(["28000", "28P01"]);

/** Runs `work` on the database of a variable: where the server does not let us in there, the variable is wrong. */
export async function withUrlOf<T>(variable: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = errorCode(error) ?? "";
    const said = error instanceof Error ? error.message : "";
    if (code === "3D000") {
      throw new ConfigurationError([
        `${variable} names what is not there (${said}): create it with createdb, or name another`,
      ]);
    }
    if (error instanceof UnreachableError) {
      throw new CommandError(
        `${variable} leads to ${error.where}, where nothing answers (${error.code}): start the server, or correct the address.`,
      );
    }
    if (refusedUser.has(code)) {
      throw new ConfigurationError([`${variable} is refused by the server (${said}): correct its user and password`]);
    }
    throw error;
  }
}

/** The same for a role that Trivet itself makes: without it nothing is wrong, unless it is with DATABASE_URL. */
export async function withDerivedRole<T>(service: string, adminUrl: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!refusedUser.has(errorCode(error) ?? "")) throw error;
    await withUrlOf("DATABASE_URL", () => describeServer(adminUrl));
    throw new CommandError(
      `${service} has no role in this database yet, or one with another password. Run: npx trivet migrate up`,
    );
  }
}
