-- Whether orders are taken in a community. Direct chats, whose key is their member's, are not among them.
CREATE TABLE communities (
    community TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_name TEXT NOT NULL,
    asked_ms BIGINT NOT NULL,
    decided_ms BIGINT,
    decided_by TEXT NOT NULL
);

-- Those that are known by now were served until now.
INSERT INTO communities (community, state, title, added_by, added_name, asked_ms, decided_by)
SELECT community, 'approved', '', '', '', 0, '' FROM (
    SELECT community FROM members
    UNION SELECT community FROM quotas
    UNION SELECT community FROM limits
    UNION SELECT community FROM pools
    UNION SELECT community FROM blocks
    UNION SELECT community FROM jobs
    UNION SELECT community FROM ledger
) AS known
WHERE community NOT IN (SELECT community FROM members WHERE community = member);
