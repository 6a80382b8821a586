"""The scripts that pages load are those that their registry has, and may do nothing but what they are for."""

import html
import json
import re
from hashlib import sha256

from bots.web.console.guard import HEADERS
from bots.web.console.layout import SCRIPTS, STATIC
from tests.bots.web.console.house import House


def test_they_are_unchanged() -> None:
    stated = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", (STATIC / "README.md").read_text(), re.MULTILINE))
    found = {sha256(path.read_bytes()).hexdigest(): path.name for path in STATIC.glob("*.js")}
    assert found == stated
    assert {path.partition("?")[0] for path in SCRIPTS} == {f"/static/{name}" for name in found.values()}


def test_none_is_written_into_a_page_and_nothing_is_evaluated() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


async def test_they_are_loaded_by_whoever_is_signed_in(house: House) -> None:
    mine = await house.visit(house.bob)
    page = (await mine.open("/orders")).text
    settings = json.loads(html.unescape(re.findall(r'name="htmx-config" content="([^"]+)"', page)[0]))
    never = ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyEnabled")
    assert [settings[name] for name in never] == [False] * 4
    for path in re.findall(r'<script src="([^"]+)" defer>', page):
        assert (await mine.open(path)).headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "<script" not in (await house.browser().open("/")).text
