"""What a platform says of somebody in a community at this moment."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from core.domain.jsontype import JSON
from core.domain.people import Caller


@dataclass(frozen=True, slots=True)
class Attested:
    """A member of a community, as its platform describes them now."""

    caller: Caller
    role_names: Mapping[str, str] = field(default_factory=dict)
    """What the community's roles are called, by their keys."""

    @classmethod
    def from_json(cls, data: JSON) -> "Attested":
        """Read what `to_json` wrote."""
        caller = {**data["caller"], "roles": tuple(data["caller"]["roles"])}
        return cls(Caller(**caller), data["role_names"])

    def to_json(self) -> JSON:
        """Return plain values for the store."""
        return {"caller": asdict(self.caller), "role_names": dict(self.role_names)}
