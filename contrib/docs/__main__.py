"""`make docs`: write the generated parts of the documents."""

from contrib.docs import commands, settings

for path, text in (*settings.written().items(), *commands.written().items()):
    path.write_text(text)
