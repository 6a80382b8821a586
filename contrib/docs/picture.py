"""`make picture`: run the README's conversation as `troubadour demo` does, and draw it as a chat, light and dark."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFont

from bots.app.compose import build
from bots.console.connection import written
from bots.console.demo import throw_away
from bots.console.output_folder import Kept, OutputFolder
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import read_script
from bots.text import replies, titles
from core.domain.models import Artifact, Job

DOCS = Path(__file__).parents[2] / "docs"
BOT = "Troubadour"
WIDTH, MARGIN, LEFT, LINE = 1520, 40, 140, 42
TEXT, SMALL = ImageFont.load_default(30), ImageFont.load_default(25)


@dataclass(frozen=True, slots=True)
class Colours:
    paper: str
    ink: str
    faint: str
    card: str


THEMES = {
    "light": Colours("#ffffff", "#1f2328", "#656d76", "#f0f2f5"),
    "dark": Colours("#0d1117", "#e6edf3", "#8d96a0", "#1d232c"),
}
FACES = {BOT: "#7c5cd6", "ann": "#2f8f6b", "mia": "#c2571a", "bob": "#2f6fd0"}


@dataclass(frozen=True, slots=True)
class Said:
    """One piece of the conversation; `kind` is said, answer, audio, aside or button."""

    who: str
    kind: str
    text: str
    duration_s: float = 0


class Recorder(Screen):
    """Records the conversation instead of printing it."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.said_so_far: list[Said] = []

    def said(self, name: str, text: str) -> None:
        """Record what a member writes."""
        self.said_so_far.append(Said(name.removeprefix("@"), "said", text))

    def answer(self, text: str) -> None:
        """Record the bot's answer; where the terminal says what to type, a chat has a button."""
        words, hint, _ = text.partition("\nTo ask the admins")
        if not words.startswith("Working on it"):
            self.said_so_far.append(Said(BOT, "answer", words))
        if hint:
            self.said_so_far.append(Said(BOT, "button", replies.ASK))

    def aside(self, text: str) -> None:
        """Record what the member alone reads, except progress."""
        if " left " in text:
            self.said_so_far.append(Said(BOT, "aside", text))


class Recording(OutputFolder):
    """Records the name of each audio file in a chat."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        super().__init__(folder)
        self._recorder = recorder

    def keep(self, job: Job, artifact: Artifact) -> Kept:
        """Store the file and show it."""
        name = titles.file_name(job, "mp3")
        self._recorder.said_so_far.append(Said(BOT, "audio", name, artifact.probe.duration_ms / 1000))
        return super().keep(job, artifact)


async def held(script: Path) -> list[Said]:
    """Run the conversation through the real service, with the sandbox gateway."""
    recorder, over = Recorder(), asyncio.Event()
    with TemporaryDirectory() as folder:
        output, lines = Recording(Path(folder) / "out", recorder), written(read_script(script), recorder)
        console = Console(lines, recorder, output, in_turn=True, over=over, deadline_s=60)
        async with build(throw_away(Path(folder)), {console.name: console}) as app:
            await app.run(over)
    return recorder.said_so_far


class Canvas:
    """Draws from top to bottom; `top` is where the next piece begins."""

    def __init__(self, colours: Colours, height: int) -> None:
        self._colours = colours
        self.image = Image.new("RGB", (WIDTH, height), colours.paper)
        self._draw = ImageDraw.Draw(self.image)
        self.top = MARGIN
        self._before = ""

    def add(self, said: Said) -> None:
        """Draw one piece, with an avatar where the speaker changes."""
        if said.who != self._before:
            self._face(said.who)
        self._before = said.who
        {"audio": self._player, "button": self._button}.get(said.kind, self._words)(said)

    def _face(self, who: str) -> None:
        self.top += 22 if self._before else 0
        self._draw.ellipse((MARGIN, self.top, MARGIN + 72, self.top + 72), fill=FACES[who])
        self._draw.text((MARGIN + 36, self.top + 36), who[0].upper(), fill="#ffffff", font=TEXT, anchor="mm")
        self._draw.text((LEFT, self.top), who, fill=FACES[who], font=TEXT)
        self.top += LINE

    def _words(self, said: Said) -> None:
        font, ink = (SMALL, self._colours.faint) if said.kind == "aside" else (TEXT, self._colours.ink)
        for line in _wrapped(said.text, font):
            self._draw.text((LEFT, self.top), line, fill=ink, font=font)
            self.top += LINE

    def _player(self, said: Said) -> None:
        right, top = LEFT + 1000, self.top + 6
        self._draw.rounded_rectangle((LEFT, top, right, top + 112), 16, fill=self._colours.card)
        self._draw.text((LEFT + 28, top + 16), said.text, fill=self._colours.ink, font=SMALL)
        self._draw.polygon([(LEFT + 30, top + 64), (LEFT + 30, top + 94), (LEFT + 56, top + 79)], fill=FACES[BOT])
        self._draw.rounded_rectangle((LEFT + 80, top + 75, right - 120, top + 83), 4, fill=self._colours.faint)
        length = f"0:{round(said.duration_s):02d}"
        self._draw.text((right - 28, top + 79), length, fill=self._colours.faint, font=SMALL, anchor="rm")
        self.top = top + 128

    def _button(self, said: Said) -> None:
        top, right = self.top + 8, LEFT + 48 + SMALL.getlength(said.text)
        self._draw.rounded_rectangle((LEFT, top, right, top + 56), 12, fill=self._colours.card)
        self._draw.text(((LEFT + right) / 2, top + 28), said.text, fill=self._colours.ink, font=SMALL, anchor="mm")
        self.top = top + 64


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> Iterator[str]:
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            if line and font.getlength(f"{line} {word}") > WIDTH - LEFT - MARGIN:
                yield line
                line = ""
            line = f"{line} {word}".strip()
        yield line


def drawn(conversation: list[Said], colours: Colours) -> Image.Image:
    """Draw a conversation; the height follows from its length."""
    canvas = Canvas(colours, 4000)
    for said in conversation:
        canvas.add(said)
    return canvas.image.crop((0, 0, WIDTH, canvas.top + MARGIN))


def main() -> None:
    """Write the pictures into `docs/`."""
    conversation = asyncio.run(held(DOCS / "conversation.txt"))
    for name, colours in THEMES.items():
        picture = drawn(conversation, colours).quantize(64)
        picture.save(DOCS / f"conversation-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
