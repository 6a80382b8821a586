"""The SQL of accounts: the platform's key for somebody leads to the account that pays, which several may share."""

ACCOUNT = "(SELECT account_id FROM identities WHERE key = :member)"


def sharing(key: str) -> str:
    """Return the query for all keys of the account that this one leads to."""
    return f"(SELECT key FROM identities WHERE account_id = (SELECT account_id FROM identities WHERE key = {key}))"


# The account is found by the identity that it was opened for, so that no two opened at once are mixed up.
OPEN = (
    "INSERT INTO accounts (opened_for) VALUES (:member) ON CONFLICT (opened_for) DO NOTHING",
    """
    INSERT INTO identities (key, account_id) SELECT opened_for, account_id FROM accounts WHERE opened_for = :member
    ON CONFLICT (key) DO NOTHING
    """,
)
IDS = """
SELECT community_id, account_id FROM communities CROSS JOIN identities
WHERE communities.key = :community AND identities.key = :member
"""
"""By what all other tables know a community and who pays there."""
