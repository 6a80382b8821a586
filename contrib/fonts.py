"""Cut the fonts of the picture of `/usage` out of Noto: `python -m contrib.fonts FOLDER...` (needs fonttools, brotli).

Debian has them: fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji, all under the SIL Open Font License 1.1.
"""

import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from PIL import Image

HERE = Path(__file__).parent.parent / "bots" / "text" / "fonts"
SCRIPTS = """
NotoSans NotoSansArabic NotoSansHebrew NotoSansDevanagari NotoSansBengali NotoSansGurmukhi NotoSansGujarati
NotoSansOriya NotoSansTamil NotoSansTelugu NotoSansKannada NotoSansMalayalam NotoSansSinhala NotoSansThai NotoSansLao
NotoSansKhmer NotoSansMyanmar NotoSansArmenian NotoSansGeorgian NotoSansEthiopic NotoSansCherokee
NotoSansCanadianAboriginal NotoSansMongolian NotoSansThaana NotoSansNKo NotoSansTifinagh NotoSansAdlam
NotoSansJavanese NotoSansBalinese NotoSansOlChiki NotoSansMeeteiMayek NotoSansMath NotoSansSymbols
NotoSansSymbols2
""".split()
"""In the order in which they are asked for a letter."""
CJK, SIMPLIFIED = "NotoSansCJK-Regular.ttc", 2
EMOJI, EMOJI_PIXELS, EMOJI_A_ROW = "NotoColorEmoji.ttf", 32, 48
FLAGS = range(0x1F1E6, 0x1F200)


def main(folders: Sequence[str]) -> None:
    """Write the fonts, what each has, and the emoji."""
    found = {path.name: path for folder in folders for path in Path(folder).rglob("Noto*")}
    coverage = {name: _cut(TTFont(found[f"{name}-Regular.ttf"]), name) for name in SCRIPTS}
    coverage["NotoSansCJK"] = _cut(TTFont(found[CJK], fontNumber=SIMPLIFIED), "NotoSansCJK", set(_common()))
    (HERE / "coverage.json").write_text(json.dumps(coverage, separators=(",", ":")))
    _emoji(TTFont(found[EMOJI]))


COMMON = (("gb2312", 0xF7), ("shift_jis", 0x98), ("big5", 0xC6), ("euc_kr", 0xFE))
"""Character sets of Chinese, Japanese and Korean, and the last first byte of what is not rare."""


def _common() -> Iterator[int]:
    """Yield what names in Chinese, Japanese and Korean are written with."""
    for charset, last in COMMON:
        for first in range(0x81, last + 1):
            for second in range(0x40, 0xFF):
                try:
                    text = bytes((first, second)).decode(charset)
                except UnicodeDecodeError:
                    continue
                if charset != "euc_kr" or first <= 0xC8:  # Hangul; its Chinese characters come after
                    yield from map(ord, text)
    yield from range(0xFF01, 0xFFEF)


def _cut(font: TTFont, name: str, wanted: set[int] | None = None) -> list[tuple[int, int]]:
    """Write a font without what a picture does not need; return the ranges of code points that it has."""
    options = Options(
        hinting=False, desubroutinize=False, layout_features=["*"], name_IDs=[0, 13, 14], notdef_outline=True
    )
    options.flavor, options.drop_tables = "woff2", [*options.drop_tables, "meta", "DSIG", "STAT"]
    if wanted is not None:
        options.layout_features = ["ccmp"]  # upright text only, and no local forms
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=set(font.getBestCmap()) if wanted is None else wanted & set(font.getBestCmap()))
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(HERE / f"{name}.woff2")
    return list(_ranges(sorted(font.getBestCmap())))


def _ranges(points: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = end = -1
    for point in points:
        if point != end + 1:
            if end >= 0:
                yield start, end
            start = point
        end = point
    yield start, end


def _emoji(font: TTFont) -> None:
    """Write one picture with a row of small emoji after the other, and the list of what they mean."""
    cmap, strike = font.getBestCmap(), font["CBDT"].strikeData[0]
    glyphs = {chr(point): name for point, name in cmap.items() if point > 0x2000 and name in strike}
    for subtable in font["GSUB"].table.LookupList.Lookup[0].SubTable:
        for first, ligatures in getattr(subtable, "ligatures", {}).items():
            for ligature in ligatures:
                points = [
                    point for part in (first, *ligature.Component) for point, name in cmap.items() if name == part
                ]
                if len(points) == 2 and all(point in FLAGS for point in points) and ligature.LigGlyph in strike:
                    glyphs["".join(map(chr, points))] = ligature.LigGlyph
    rows = -(-len(glyphs) // EMOJI_A_ROW)
    sheet = Image.new("RGBA", (EMOJI_A_ROW * EMOJI_PIXELS, rows * EMOJI_PIXELS))
    for number, name in enumerate(glyphs.values()):
        glyph = Image.open(io.BytesIO(strike[name].imageData)).convert("RGBA")
        glyph.thumbnail((EMOJI_PIXELS, EMOJI_PIXELS), Image.Resampling.LANCZOS)
        left, top = number % EMOJI_A_ROW * EMOJI_PIXELS, number // EMOJI_A_ROW * EMOJI_PIXELS
        sheet.paste(glyph, (left + (EMOJI_PIXELS - glyph.width) // 2, top + (EMOJI_PIXELS - glyph.height) // 2))
    sheet.save(HERE / "emoji.webp", quality=55, alpha_quality=70, method=6)
    (HERE / "emoji.txt").write_text("\n".join(glyphs) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
