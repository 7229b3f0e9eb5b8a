import { deleteAccount, exchangeApiKey, getAccount } from "@trivet/contracts";
import { deleteAccount as removeAccount } from "../accounts/delete-account.ts";
import { readAccount } from "../accounts/read-account.ts";
import { exchangeKey } from "../api-keys/exchange-key.ts";
import { serve } from "../deps.ts";

export const serveAccount = serve(getAccount, ({ deps, params }) => readAccount(deps, params.id));

export const serveDeletion = serve(deleteAccount, async ({ deps, params, query }) => {
  await removeAccount(deps, { userId: params.id, sessionId: query.sessionId });
  return undefined;
});

export const serveKeyExchange = serve(exchangeApiKey, ({ deps, body }) => exchangeKey(deps, body.key));
