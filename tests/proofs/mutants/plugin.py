"""What pytest must not call a failed test while there are mutants; with `-x` it would."""

from collections.abc import Generator

import pytest


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """End the run where tests cannot be read."""
    if report.failed:
        pytest.exit(report.longreprtext, returncode=pytest.ExitCode.INTERRUPTED)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """End the run where there is no PostgreSQL: half of the tests would say nothing."""
    try:
        return (yield)
    except BaseException as error:  # as pytest's own skip and fail are
        if fixturedef.argname == "postgres":
            pytest.exit(str(error), returncode=pytest.ExitCode.INTERRUPTED)
        raise
