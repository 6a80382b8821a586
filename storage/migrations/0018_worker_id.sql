ALTER TABLE jobs RENAME COLUMN owner TO worker_id;
