"""The SQL of credit requests, the orders that wait for them, and the calls that admins get."""

from storage.accounts_sql import sharing
from storage.communities_sql import HERE

# One open wish at a time, and a pause after a decision. One that nobody decided on for long is forgotten before that.
ASK = f"""
INSERT INTO credit_requests (credit_request_id, community_id, member, name, amount_micros, asked_ms, state)
SELECT :credit_request_id, community_id, :member, :name, :amount_micros, :now_ms, 'open'
FROM communities WHERE key = :community
AND NOT EXISTS (
    SELECT 1 FROM credit_requests
    WHERE credit_requests.community_id = communities.community_id AND member IN {sharing(":member")}
    AND (credit_requests.state = 'open' OR credit_requests.decided_ms > :paused_ms)
)
RETURNING credit_request_id
"""
FORGET_WISHES = f"""
DELETE FROM credit_requests
WHERE community_id = {HERE} AND member IN {sharing(":member")} AND state = 'open' AND asked_ms <= :forgotten_ms
"""
WITHDRAW = f"""
DELETE FROM credit_requests
WHERE credit_request_id = :credit_request_id AND community_id = {HERE} AND member = :member AND state = 'open'
"""

OPEN_REQUESTS = f"""
SELECT credit_request_id, member, name, amount_micros FROM credit_requests
WHERE community_id = {HERE} AND state = 'open' ORDER BY asked_ms DESC, credit_request_id DESC LIMIT :most
"""

CLAIM_CALL = """
INSERT INTO admin_calls (community_id, about, called_ms)
SELECT community_id, :about, :now_ms FROM communities WHERE key = :community
ON CONFLICT (community_id, about) DO UPDATE SET called_ms = excluded.called_ms
WHERE admin_calls.called_ms <= :before_ms OR admin_calls.called_ms > :now_ms
RETURNING called_ms
"""
DROP_CALL = f"DELETE FROM admin_calls WHERE community_id = {HERE} AND about = :about"

KEEP_ORDER = """
INSERT INTO kept_orders (order_id, event_id, community_id, member, placed, locale, cost_micros, kept_ms)
SELECT :order_id, :event_id, community_id, :member, :placed, :locale, :cost_micros, :now_ms
FROM communities WHERE key = :community
ON CONFLICT (event_id) DO UPDATE SET event_id = excluded.event_id
RETURNING order_id
"""
LEAVE_FEW = f"""
DELETE FROM kept_orders
WHERE community_id = {HERE} AND member = :member AND credit_request_id IS NULL AND order_id NOT IN (
    SELECT order_id FROM kept_orders
    WHERE community_id = {HERE} AND member = :member AND credit_request_id IS NULL
    ORDER BY kept_ms DESC, order_id DESC LIMIT :most
)
"""
KEEP_WITH = f"""
UPDATE kept_orders SET credit_request_id = :credit_request_id, goes = :goes, kept_ms = :now_ms
WHERE order_id = :order_id AND community_id = {HERE} AND member = :member AND credit_request_id IS NULL
AND kept_ms > :forgotten_ms
AND EXISTS (SELECT 1 FROM credit_requests WHERE credit_request_id = :credit_request_id)
RETURNING order_id
"""
KEEP_WITHOUT = """
UPDATE kept_orders SET credit_request_id = NULL, goes = 0 WHERE credit_request_id = :credit_request_id
"""
_KEPT = """
SELECT order_id, member, placed, locale, cost_micros, kept_ms, goes FROM kept_orders
"""
KEPT_ORDER = f"{_KEPT} WHERE order_id = :order_id AND community_id = {HERE}"
KEPT_WITH = f"{_KEPT} WHERE credit_request_id = :credit_request_id AND community_id = {HERE}"
# Whatever else waits for its member's press: an order that is kept, or one whose price or reading is asked for.
PLACED_FOR = """
SELECT communities.key AS community FROM (
    SELECT community_id FROM kept_orders WHERE order_id = :placed_id AND member = :member
    UNION ALL SELECT community_id FROM offers WHERE offer_id = :placed_id AND member = :member
) AS placed JOIN communities ON communities.community_id = placed.community_id
"""
DROP_KEPT = "DELETE FROM kept_orders WHERE order_id = :order_id"
DROP_KEPT_WITH = "DELETE FROM kept_orders WHERE credit_request_id = :credit_request_id RETURNING order_id"
FORGET_KEPT = "DELETE FROM kept_orders WHERE kept_ms <= :forgotten_ms"
