"""Full stops that end no sentence, in the languages that have them. Pure."""

import re

_BEFORE_A_NAME = frozenset(
    """
    mr mrs ms messrs dr drs prof st sr jr gen col capt cpt cmdr lt sgt cpl pvt maj adm rev fr hon gov sen rep pres mt ft
    ave blvd vs cf approx dept inc ltd co corp bros al
    hr hrn frl hl dipl ing med phil jur bzw ca vgl evtl ggf inkl exkl zzgl sog geb gest allg bes bspw ehem str mio mrd
    mme mlle mgr sra srta dra dña exmo exma sig dott avv geom egr spett ud uds vd dhr mevr bijv
    np tzw ks św inż tzv např sn av örn pl
    гг г-н г-жа ул пер пл просп рис табл см ср им проф акад доц тов гр руб тыс млн млрд напр вул
    डॉ श्री श्रीमती प्रो पं
    """.split()
)
_BEFORE_A_NUMBER = frozenset(
    """
    no nos nr nrs nro núm num pp ss vol vols fig figs abb tab art arts ch chap kap bd sec sect abs abt ziff rn op ed
    pág págs cap pag pagg čl str poz obr ст стр гл
    """.split()
)
_MONTHS = frozenset("Jan Feb Mar Apr Aug Sep Sept Okt Oct Nov Dez Dec".split())
"""In capitals alone: mar and sept are words."""
_SHORTENED = re.compile(r"[^\W\d_]{1,3}(?:\.[^\W\d_]{1,3})+")
_ORDINAL = re.compile(r"\d{1,2}|[IVXLC]{2,5}", re.ASCII)
_OPENING = "\"'([{\u00bf\u00a1\u201c\u201e\u2018\u00ab"


def abbreviates(before: str, after: str) -> bool:
    """Say whether the full stop between two texts belongs to an abbreviation, an initial or an ordinal number.

    A sentence that ends with one is taken for no end, which does less harm than a cut after "Dr." or "am 3.".
    """
    if not before.endswith("."):
        return False
    short = before.rsplit(maxsplit=1)[-1].lstrip(_OPENING)[:-1]
    is_initial = sum(map(str.isalpha, short)) == 1 and not any(map(str.isdigit, short))
    return (
        is_initial
        or short.casefold() in _BEFORE_A_NAME
        or short in _MONTHS
        or _SHORTENED.fullmatch(short) is not None
        or _ORDINAL.fullmatch(short) is not None
        or (after[:1].isdigit() and short.casefold() in _BEFORE_A_NUMBER)
    )
