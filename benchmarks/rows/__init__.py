"""One file for each row of the table. What is alike on both sides, and what is not, stands at its top."""
