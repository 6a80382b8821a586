"""`make` finds a Python that works, whatever else is called one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGE = next(line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("ARG PYTHON="))[11:]


def program(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_a_shim_that_fails_is_passed_over_for_the_version_that_it_stands_for(tmp_path: Path) -> None:
    works = f'exec {sys.executable} "$@"'
    program(tmp_path / f"shims/python{IMAGE}", "exit 127")
    program(tmp_path / "shims/pyenv", f"echo {tmp_path}/pyenv")
    program(tmp_path / "shims/python3.12", works)  # works, but is not what the image has
    program(tmp_path / f"pyenv/versions/{IMAGE}.0/bin/python{IMAGE}", works)
    found = subprocess.run(
        ["make", "-s", "-f", "Makefile", "-f", "-", "show"],
        input="show: ; @echo '$(PYTHON)'",
        cwd=ROOT,
        env={"PATH": f"{tmp_path}/shims:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found == f"{tmp_path}/pyenv/versions/{IMAGE}.0/bin/python{IMAGE}\n"
