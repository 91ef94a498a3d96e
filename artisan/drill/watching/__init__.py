"""Following a signal from its fault to its mail, and finding where it was lost."""
