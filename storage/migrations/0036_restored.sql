-- 1 where it was under way in a copy that took the database's place: its audio may have been sent since, and then it is
-- sent only if somebody asks for it.
ALTER TABLE jobs ADD COLUMN restored BIGINT;
