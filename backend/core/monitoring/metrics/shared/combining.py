"""What the values of several workers are together."""

from __future__ import annotations

import numpy as np

from backend.core.monitoring.metrics.description import Across
from backend.core.monitoring.metrics.memory import Floats


def combined(across: Across, now: Floats, found: Floats) -> Floats:
    """Two workers' numbers of the same label sets, a row each; the result has the shape of both.

    Where only one of them is kept, the second number of a row tells when the first was set, and 0 that it never was.
    """
    if across == "sum":
        return now + found
    if across == "any":
        return np.maximum(now, found)
    told, first = found[:, 1] > 0, now[:, 1] == 0
    better = {
        "max": found[:, 0] > now[:, 0],
        "min": found[:, 0] < now[:, 0],
        "latest": found[:, 1] > now[:, 1],
    }[across]
    return np.where((told & (first | better))[:, None], found, now)
