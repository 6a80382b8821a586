"""`make docs`: write the generated parts of the documents."""

from contrib.docs import commands, performance, settings

for module in (settings, commands, performance):
    for path, text in module.written().items():
        path.write_text(text)
