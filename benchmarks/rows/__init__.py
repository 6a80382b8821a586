"""One file per row of the table; its docstring says what the sides share and where they differ."""
