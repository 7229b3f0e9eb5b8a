import type { QueueContentType } from "@trivet/platform";

/** The column holds what `send` was given, which is one of these. */
export const contentTypeOf = ({ content_type }: { content_type: string }): QueueContentType =>
  content_type as QueueContentType;
