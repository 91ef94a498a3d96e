"""Metrics of several workers as one: each writes a file of its own, each can show the sum of all."""
