"""Which words after an amount may belong to it, and which are plainly its reason. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import takewhile

LONGEST = 200
"""Characters of anything that is an amount or a time."""
MOST_WORDS = 6
"""Of one amount."""
SPACES = re.compile("[ \t\u00a0\u2009\u202f]+")


def tidy(text: str) -> str:
    """Return a text in lower case with single spaces; what is too long is cut and ends in "…", as no amount does."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return SPACES.sub(" ", cut).strip(" ").lower()


# --- what may belong to an amount -----------------------------------------------------------------------------------

LINKS = "and plus or to minus of per a an each every by x times point / + - \u2013 \u2014 * , .".split()
LONGS = "second minute hour day week month year".split()
_MONEY = frozenset(
    """
    cent cents centime centimes céntimo céntimos centavo centavos eurocent eurocents dollar dollars usd buck bucks eur
    euro euros pound pounds gbp quid pence penny pennies yen jpy yuan cny rmb krw rupee rupees inr paisa paise rub ruble
    rubles rouble roubles kopeck kopecks kopek kopeks franc francs franken rappen chf sek krona kronor nok dkk krone
    kroner pln zloty brl reais peso pesos lira liras aud cad nzd btc bitcoin bitcoins eth satoshi satoshis sats nickel
    nickels dime dimes char chars character characters zeichen caracter caracteres caractère caractères token tokens
    credit credits рубль рубля рублей копеек евро центов
    """.split()
)
"""What is hardly anything else: coins, currencies, and what texts are counted in."""
_UNITS = {form for unit in LONGS for form in (unit, f"{unit}s")}.union(
    _MONEY,
    """
    amount c ct cts us p rs micros grand k m b h d w s mio mln bn hundred hundreds thousand thousands million millions
    billion billions half quarter quarters dozen percent pct letter letters symbol symbols word words point points coin
    coins unit units song songs order orders message messages daily weekly monthly yearly unlimited zero one two three
    four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    twenty thirty forty fifty sixty seventy eighty ninety
    """.split(),
)
_TIME_LINKS = frozenset("for in within until over during".split())
_TIME_WORDS = frozenset("the this next one a an".split())


def amount_like(words: Sequence[str]) -> int:
    """Count the words at the beginning that may belong to an amount."""
    count = place = 0
    tidied = [tidy(word).strip("!?()") for word in words[: 2 * MOST_WORDS]]
    while place < len(tidied) and (tidied[place] in LINKS or _is_amount_word(tidied[place])):
        place += 1
        if tidied[place - 1] not in LINKS:
            count = place
    return count or _time_like(tidied)


def _time_like(words: Sequence[str]) -> int:
    """Count the words of `for 2 days` or `until the week`, which a grant can't have: credit does not expire."""
    if not words or words[0] not in _TIME_LINKS:
        return 0
    place = 1
    while place < len(words) and (words[place] in _TIME_WORDS or _has_digit(words[place])):
        place += 1
    is_time = place < len(words) and words[place].rstrip(",.").removesuffix("s") in LONGS
    return place + 1 if is_time else 0


def _is_amount_word(word: str) -> bool:
    if word.startswith(("@", "#")):
        return False
    return word.strip(",.;:/") in _UNITS or _has_digit(word) or any(unicodedata.category(c) == "Sc" for c in word)


def _has_digit(word: str) -> bool:
    return any(unicodedata.category(c)[0] == "N" for c in word) or "%" in word


# --- what is plainly a reason ---------------------------------------------------------------------------------------

_BEFORE = frozenset("and & a an the my our to with".split())
_REASONS = frozenset(
    """
    for because bc cause since as due thanks thank thx tnx ty tysm cheers kudos congrats congratulations gg bravo well
    good great nice lovely beautiful wonderful awesome amazing excellent brilliant perfect happy welcome sorry apologies
    refund compensation bonus prize gift present reward award tip treat won win winner winning help helped helping
    contest event giveaway raffle quiz birthday bday anniversary christmas say celebrate love mistake error typo wrong
    spam spamming abuse test testing correction hello
    danke dank vielen weil wegen geschenk gewonnen glückwunsch merci parce cadeau félicitations gracias porque regalo
    felicidades grazie obrigado obrigada presente bedankt tack kiitos dzięki dziękuję děkuji teşekkürler спасибо
    благодарю подарок приз дякую ありがとう 谢谢 感谢 \u2764 🎉 👏 🙏 👍 🎁 🏆 🎂 🥳
    """.split()
)
_GROUNDS = frozenset("for because bc cause since as due from who to".split())
"""After which the amount is left behind: thanks for the 3 euros."""
_FOR = frozenset("für fuer pour por para voor för dla за untuk".split())
"""In other languages, where it may also make a rate or a product: 5 por dia, 5 pour cent, 5 por 3."""
_AFTER_FOR = frozenset(
    """
    cent mille ciento cento cien mil hundert tausend сто тысячу dia día semana mes mês jour semaine mois tag woche monat
    день неделю месяц час
    """.split()
)
_MARKS = ",;:([{<\"'\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb@#"
MOST_BEFORE_MONEY = 4
"""Words that may stand between an amount and its unit: 5 of those good old centimes."""
_DASHES = frozenset({"-", "--", "\u2013", "\u2014"})


def is_reason(words: Sequence[str]) -> bool:
    """Say whether words after an amount are plainly no part of it: one of a few begins them, or a mark sets them apart.

    No list holds every word for a thousand or a coin, so whatever else follows is asked about.
    """
    if amount_like(words) or not words:
        return False
    if words[0][0] in _MARKS or (words[0] in _DASHES and len(words) > 1):
        return True
    tidied = _bare(words)
    at = next((place for place, word in enumerate(tidied) if word not in _BEFORE), 0)
    first, second = tidied[at], next(iter(tidied[at + 1 :]), "")
    if first in _FOR:
        return bool(second) and second not in _AFTER_FOR and not _is_amount_word(second)
    return first in _REASONS and (first == "for" or not (_is_amount_word(second) or money_like(words)))


def money_like(words: Sequence[str]) -> int:
    """Count the words up to one that names money, if it may be the unit of the amount before them."""
    few = list(takewhile(lambda word: word not in _GROUNDS, _bare(words[: MOST_BEFORE_MONEY + 1])))
    return next((place for place, word in enumerate(few, 1) if word in _MONEY), 0)


def _bare(words: Sequence[str]) -> list[str]:
    return [tidy(word).strip("!?.,;:()…\ufe0f") for word in words]
