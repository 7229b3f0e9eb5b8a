/** What Cloudflare documents of queues and miniflare does otherwise, by the title of the case, and why. */
export const miniflareDiffers: Readonly<Record<string, string>> = {
  "a dead letter says what its last attempt failed of":
    "a cause is the host's own: Cloudflare's dead letters carry none",
  "a message's own ack holds against a later retryAll":
    "miniflare's broker passes over explicit acknowledgements once a batch is retried; Cloudflare documents that they hold",
  "what was acknowledged before the handler threw stays acknowledged":
    "miniflare's broker passes over explicit acknowledgements once a batch is retried; Cloudflare documents that they hold",
};
