export { openS3Endpoint, type S3Endpoint, startS3 } from "./start-s3.ts";
