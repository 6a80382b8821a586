"""What Discord's menus say about commands, in each language that there is a catalogue for."""

import discord
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str
from discord.app_commands import Translator as Base

from bots.text.locale import _, speaking, tag_of

LONGEST = 100
"""Characters of a description (Discord's documentation, "Application Commands")."""
_DESCRIPTIONS = frozenset(
    {
        TranslationContextLocation.command_description,
        TranslationContextLocation.group_description,
        TranslationContextLocation.parameter_description,
    }
)
"""Names stay: every answer says what to type."""


class Translator(Base):
    """Looks descriptions up."""

    async def translate(
        self, string: locale_str, locale: discord.Locale, context: TranslationContextTypes
    ) -> str | None:
        """Return a description in a language, None where it has none."""
        if context.location not in _DESCRIPTIONS:
            return None
        with speaking(tag_of(locale.value)):
            said = _(string.message)
        return None if said == string.message else said[:LONGEST]
