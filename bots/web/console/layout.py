"""What all pages have in common. They work without scripts; with them, forms act in place and parts are live."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import htpy as h
from aiohttp import web
from htpy import Element, Node, VoidElement
from yarl import URL

from bots.text.locale import N_, _, is_right_to_left, spoken
from core.domain.sessions import new_secret

if TYPE_CHECKING:
    from bots.web.console.visit import Visit

STATIC = Path(__file__).parent / "static"
TITLE = web.ResponseKey("title", str)
"""What an answer says in one sentence."""
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def _named(name: str) -> str:
    """Return the path of a file of ours; a browser that kept another release's asks anew."""
    return f"/static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


STYLE, ICON = _named("console.css"), _named("icon.svg")
SCRIPTS = [_named("htmx.min.js"), _named("sse.min.js")]
HTMX = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "historyEnabled": False,
    "historyCacheSize": 0,
    "timeout": 20_000,
    "responseHandling": [{"code": "204", "swap": False}, {"code": ".*", "swap": True}],
}
"""htmx's settings: nothing is evaluated, no style is written into pages, and none of them is kept by the browser."""


ACT = re.compile(r"[\w-]{22}", re.ASCII)


class Tab(NamedTuple):
    """A page beside this one."""

    path: str
    label: str


MINE = (Tab("/", N_("Allowance")), Tab("/orders", N_("Orders")), Tab("/data", N_("My data")))
TABS: Mapping[str, str] = {
    "": N_("My allowance"),
    "members": N_("Members"),
    "quotas": N_("Quotas"),
    "limits": N_("Limits"),
    "requests": N_("Requests"),
    "usage": N_("Usage"),
    "words": N_("Pronunciations"),
    "audit": N_("Audit"),
}
"""Pages of a community, by the end of their paths."""
OPERATORS = Tab("/operator", N_("Operator"))


def tabs_of(community: str) -> Sequence[Tab]:
    """Return the pages of a community that its admins see."""
    return [Tab(f"/c/{community}/{end}".rstrip("/"), _(label)) for end, label in TABS.items()]


OPERATORS_TABS = (
    Tab("/operator", N_("Health and money")),
    Tab("/operator/communities", N_("Communities")),
    Tab("/operator/jobs", N_("Under way")),
    Tab("/operator/settings", N_("Settings")),
)


def document(
    title: str,
    body: Node,
    *,
    path: str = "",
    visit: "Visit | None" = None,
    tabs: Sequence[Tab] = (),
    noted: str = "",
) -> str:
    """Return a whole page."""
    language = spoken().locale
    return str(
        h.html(lang=str(language).replace("_", "-"), dir="rtl" if is_right_to_left() else "ltr")[
            h.head[
                h.meta(charset="utf-8"),
                h.meta(name="viewport", content="width=device-width, initial-scale=1"),
                h.title[f"{title} - Troubadour"],
                h.link(rel="stylesheet", href=STYLE),
                h.link(rel="icon", href=ICON, type="image/svg+xml"),
                _scripts() if visit else None,
            ],
            h.body({"hx-ext": "sse"})[
                h.a(".skip", href="#main")[_("Skip to the content")],
                h.header[h.div(".bar")[h.span(".brand")["Troubadour"], _account(visit, path) if visit else None]],
                _tabs(_("This community"), tabs, path) if tabs else None,
                note(noted),
                h.main(id="main")[h.h1(dir="auto")[title], body],
            ],
        ]
    )


def answer(title: str, body: Node = (), *, status: int = 200, **more: Any) -> web.Response:
    """Answer with a page, of which forms that act in place are told the title; `more` as for `document`."""
    response = web.Response(text=document(title, body, **more), content_type="text/html", status=status)
    response[TITLE] = title
    return response


def _scripts() -> Node:
    scripts = (h.script(src=name, defer=True) for name in SCRIPTS)
    return [h.meta(name="htmx-config", content=json.dumps(HTMX)), scripts]


def note(text: Node) -> Element:
    """Return what came of a form; assistive technology reads it out when it changes."""
    return h.div(".note", id="note", role="status")[text]


def _account(visit: "Visit", path: str) -> Node:
    pages = [Tab(tab.path, _(tab.label)) for tab in (*MINE, *([OPERATORS] if visit.is_operator else []))]
    sign_out = h.form(action="/out", method="post")[hidden(visit), h.button(".quiet")[_("Sign out")]]
    return [_tabs(_("Pages"), pages, path), h.span(".who", dir="auto")[visit.session.name], sign_out]


