"""The secret in a callback's address."""

import hmac
from pathlib import Path

from core.service import Service
from tests.core.rig import Rig
from tests.makers import order


async def test_a_callback_needs_the_whole_secret_of_its_own_job(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        one, other = [(await alive.service.order(order())).job for _ in range(2)]
        secret = one.callback_token.removeprefix(one.job_id)
        for wrong in ("", ".", one.job_id, f"{one.job_id}.", one.callback_token[:-1], f"{one.callback_token}x",
                      f"{other.job_id}{secret}", f"nobody{secret}", secret, f"{one.job_id}.\udcff"):  # fmt: skip
            assert not await alive.service.called_back(wrong, ""), wrong
        assert await alive.service.called_back(one.callback_token, "")


async def test_the_secret_is_long_and_each_job_has_another(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        secrets = {(await alive.service.order(order())).job.callback_token.partition(".")[2] for _ in range(3)}
    assert len(secrets) == 3
    assert {len(secret) for secret in secrets} == {32}


def test_it_is_compared_in_constant_time() -> None:
    assert "compare_digest" in Service.called_back.__code__.co_names
    assert Service.called_back.__globals__["compare_digest"] is hmac.compare_digest
