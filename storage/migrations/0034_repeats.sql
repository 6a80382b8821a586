-- What is kept of an order may be sent again in answer to another: to whose event, which is answered once, and who placed
-- it, where that is not the order's member.
ALTER TABLE deliveries ADD COLUMN event_id TEXT;

ALTER TABLE deliveries ADD COLUMN asker TEXT;

CREATE UNIQUE INDEX deliveries_event ON deliveries (event_id) WHERE event_id IS NOT NULL;
