"""Translations of the descriptions in Discord's command menus."""

import discord
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str
from discord.app_commands import Translator as Base

from bots.text.locale import _, speaking, tag_of

LONGEST = 100
"""Maximum length of a description, in characters (Discord's documentation, "Application Commands")."""
_DESCRIPTIONS = frozenset(
    {
        TranslationContextLocation.command_description,
        TranslationContextLocation.group_description,
        TranslationContextLocation.parameter_description,
    }
)
"""Names are not translated, since replies tell people to type them."""


class Translator(Base):
    """Looks up descriptions in the message catalogues."""

    async def translate(
        self, string: locale_str, locale: discord.Locale, context: TranslationContextTypes
    ) -> str | None:
        """Return the translated description, or None if there is none."""
        if context.location not in _DESCRIPTIONS:
            return None
        with speaking(tag_of(locale.value)):
            translated = _(string.message)
        return None if translated == string.message else translated[:LONGEST]
