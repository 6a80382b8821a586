-- What is ordered everywhere, such as a greeting, is looked for in its community alone.
DROP INDEX jobs_same;
CREATE INDEX jobs_same ON jobs (digest, community_id) WHERE kept = 1;
