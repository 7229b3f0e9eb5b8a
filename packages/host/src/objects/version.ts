import { randomBytes } from "node:crypto";

export const newVersion = (): string => randomBytes(16).toString("hex");
