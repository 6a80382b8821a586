"""What all pages have in common. They work without scripts."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import htpy as h
from htpy import Element, Node
from yarl import URL

from bots.text.locale import N_, _, is_right_to_left, spoken
from core.domain.sessions import new_secret

if TYPE_CHECKING:
    from bots.web.console.visit import Visit

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def _named(name: str) -> str:
    """Return the path of a file of ours; a browser that kept another release's asks anew."""
    return f"/static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


STYLE, ICON = _named("console.css"), _named("icon.svg")


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
            ],
            h.body[
                h.a(".skip", href="#main")[_("Skip to the content")],
                h.header[h.div(".bar")[h.span(".brand")["Troubadour"], _account(visit, path) if visit else None]],
                _tabs(_("This community"), tabs, path) if tabs else None,
                h.main(id="main")[noted and h.p(".note", role="status")[noted], h.h1(dir="auto")[title], body],
            ],
        ]
    )


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
    held = {"token": visit.token, "act": new_secret()[:22], "from": visit.shown, **fields}
    return [h.input(type="hidden", name=name, value=value) for name, value in held.items()]


def form(visit: "Visit", action: str, label: str, *inputs: Node, kind: str = "", **fields: str) -> Element:
    """Return a form with one button."""
    return h.form(".act", action=action, method="post")[
        hidden(visit, **fields), inputs, h.button(class_=kind or None)[label]
    ]


def act(visit: "Visit", command: str, label: str, *inputs: Node, kind: str = "", **fields: str) -> Element:
    """Return a form that runs a command, about the page's community or as an operator."""
    place = visit.request.match_info.get("community")
    return form(
        visit, f"/c/{place}/do" if place else "/operator/do", label, *inputs, kind=kind, command=command, **fields
    )


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
    return h.dl[((h.dt[name], h.dd(dir="auto")[value]) for name, value in found.items())]


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Node]]) -> Element:
    """Return a table; on a phone each row is a card with the heads before the cells."""
    return h.div(".wide")[
        h.table[
            h.caption[caption],
            h.thead[h.tr[(h.th(scope="col")[head] for head in heads)]],
            h.tbody[(h.tr[tuple(_cells(heads, row))] for row in rows)],
        ]
    ]


def _cells(heads: Sequence[str], row: Sequence[Node]) -> Iterator[Element]:
    for n, (head, cell) in enumerate(zip(heads, row, strict=True)):
        yield h.td(data_head=head if n else None, dir="auto")[cell]


def turn(path: str, label: str, **query: str) -> Element:
    """Return a link to another page of a list."""
    return h.p[h.a(".turn", href=str(URL(path).with_query(query)), rel="next")[label]]
