import { access, anyJson, type Json, json, withEtag } from "@trivet/http";
import { z } from "zod";
import { buildAsyncApi } from "../asyncapi/build-asyncapi.ts";
import { route } from "../deps.ts";

/** Plain data, made at the first use and the same for everybody. */
let built: Record<string, Json> | undefined;

export const getAsyncApi = route(
  {
    method: "get",
    path: "/events/asyncapi.json",
    summary: "Read what all events say",
    description: "As an AsyncAPI 3.0 document, made of the same contracts that events are checked by.",
    access: access.anyone,
    responses: { 200: json(z.record(z.string(), anyJson), "The document") },
    etag: true,
  },
  async (c) => {
    built ??= plain(buildAsyncApi());
    return withEtag(c, built);
  },
);

const plain = (value: object): Record<string, Json> => JSON.parse(JSON.stringify(value));
