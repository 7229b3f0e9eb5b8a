import { createWorker } from "@trivet/http";
import { auth } from "./service.ts";

export default createWorker(auth);
