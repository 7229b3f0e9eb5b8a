import { createWorker } from "@trivet/http";
import { router } from "./service.ts";

export default createWorker(router);
