/** An address under another name, and the one it stands for. */
export type OtherName = readonly [sent: string, answered: string];

const otherNamesTable = (names: readonly OtherName[]): string =>
  names.length === 0
    ? ""
    : `Some have other names, too:

| Sent | Answered by |
| --- | --- |
${names.map(([sent, answered]) => `| \`${sent}\` | \`${answered}\` |`).join("\n")}
`;

/** What holds for every route of every service, as Markdown at the head of each document. */
export const conventions = (limits: string, otherNames: readonly OtherName[] = []): string => `## Addresses

Every path below is also answered below \`/api\` and \`/api/v1\`: \`/api/v1/users/profile\` is \`/users/profile\`.
${otherNamesTable(otherNames)}
What lies below \`/<service>/internal\` is for services only. Ids are UUIDs, times ISO 8601 in UTC.

## Authentication

- **People**: send \`Authorization: Bearer <access_token>\` with the token of \`POST /auth/login\` or \`POST /auth/register\`.
  It lasts ten minutes; \`POST /auth/refresh\` trades the \`refresh_token\` that came with it for the next two. After a
  logout, a new password, a ban or the account's end the last one works for what is left of them (and the 5 seconds by
  which clocks may differ), though nowhere below \`/auth\`.
- **Programs**: send \`x-api-key: <key>\` with a key of \`POST /auth/api-keys\`. It needs the scope \`<service>:read\` to read
  and \`<service>:write\` for anything else. One that is deleted or expired, or whose owner is banned or gone, works for 30
  seconds more at most.

An operation that names no scheme needs neither.

## Refusals

Every refusal is an RFC 9457 problem, \`application/problem+json\`. \`code\` is from a closed set, \`type\` leads to a page that
explains it, \`detail\` says what was expected, \`instance\` is the path as you sent it, and \`request_id\` finds the
request in the logs. Where single fields are wrong, \`errors\` names each: \`in\` which part of the request, and by a JSON
\`pointer\`. Another method than an address has answers 405 and lists its methods in \`Allow\`.

## Requests

Bodies are JSON in UTF-8, up to 1 MiB unless an operation says otherwise. Unknown fields, unknown parameters, and a field
or parameter that comes twice are refused with 400; numbers in a query are decimal digits. Unsafe methods are safe to
repeat: \`POST\` sets, \`DELETE\` unsets, neither toggles. \`x-request-id\` and \`traceparent\` are kept where you send them.

## Lists

Lists take \`limit\` (1 to 100) and \`cursor\`, and answer \`{ items, nextCursor }\`. \`nextCursor\` is null on the last page; before
it, \`Link: <…>; rel="next"\` leads on. A cursor is opaque and good for its own list only.

## Versions of one thing

Where an answer has an \`ETag\`, \`If-None-Match\` with it gets 304 while nothing has changed. An edit with \`If-Match\` is
refused with 412 when somebody else was faster.

## Limits

${limits} Each answer tells where you stand in \`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\` (seconds).
Over the limit you get 429, and \`Retry-After\` says for how long. So does a 503: a service that fails is given time to recover.
An answer that does not begin in time is a 504.`;
