export { clockTolerance, messageLifetime, sealedLength } from "./envelope.ts";
export { EnvelopeFault, type EnvelopeFaultReason } from "./envelope-fault.ts";
export { KeyRing, type KeyRings, keyRingsIn, keyVariable } from "./key-ring.ts";
export { type OpenedRequest, openRequest } from "./open-request.ts";
export type { ReplayStore } from "./replays.ts";
export { type AnswerTo, sealAnswer } from "./seal-answer.ts";
export {
  communicationHeader,
  encryptResponseHeader,
  hasSealedBody,
  messageHeader,
  saysEncrypted,
  sealedType,
  targetOf,
} from "./sealed-message.ts";
export { type SealedTry, sealRequest } from "./sealed-try.ts";
