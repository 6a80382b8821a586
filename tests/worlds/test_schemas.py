import os

from tests.worlds.schemas import pair


def test_requests_are_compared_with_the_schemas_wherever_a_change_is_judged() -> None:
    """A checkout may lie alone; continuous integration has the schemas beside it."""
    present = pair("discord_spec_validator.py", "discord_openapi.json") and pair(
        "telegram_spec_validator.py", "telegram_bot_api.json"
    )
    assert present or not os.environ.get("CI")
