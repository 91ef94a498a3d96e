"""The evidence: printed live, and kept as Markdown, JSON and a chart."""
