import { needsRehash, passwordCost, verifyPassword } from "@trivet/platform";
import { compare } from "bcryptjs";

/** What a password that nobody has is compared with, so that an unknown account costs the same work. */
const nobodysHash =
  `$scrypt$ln=${passwordCost.ln},r=${passwordCost.r},p=${passwordCost.p}` +
  "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const bcrypt = /^\$2[aby]\$(\d{2})\$[./A-Za-z\d]{53}$/;
/** 2^14 rounds take seconds; a hash that claims more is not one we imported. */
const highestBcryptCost = 14;

export interface PasswordCheck {
  matches: boolean;
  /** The stored hash is of an older kind and should be replaced now that the password is at hand. */
  outdated: boolean;
}

/** Compares a password with a stored hash, ours or a bcrypt one from an older system. Null has none. */
export async function checkPassword(hash: string | null, password: string): Promise<PasswordCheck> {
  const imported = hash === null ? null : bcrypt.exec(hash);
  if (hash !== null && imported && Number(imported[1]) <= highestBcryptCost) {
    return { matches: await compare(password, hash), outdated: true };
  }
  const matches = await verifyPassword(hash ?? nobodysHash, password);
  return { matches: matches && hash !== null, outdated: hash !== null && needsRehash(hash) };
}
