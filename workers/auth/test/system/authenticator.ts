import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** What a login or a registration may get wrong. */
export interface Flaws {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  /** Whether the authenticator has asked for a finger, a face or a PIN. */
  userVerified?: boolean;
  userHandle?: string;
  counter?: number;
}

interface Creation {
  challenge: string;
  rp: { id: string };
  user: { id: string };
}

interface Request {
  challenge: string;
  rpId: string;
}

const userPresent = 0x01;
const userVerified = 0x04;
const attested = 0x40;

/** A security key in software: an ES256 passkey and the two ceremonies of WebAuthn, byte by byte. */
export class Authenticator {
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #id = randomBytes(32);
  readonly #origin: string;
  #userHandle: string | undefined;
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
  }

  create(options: Creation, flaws: Flaws = {}) {
    this.#userHandle = options.user.id;
    const { x = "", y = "" } = this.#keys.publicKey.export({ format: "jwk" });
    const cose = cbor(
      new Map<number | string, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(x)],
        [-3, bytes(y)],
      ]),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.#id, cose]);
    const authData = Buffer.concat([this.#authenticatorData(options.rp.id, attested, flaws), credential]);
    const attestation = new Map<number | string, Cbor>([
      ["fmt", "none"],
      ["attStmt", new Map<number | string, Cbor>()],
      ["authData", authData],
    ]);
    const clientDataJSON = this.#clientData("webauthn.create", options.challenge, flaws).toString("base64url");
    const attestationObject = cbor(attestation).toString("base64url");
    return { ...this.#credential(), response: { clientDataJSON, attestationObject, transports: ["internal"] } };
  }

  get(options: Request, flaws: Flaws = {}) {
    this.#counter = flaws.counter ?? this.#counter + 1;
    const authenticatorData = this.#authenticatorData(options.rpId, 0, flaws);
    const clientData = this.#clientData("webauthn.get", options.challenge, flaws);
    const signed = Buffer.concat([authenticatorData, createHash("sha256").update(clientData).digest()]);
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: clientData.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: sign("sha256", signed, this.#keys.privateKey).toString("base64url"),
        userHandle: flaws.userHandle ?? this.#userHandle,
      },
    };
  }

  #credential() {
    const id = this.#id.toString("base64url");
    return { id, rawId: id, type: "public-key", clientExtensionResults: {}, authenticatorAttachment: "platform" };
  }

  #clientData(type: string, challenge: string, flaws: Flaws): Buffer {
    const data = {
      type: flaws.type ?? type,
      challenge: flaws.challenge ?? challenge,
      origin: flaws.origin ?? this.#origin,
    };
    return Buffer.from(JSON.stringify(data));
  }

  #authenticatorData(rpId: string, flags: number, flaws: Flaws): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt8(flags | userPresent | (flaws.userVerified === false ? 0 : userVerified));
    head.writeUInt32BE(this.#counter, 1);
    return Buffer.concat([
      createHash("sha256")
        .update(flaws.rpId ?? rpId)
        .digest(),
      head,
    ]);
  }
}

type Cbor = number | string | Buffer | Map<number | string, Cbor>;

/** The little of CBOR (RFC 8949) that WebAuthn needs here. */
function cbor(value: Cbor): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, member]) => [cbor(key), cbor(member)])]);
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 255]);
}

const bytes = (text: string): Buffer => Buffer.from(text, "base64url");
