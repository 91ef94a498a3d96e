"""The result, shown: a table for the terminal, a page and a chart for the docs."""
