import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";

// What `PublicKeyCredential.toJSON()` writes (WebAuthn Level 3, 5.1). Browsers add members of their own,
// so unlike elsewhere unknown ones are let pass, and dropped.

const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]+$/, { error: "must be base64url" });

const credential = {
  id: base64url(1_400),
  rawId: base64url(1_400),
  type: z.literal("public-key"),
  clientExtensionResults: z.looseObject({}).default({}),
};

export const registrationResponse = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(8_192),
    attestationObject: base64url(65_536),
    transports: z
      .array(z.enum(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]))
      .max(7)
      .optional(),
  }),
});

export const authenticationResponse = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(8_192),
    authenticatorData: base64url(8_192),
    signature: base64url(2_048),
    userHandle: base64url(128).nullish(),
  }),
});

export const registrationOf = (body: z.output<typeof registrationResponse>): RegistrationResponseJSON => {
  const { clientDataJSON, attestationObject, transports } = body.response;
  return {
    ...body,
    clientExtensionResults: {},
    response: { clientDataJSON, attestationObject, ...(transports && { transports }) },
  };
};

export const authenticationOf = (body: z.output<typeof authenticationResponse>): AuthenticationResponseJSON => {
  const { userHandle, ...response } = body.response;
  return { ...body, clientExtensionResults: {}, response: { ...response, ...(userHandle && { userHandle }) } };
};
