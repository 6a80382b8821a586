-- A few words in a voice and a language, for the operator's money: one row for each try. cost_micros is what the operator
-- may have to pay for it, in month_ms; 0 once it is proven that nothing is.
CREATE TABLE previews (
    preview_id TEXT NOT NULL PRIMARY KEY,
    voice TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitting', 'running', 'kept', 'failed')),
    cost_micros BIGINT NOT NULL CHECK (cost_micros >= 0),
    month_ms BIGINT NOT NULL,
    tried_ms BIGINT NOT NULL,
    request_id TEXT,
    reason TEXT,
    artifact TEXT
);

CREATE INDEX previews_by_voice ON previews (voice, language);

CREATE UNIQUE INDEX previews_one ON previews (voice, language) WHERE state IN ('running', 'kept');
