import { createWorker } from "@trivet/http";
import { analytics } from "./service.ts";

export default createWorker(analytics);
