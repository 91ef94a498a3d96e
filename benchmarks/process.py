"""The parent's side of the variants: starting their processes and asking them in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from .row import AGAIN

ROOT = Path(__file__).resolve().parent.parent
ANSWER_SECONDS, END_SECONDS = 300.0, 10.0
Answers = dict[str, list[dict[str, float]]]
"""By variant, the answer of each round."""


class Process:
    """A variant in a process of its own, from entering the context to leaving it."""

    def __init__(self, module: str, variant: str, **options: Any) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the context
        command = [sys.executable, "-m", "benchmarks.worker", module, variant, json.dumps(options)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._errors, text=True, cwd=ROOT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._errors.close()

    def wait_until_ready(self) -> None:
        """Wait for the imports and the preparation."""
        self._answer()

    def ask(self, *, collect: bool = True, **question: Any) -> dict[str, float]:
        """One measurement; raises RuntimeError with what the process said before it died.

        `collect` has the process collect its garbage first, at its own cost.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**question, "collect": collect}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        deadline = threading.Timer(ANSWER_SECONDS, self._process.kill)
        deadline.start()
        line = self._process.stdout.readline()
        deadline.cancel()
        if not line:
            self._process.wait(END_SECONDS)
            self._errors.seek(0)
            raise RuntimeError(self._errors.read().decode(errors="replace"))
        answer: dict[str, float] = json.loads(line)
        return answer


def interleave(
    module: str,
    variants: Sequence[str],
    question: Mapping[str, Any],
    *,
    rounds: int,
    processes: int = 1,
    warm_up: bool = True,
    **options: Any,
) -> Answers:
    """Ask all variants in turn, A B C A B C, `rounds` times in each of `processes` sets of new processes.

    New processes let chance, such as where memory lies, fall differently. Their first round warms them up and is not
    among the answers.
    """
    answers: Answers = {name: [] for name in variants}
    for _ in range(processes):
        with ExitStack() as stack:
            started = {
                name: stack.enter_context(Process(module, name.removesuffix(AGAIN), **options)) for name in variants
            }
            for process in started.values():
                process.wait_until_ready()
            for number in range(rounds + warm_up):
                for name, process in started.items():
                    answer = process.ask(**question)
                    if number >= warm_up:
                        answers[name].append(answer)
    return answers


def column(answers: Answers, key: str) -> dict[str, list[float]]:
    """One figure out of all answers."""
    return {name: [answer[key] for answer in rounds] for name, rounds in answers.items()}


def wrong(answers: Answers) -> str:
    """Which variants' pages were wrong, whose answers say so under `wrong`; "" when all were right."""
    found = {name: sum(counts) for name, counts in column(answers, "wrong").items()}
    return ", ".join(f"{name}: {count:.0f} samples are wrong" for name, count in found.items() if count)
