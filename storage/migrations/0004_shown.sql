-- Whether the member of an order that waits was shown that, where several workers might.
ALTER TABLE jobs ADD COLUMN shown BIGINT NOT NULL DEFAULT 0;
