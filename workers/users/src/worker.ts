import { createWorker } from "@trivet/http";
import { users } from "./service.ts";

export default createWorker(users);
