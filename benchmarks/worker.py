"""`python -m benchmarks.worker MODULE VARIANT OPTIONS`: one variant in a process of its own.

The parent writes a question on each line of standard input, a JSON object, and reads an answer on a line of standard
output. So the parent decides when which variant runs, and the imports of one have no influence on another.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from typing import Any

from .variant import Measure


def main(module: str, variant: str, options: str) -> None:
    """Answer questions until standard input ends."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what a library prints must not be taken for an answer

        def answer(document: dict[str, Any]) -> None:
            answers.write(json.dumps(document) + "\n")
            answers.flush()

        measure: Measure = importlib.import_module(module).prepare(variant, **json.loads(options))
        answer({"ready": True})
        for line in sys.stdin:
            question = json.loads(line)
            if question.pop("collect"):
                gc.collect()
            answer(measure(**question))


if __name__ == "__main__":
    main(*sys.argv[1:])
