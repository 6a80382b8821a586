-- The language of a job's member, as a BCP-47 tag: a worker in another process may write to them. '' is not known.
ALTER TABLE jobs ADD COLUMN locale TEXT NOT NULL DEFAULT '';
