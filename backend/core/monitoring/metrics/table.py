"""The numbers of one metric at one moment, ready to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress

import numpy as np
import numpy.typing as npt

from .description import Description
from .exemplars import Exemplar
from .memory import Floats


@dataclass(frozen=True, slots=True)
class Table:
    """Row by row: the text of a label set and its cells. `texts` may have grown since; rows are as many as `values`."""

    description: Description
    texts: Sequence[bytes]
    values: Floats
    present: npt.NDArray[np.bool_]
    """Which rows there are."""
    exemplars: Mapping[tuple[int, int], Exemplar] = field(default_factory=dict)
    """By row and bucket."""

    def rows(self) -> Iterator[tuple[bytes, Floats]]:
        """Each label set with its cells."""
        shown = zip(self.texts, self.values, strict=False)
        return compress(shown, self.present)
