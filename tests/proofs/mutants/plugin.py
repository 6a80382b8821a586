"""Keeps pytest with `-x` from counting an error outside of a test as a killed mutant."""

from collections.abc import Generator

import pytest


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """End the run if tests cannot be collected."""
    if report.failed:
        pytest.exit(report.longreprtext, returncode=pytest.ExitCode.INTERRUPTED)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """End the run without PostgreSQL: half of the tests would be skipped."""
    try:
        return (yield)
    except BaseException as error:  # like pytest's own skip and fail
        if fixturedef.argname == "postgres":
            pytest.exit(str(error), returncode=pytest.ExitCode.INTERRUPTED)
        raise
