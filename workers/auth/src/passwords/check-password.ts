import { needsRehash, type ScryptCost, verifyPassword } from "@trivet/platform";
import { compare } from "bcryptjs";

/** What a password that nobody has is compared with, so that an unknown account costs the same work. */
const nobodysHash = ({ ln, r, p }: ScryptCost): string =>
  `$scrypt$ln=${ln},r=${r},p=${p}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`;

const bcrypt = /^\$2[aby]\$(\d{2})\$[./A-Za-z\d]{53}$/;
/** 2^14 rounds take seconds; a hash that claims more is not one we imported. */
const highestBcryptCost = 14;

export interface PasswordCheck {
  matches: boolean;
  /** The stored hash is of an older kind and should be replaced now that the password is at hand. */
  outdated: boolean;
}

/** Compares a password with a stored hash, ours or a bcrypt one from an older system. Null has none. */
export async function checkPassword(cost: ScryptCost, hash: string | null, password: string): Promise<PasswordCheck> {
  const imported = hash === null ? null : bcrypt.exec(hash);
  if (hash !== null && imported && Number(imported[1]) <= highestBcryptCost) {
    return { matches: await compare(password, hash), outdated: true };
  }
  const matches = await verifyPassword(hash ?? nobodysHash(cost), password);
  return { matches: matches && hash !== null, outdated: hash !== null && needsRehash(hash, cost) };
}
