"""Orders as people write them."""

from typing import Any

from bots.commands.orders import Words, read
from core.domain.orders import Destination, Order
from core.domain.products import Catalog, catalog
from tests.makers import caller

TABLE = catalog(default_voice="Lily", more_voices=("Zed-2",))


def ordered(body: str, product: str = "speech", *, table: Catalog = TABLE, **words: Any) -> Order:
    where = Destination("test")
    return read(Words(body=body, **words), product, table, caller(), event_id="test:1", destination=where)
