"""`make docs`: write what the documents take from the code."""

from contrib.docs.settings import written

for path, text in written().items():
    path.write_text(text)
