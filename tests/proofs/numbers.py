"""`make numbers`: write what promtool is to look at into a folder, the metrics of a real service and the board's expressions.

python -m tests.proofs.numbers FOLDER
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from contrib.grafana.panels import ROWS
from tests.contrib.numbers import numbers_of

VARIABLE = re.compile(r"\$instance|\$platform")


def board() -> str:
    """Return the expressions of the board as rules, which promtool reads."""
    lines = [expr for panels in ROWS.values() for panel in panels for expr in panel.lines.values()]
    exprs = [VARIABLE.sub(".*", expr.replace("$__rate_interval", "5m")) for expr in lines]
    rules = [{"record": f"board:line:{n}", "expr": expr} for n, expr in enumerate(exprs)]
    return yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]})


def main(folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data:
        (folder / "metrics.txt").write_text(numbers_of(Path(data)).text)
    (folder / "board.yml").write_text(board())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
