"""`make docs`: write the generated parts of the documents."""

from contrib.docs import commands, performance, settings
from contrib.grafana import board

for module in (settings, commands, performance, board):
    for path, text in module.written().items():
        path.write_text(text)
