"""The audit's codes fit what they stand for."""

from dataclasses import fields

from core.domain import refusals
from core.domain.audit import Action, Outcome
from core.domain.quota import LimitName, Limits


def test_every_refusal_that_is_noted_by_name_notes_its_own() -> None:
    classes = (
        kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, refusals.Refusal)
    )
    kinds = [kind for kind in classes if "outcome" in vars(kind)]
    assert {kind.outcome for kind in kinds} == set(Outcome) - {Outcome.APPLIED}
    own = {kind.outcome: f"refused: {kind.__name__}" for kind in kinds if kind is not refusals.Refusal}
    assert all(code == name for code, name in own.items())


def test_what_another_release_noted_was_refused() -> None:
    assert Outcome("refused: TooTired") is Outcome.REFUSED


def test_every_limit_is_a_field_and_an_act() -> None:
    assert [field.name for field in fields(Limits)] == list(LimitName)
    assert {Action(f"limits {name}") for name in LimitName} == {a for a in Action if a.startswith("limits")}
