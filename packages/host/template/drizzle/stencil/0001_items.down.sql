DROP TABLE stencil.idempotency_keys;
DROP TABLE stencil.outbox;
DROP TABLE stencil.items;
DROP TABLE stencil.owners;