def _tabs(label: str, tabs: Sequence[Tab], path: str) -> Element:
    here = max((tab.path for tab in tabs if path == tab.path or path.startswith(f"{tab.path}/")), key=len, default="")
    links = (h.a(href=tab.path, aria_current="page" if tab.path == here else None)[tab.label] for tab in tabs)
    return h.nav(aria_label=label)[h.ul[(h.li[link] for link in links)]]


def hidden(visit: "Visit", **fields: str) -> Node:
    """Return what a form holds besides what is typed: that it is ours, a name by which it acts once, and its page."""
    held = {"token": visit.token, "from": visit.shown, **fields}
    return [_named_act(), (h.input(type="hidden", name=name, value=value) for name, value in held.items())]


def _named_act(**more: str) -> VoidElement:
    name = new_secret()[:22]
    return h.input(more, id=f"act-{name}", type="hidden", name="act", value=name)


def refused(text: str, act: str) -> str:
    """Return what is shown of a refusal beside a form that stays: why, and a new name by which it acts once more."""
    anew = _named_act(**{"hx-swap-oob": f"outerHTML:#act-{act}"}) if ACT.fullmatch(act) else None
    return str(h.fragment[note(h.span(".wrong")[text]), anew])


def form(
    visit: "Visit", action: str, label: str, *inputs: Node, kind: str = "", changes: str = "main", **fields: str
) -> Element:
    """Return a form with one button. `changes`: the id of what is shown anew afterwards; "" is another page."""
    return h.form(".act", in_place(action, changes) if changes else {}, action=action, method="post")[
        hidden(visit, **fields), inputs, h.button(class_=kind or None)[label]
    ]


def in_place(action: str, changes: str) -> Mapping[str, str]:
    """Return what has a form act without another page, where there are scripts."""
    return {
        "hx-post": action,
        "hx-target": f"#{changes}",
        "hx-select": f"#{changes}",
        "hx-select-oob": "#note:innerHTML",
        "hx-swap": "outerHTML",
        "hx-disabled-elt": "find button",
    }


def act(
    visit: "Visit", command: str, label: str, *inputs: Node, kind: str = "", changes: str = "main", **fields: str
) -> Element:
    """Return a form that runs a command, about the page's community or as an operator."""
    place = visit.request.match_info.get("community")
    action = f"/c/{place}/do" if place else "/operator/do"
    return form(visit, action, label, *inputs, kind=kind, changes=changes, command=command, **fields)


def field(label: str, name: str, value: str = "", *, is_hushed: bool = False, **more: str | bool) -> Element:
    """Return a labelled line to type in; `is_hushed`: what it is for stands above it already."""
    return h.label(class_="hushed" if is_hushed else None)[
        h.span[label], h.input(type="text", name=name, value=value, autocomplete="off", **more)
    ]


def choice(label: str, name: str, options: Mapping[str, str], now: str, *, is_hushed: bool = False) -> Element:
    """Return a labelled list to choose from; `is_hushed`: what it is for stands above it already."""
    known = options if now in options or not now else {now: now, **options}
    return h.label(class_="hushed" if is_hushed else None)[
        h.span[label],
        h.select(name=name)[(h.option(value=value, selected=value == now)[said] for value, said in known.items())],
    ]


def facts(found: Mapping[str, Node]) -> Element:
    """Return what is known, each under its name."""
    return h.dl[((h.dt[name], h.dd[_apart(value)]) for name, value in found.items())]


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Node]], ids: Sequence[str] = ()) -> Element:
    """Return a table; on a phone each row is a card with the heads before the cells. `ids`: of the rows."""
    return h.div(".wide")[
        h.table[
            h.caption[caption],
            h.thead[h.tr[(h.th(scope="col")[head] for head in heads)]],
            h.tbody[(h.tr(id=of)[tuple(_cells(heads, row))] for row, of in zip_longest(rows, ids))],
        ]
    ]


def _cells(heads: Sequence[str], row: Sequence[Node]) -> Iterator[Element]:
    for n, (head, cell) in enumerate(zip(heads, row, strict=True)):
        yield h.td(data_head=head if n else None)[_apart(cell)]


def _apart(content: Node) -> Node:
    """Let a text run in its own direction, where the page's may be another."""
    return h.bdi[content] if content and isinstance(content, str) else content


def turn(path: str, label: str, **query: str) -> Element:
    """Return a link to another page of a list."""
    return h.p[h.a(".turn", href=str(URL(path).with_query(query)), rel="next")[label]]
