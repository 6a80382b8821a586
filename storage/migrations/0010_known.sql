-- Communities that before 0008 were known by these alone were served as well. One that came later waits as it did.
INSERT INTO communities (community, state, title, added_by, added_name, asked_ms, decided_by)
SELECT community, 'approved', '', '', '', 0, '' FROM (
    SELECT community, actor AS member, at_ms FROM audit
    UNION ALL SELECT community, member, asked_ms FROM requests
    UNION ALL SELECT community, member, expires_ms FROM offers
    UNION ALL SELECT community, member, day_ms FROM usage
    UNION ALL SELECT community, '', month_ms FROM pool_usage
) AS known
WHERE at_ms <= (SELECT applied_ms FROM migrations WHERE version = 8)
AND community NOT IN ('', member)
AND community NOT IN (SELECT community FROM members WHERE community = member)
GROUP BY community
ON CONFLICT (community) DO UPDATE SET state = 'approved' WHERE communities.state = 'waiting';
