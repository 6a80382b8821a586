"""Settings that a row of another table brings along."""

from dataclasses import replace
from typing import cast

import pytest

from bots.app.fields import _of_products
from core.domain.parameters import Text
from core.domain.products import PRODUCTS, Product


def test_a_product_brings_its_settings_along(monkeypatch: pytest.MonkeyPatch) -> None:
    chime = replace(PRODUCTS["music"], name="chime", billed="tune", table={"tune": Text(123)})
    monkeypatch.setitem(cast("dict[str, Product]", PRODUCTS), "chime", chime)
    settings = dict(_of_products())
    assert settings["chime_endpoint"][1].default is None
    assert settings["chime_limit"][1].default == 123
    assert settings["chime_limit"][1].description == "Characters of a tune, at most 6000."
