"""Workers are killed at random moments, thousands of times: is anything lost that they had said was done?

`python -m tests.metrics.crash_campaign [KILLS]` prints the totals. Each killed worker is followed by another, which
folds what the dead have left; a reader, like Prometheus, looks all the time and must never see a counter fall. They are
forks of the reader, as those of a preloading server are forks of their parent.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families as parse

from backend.core.monitoring.metrics import Registry

from .crashing import record_for_ever

AT_ONCE = 4


class Totals(NamedTuple):
    """What a campaign has seen."""

    kills: int
    acknowledged: int
    counted: int
    observed: int
    falls: int
    scrapes: int

    @property
    def sound(self) -> bool:
        """Nothing acknowledged is missing, and at most one record a kill was in flight."""
        ahead = self.counted - self.acknowledged
        return 0 <= ahead <= self.kills and abs(self.counted - self.observed) <= self.kills and not self.falls


class Worker:
    """One recording process and what it has acknowledged."""

    def __init__(self, directory: str) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            try:
                record_for_ever(directory, writing)
            finally:
                os._exit(1)
        os.close(writing)
        self._pipe = os.fdopen(reading, "rb")
        self._before = len(self._pipe.read(1))  # it has begun

    def kill(self) -> int:
        """End it in the midst of whatever it does; returns how many records it has acknowledged."""
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        with self._pipe:
            return self._before + len(self._pipe.read())

    def read_on(self, count: int) -> None:
        """Let it do `count` records more."""
        self._before += len(self._pipe.read(count))


def campaign(kills: int, seed: int = 1) -> Totals:
    """Kill as many workers, each after a random number of records."""
    chance = random.Random(seed)
    with TemporaryDirectory() as directory:
        reader = Registry()
        reader.share(Path(directory), "crashing")
        workers = [Worker(directory) for _ in range(AT_ONCE)]
        acknowledged, falls, seen = 0, 0, {}
        for turn in range(kills):
            victim = workers.pop(chance.randrange(AT_ONCE))
            victim.read_on(chance.randrange(1, 3000))
            acknowledged += victim.kill()
            workers.append(Worker(directory))
            now = totals(reader)
            falls += sum(value < seen.get(name, 0.0) for name, value in now.items())
            falls += len(seen.keys() - now.keys())
            seen = now
            if turn % 10 == 0:
                reader.tidy()
        acknowledged += sum(worker.kill() for worker in workers)
        end = totals(reader)
        assert living(reader) == 0.0, "a state of the dead is shown"
    return Totals(kills + AT_ONCE, acknowledged, int(end["done"]), int(end["took"]), falls, kills + 1)


def totals(reader: Registry) -> dict[str, float]:
    """Both sums, and each label set of the counter."""
    samples = [s for family in parse(reader.render().body.decode()) for s in family.samples]
    by_kind = {s.labels["kind"]: s.value for s in samples if s.name == "done_total" if "worker" not in s.labels["kind"]}
    done = sum(s.value for s in samples if s.name == "done_total")
    took = sum(s.value for s in samples if s.name == "took_seconds_count")
    return {**by_kind, "done": done, "took": took}


def living(reader: Registry) -> float:
    """The gauge that each live worker has set to 1."""
    samples = [s for family in parse(reader.render().body.decode()) for s in family.samples]
    return sum(s.value for s in samples if s.name == "living")


if __name__ == "__main__":
    result = campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    sys.stdout.write(f"{result} {'sound' if result.sound else 'NOT SOUND'}\n")
    sys.exit(not result.sound)
