"""What a variant's module offers to the process that measures it."""

from __future__ import annotations

from collections.abc import Callable

Measure = Callable[..., dict[str, float]]
"""Takes one measurement; what it is asked for are its keywords. `prepare(variant, **options)` of a module makes it."""
