"""In which other voices a member may want to hear an order: their favourites, and who speaks where they are."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from itertools import chain

from core.domain.errors import StoreError
from core.domain.models import Job
from core.domain.products import Catalog, row_of
from core.domain.refusals import Unavailable
from core.domain.voices import Voice
from core.engine.default_voices import DefaultVoices
from core.engine.favourites import Favourites
from core.stores.store import Store

log = logging.getLogger(__name__)

MOST_COMMUNITIES = 2000
LATELY = 10
"""Voices, or orders where this process has seen none, that a community is remembered by."""


class LikelyVoices:
    """Remembers who spoke lately in each community; what was before this process, by the orders of who asks."""

    def __init__(self, store: Store, catalog: Catalog, favourites: Favourites, defaults: DefaultVoices) -> None:
        self._store = store
        self._catalog = catalog
        self._favourites = favourites
        self._defaults = defaults
        self._spoken: OrderedDict[str, dict[str, None]] = OrderedDict()
        """By community, the newest last."""

    async def beside(self, job: Job, member: str) -> Sequence[Voice]:
        """Return the other voices for an order, the likeliest for a member first; none for music and dialogues.

        The member's favourites, who speaks by default, who spoke here lately, and the rest: of those, first the voices
        of the same language.
        """
        product, cast = row_of(job.product), self._catalog.cast
        speaker = product.speaker_of(job.parameters)
        if not speaker or product.is_dialogue(part.parameters for part in job.parts):
            return ()
        liked = await self._favourites.of(member)
        likely = [*await self._chosen(job.community, member), *await self._lately(job, member)]
        self._note(job.community, speaker)
        languages = set(cast.by_name[speaker].languages) if speaker in cast.by_name else set()
        near = {voice.name for voice in cast.voices if languages.intersection(voice.languages)}
        first = [name for name in cast.names if name in liked]
        rest = [sorted(names, key=lambda name: name not in near) for names in (likely, cast.names)]
        in_order = dict.fromkeys(chain(first, *rest))
        return [cast.by_name[name] for name in in_order if name in cast.by_name and name != speaker]

    async def _chosen(self, community: str, member: str) -> Sequence[str]:
        """Return who speaks where no voice is named."""
        try:
            chosen = await self._defaults.chosen_in(community, member)
        except Unavailable:
            return ()
        return tuple(filter(None, (chosen.own, chosen.community, self._catalog.default_voice)))

    async def _lately(self, job: Job, member: str) -> Sequence[str]:
        """Return who spoke lately where an order was placed, the newest first."""
        if job.community not in self._spoken:
            try:
                jobs = await self._store.history(member, job.community, LATELY)
            except StoreError as error:
                log.warning("who spoke lately can't be read: %s", error)
                return ()
            for each in reversed(jobs):
                self._note(job.community, row_of(each.product).speaker_of(each.parameters))
        return list(reversed(self._spoken.get(job.community, {})))

    def _note(self, community: str, speaker: str) -> None:
        spoken = self._spoken.setdefault(community, {})
        self._spoken.move_to_end(community)
        voice = self._catalog.cast.by_name.get(speaker)
        if voice is not None:
            spoken.pop(voice.name, None)
            spoken[voice.name] = None
        if len(spoken) > LATELY:
            del spoken[next(iter(spoken))]
        if len(self._spoken) > MOST_COMMUNITIES:
            self._spoken.popitem(last=False)
