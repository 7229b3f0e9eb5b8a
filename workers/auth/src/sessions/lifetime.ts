/** Ten minutes: as long as a stolen token, or one of an account just banned, can be used elsewhere than in auth. */
export const accessTokenSeconds = 600;

const day = 24 * 3_600_000;

/** A session ends this long after its login, however much it is used. */
export const absoluteLifetime = 90 * day;

/** A session ends when it has not been refreshed for this long. */
export const idleLifetime = 30 * day;

/** How long a session that was confirmed stands for its owner. */
export const confirmationLifetime = 300_000;

/** How old a login may be that stands in for a password where there is none, or where the account ends. */
export const recentLogin = 600_000;

/** How long an administrator may act as somebody else. */
export const impersonationLifetime = 3_600_000;
