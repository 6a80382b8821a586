"""`make docs`: write what the documents take from the code."""

from contrib.docs import commands, settings

for path, text in (*settings.written().items(), *commands.written().items()):
    path.write_text(text)
