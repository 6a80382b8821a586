"""The SQL of pronunciations: a member owns theirs by the key, a community by its id."""

from storage.communities_sql import HERE

COMMUNITYS = f"(SELECT CAST(community_id AS TEXT) FROM communities WHERE community_id = {HERE})"
OWNERS = """
SELECT DISTINCT coalesce(communities.key, owner) AS owner FROM pronunciations
LEFT JOIN communities ON CAST(communities.community_id AS TEXT) = owner
"""
ALL = f"""
SELECT owner = :member AS mine, written, spoken FROM pronunciations WHERE owner IN (:member, {COMMUNITYS})
ORDER BY mine, folded
"""
SET = """
INSERT INTO pronunciations (owner, folded, written, spoken) SELECT {owner}, :folded, :written, :spoken
WHERE (SELECT count(*) FROM pronunciations WHERE owner = {owner} AND folded <> :folded) < :most
ON CONFLICT (owner, folded) DO UPDATE SET written = excluded.written, spoken = excluded.spoken
RETURNING folded
"""
CLEAR = "DELETE FROM pronunciations WHERE owner = {owner} AND folded = :folded RETURNING folded"
SET_MINE, CLEAR_MINE = SET.format(owner="CAST(:member AS TEXT)"), CLEAR.format(owner=":member")
SET_HERE, CLEAR_HERE = SET.format(owner=COMMUNITYS), CLEAR.format(owner=COMMUNITYS)
