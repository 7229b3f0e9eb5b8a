import type { RouteConfig } from "@hono/zod-openapi";
import {
  communicationHeader,
  type ErrorCode,
  encryptResponseHeader,
  isErrorCode,
  messageHeader,
  sealedType,
} from "@trivet/platform";
import type { RouteContract } from "../contract.ts";
import { refusal } from "./refusals.ts";

type Answer = RouteConfig["responses"][string];

const sealed = {
  schema: { type: "string" as const, description: "A compact JWE (RFC 7516): `dir`, `A256GCM`" },
};

export const isEncrypted = ({ encryption = "none" }: RouteContract): boolean => encryption !== "none";

/** The headers that an encrypted exchange is asked for by. */
export function encryptionParameters(contract: RouteContract) {
  const { encryption, request } = contract;
  if (!isEncrypted(contract)) return [];
  const parameter = (
    name: string,
    schema: { type: "string"; enum?: string[] },
    description: string,
    required = false,
  ) => ({
    name,
    in: "header" as const,
    required,
    description,
    schema,
  });
  const isRequired = encryption === "required";
  const message = "The request as a compact JWE without content, since it has no body to stand in";
  return [
    parameter(
      communicationHeader,
      { type: "string", enum: ["encrypted"] },
      "Says that the request is encrypted. Its answer will be, too.",
      isRequired,
    ),
    ...(request?.body ? [] : [parameter(messageHeader, { type: "string" }, message, isRequired)]),
    ...(isRequired
      ? []
      : [
          parameter(
            encryptResponseHeader,
            { type: "string", enum: ["true", "false"] },
            "Asks for an encrypted answer to a request that is not encrypted itself",
          ),
        ]),
  ];
}

/** The request as it may also come. */
export function encryptedRequest(request: RouteConfig["request"]): RouteConfig["request"] {
  if (!request?.body) return request;
  return { ...request, body: { ...request.body, content: { ...request.body.content, [sealedType]: sealed } } };
}

export function* encryptionCodes(contract: RouteContract): Generator<ErrorCode> {
  if (!isEncrypted(contract)) return;
  if (contract.encryption === "required") yield "encryption_required";
  yield* ["decryption_failed", "encryption_expired"] as const;
  if (contract.method !== "get") yield "encryption_replayed";
}

/** The answer as it may also be given. */
export function encryptedAnswer(answer: Answer): Answer {
  if ("$ref" in answer) {
    const codes = answer.$ref.slice(answer.$ref.lastIndexOf("/") + 1).split(".");
    const described = refusal(codes.filter(isErrorCode));
    return { ...described, content: { ...described.content, [sealedType]: sealed } };
  }
  if (answer.content === undefined) return answer;
  return { ...answer, content: { ...answer.content, [sealedType]: sealed } };
}
