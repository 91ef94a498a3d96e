"""How the clients of `agreement` ask: with patience or without, one after another or many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from tests.e2e.agreement_requests import ENDLESS, LEFT, PLAIN, Asked, Plain, Requests
from tests.e2e.wire import Wire

_PLAIN = {plain.name: plain for plain in PLAIN}
_SMALL_BUFFER = 4096
WHOLE = tuple(plain for plain in PLAIN if plain.ends == "whole")
LARGE = tuple(_PLAIN[name] for name in ("large", "bundle", "file of whole pieces", "ranges"))


class Client:
    """Asks in one way after another; keeps one connection for those that keep it."""

    def __init__(self, port: int, random: Random, requests: Requests) -> None:
        self._port, self._random, self._requests = port, random, requests
        self._kept: Wire | None = None

    async def ask(self) -> None:
        """In any way."""
        (way,) = self._random.choices(list(_WAYS), [weight for _, weight in _WAYS.values()])
        await _WAYS[way][0](self, way)

    async def close(self) -> None:
        """The connection that is kept."""
        if self._kept is not None:
            self._kept.leave()
        self._kept = None

    async def _alone(self, asked: Asked, **reading: float) -> Wire:
        wire = await Wire.connect(self._port, _SMALL_BUFFER if reading else None)
        await wire.send(asked.data)
        await wire.answer(asked.seen, asked.plain.method, **reading)  # type: ignore[arg-type]
        return wire

    async def kept(self, way: str) -> None:
        """Over the connection that earlier ones have used."""
        wire = self._kept or await Wire.connect(self._port)
        asked = self._requests.any(way, forge=True)
        await wire.send(asked.data)
        seen = await wire.answer(asked.seen, asked.plain.method)
        self._kept = wire
        if seen.closes or not seen.whole or asked.plain.ends != "whole":
            await self.close()

    async def last(self, way: str) -> None:
        """With `Connection: close`, or by HTTP/1.0, which knows no chunks."""
        plain = self._random.choice([each for each in PLAIN if each.name != "upgrade"])
        (await self._alone(self._requests.make(way, plain, forge=True, close=True))).leave()

    async def old(self, way: str) -> None:
        """By HTTP/1.0."""
        plain = self._random.choice([_PLAIN["agents"], _PLAIN["search"], _PLAIN["nowhere"], _PLAIN["run"]])
        (await self._alone(self._requests.make(way, plain, version="1.0"))).leave()

    async def slow(self, way: str) -> None:
        """Read less at once than the server would send."""
        asked = self._requests.make(way, self._random.choice(LARGE))
        (await self._alone(asked, pause=self._random.choice([0.0, 0.0005]))).leave()

    async def leaves_after(self, way: str) -> None:
        """The moment that the last byte has come."""
        asked = self._requests.any(way)
        (await self._alone(asked)).leave(reset=self._random.random() < 0.5)

    async def leaves_before(self, way: str) -> None:
        """At once, or some time later; whoever resets the connection may take the request back with it."""
        asked = self._requests.any(way)
        reset = self._random.random() < 0.3
        asked.left, asked.lines = True, (0, 1) if reset else (1, 1)
        wire = await Wire.connect(self._port)
        await wire.send(asked.data)
        await asyncio.sleep(self._random.choice([0, 0, 0.001, 0.01, 0.03]))
        wire.leave(reset=reset)

    async def leaves_amid(self, way: str) -> None:
        """When it has read some of a large answer, or the first event of a run."""
        asked = self._requests.make(way, self._random.choice([*LARGE, _PLAIN["events"]]))
        wire = await self._alone(asked, at_most=self._random.choice([1, 5000, 200_000]))
        asked.left = not asked.seen.whole
        wire.leave(reset=self._random.random() < 0.5)

    async def half_closes(self, way: str) -> None:
        """Say that nothing more comes, which this server takes for leaving."""
        slowly = self._random.random() < 0.5
        asked = self._requests.make(way, self._random.choice(LARGE if slowly else WHOLE))
        wire = await Wire.connect(self._port, _SMALL_BUFFER if slowly else None)
        await wire.send(asked.data)
        await asyncio.sleep(self._random.choice([0, 0.001, 0.01]))
        wire.half_close()
        await wire.answer(asked.seen, asked.plain.method, pause=0.0005 if slowly else 0.0)
        asked.left = not asked.seen.whole
        wire.leave()

    async def is_answered_too_late(self, way: str) -> None:
        """The answer is made when the server has heard that the client is gone."""
        await self._goes(self._requests.make(way, LEFT), 0)

    async def leaves_an_endless_one(self, way: str) -> None:
        """It can never have had the last byte."""
        await self._goes(self._requests.make(way, ENDLESS), self._random.randint(1, 30))

    async def _goes(self, asked: Asked, at_most: int) -> None:
        asked.left = asked.must_be_abandoned = True
        wire = await Wire.connect(self._port)
        await wire.send(asked.data)
        if at_most:
            await wire.answer(asked.seen, asked.plain.method, at_most=at_most)
        wire.leave(reset=bool(at_most) and self._random.random() < 0.5)

    async def cuts_its_body(self, way: str) -> None:
        """Amid what it sends."""
        asked = self._requests.make(way, self._random.choice([_PLAIN["echo"], _PLAIN["echo in chunks"]]))
        asked.left = asked.must_be_abandoned = True
        wire = await Wire.connect(self._port)
        await wire.send(asked.data[: -self._random.randint(6, 2000)])
        wire.leave()

    async def cuts_its_head(self, way: str) -> None:
        """Or sends what is no HTTP: the application never hears of it, the server answers the latter by itself."""
        asked = self._requests.make(way, _PLAIN["agents"])
        asked.lines, asked.left = (0, 0), True
        wire = await Wire.connect(self._port)
        if self._random.random() < 0.5:
            await wire.send(asked.data[:-2])
        else:
            await wire.send(asked.data[:-2], b"no header\r\n\r\n")
            await wire.answer(asked.seen, "GET")
        wire.leave()

    async def pipelines(self, way: str) -> None:
        """Several in one go; behind one that closes the connection nothing is answered."""
        many = self._pipelined(way)
        wire = await Wire.connect(self._port)
        await wire.send(b"".join(asked.data for asked in many))
        for asked in many:
            if not (await wire.answer(asked.seen, asked.plain.method)).whole:
                break
        wire.leave()

    async def pipelines_and_leaves(self, way: str) -> None:
        """At once, or when it has read the first answer: of those behind, the server may start no more."""
        many = self._pipelined(way)
        wire = await Wire.connect(self._port)
        await wire.send(b"".join(asked.data for asked in many))
        if self._random.random() < 0.5:
            await wire.answer(many[0].seen, many[0].plain.method)
        for number, asked in enumerate(many):
            asked.left = not asked.seen.whole
            asked.lines = (0, 1) if number else (1, 1)
        wire.leave()

    def _pipelined(self, way: str) -> list[Asked]:
        plains: list[Plain] = []
        while len(plains) < self._random.randint(2, 6):
            plain = self._random.choice(PLAIN)
            plains += [plain] if plain.name not in {"upgrade", "too long in chunks"} else []
        many = [self._requests.make(way, plain) for plain in plains]
        for number, asked in enumerate(many):
            if any(before.plain.ends != "whole" for before in many[:number]):
                asked.behind, asked.lines = True, (0, 1)
        return many


Way = Callable[[Client, str], Awaitable[None]]
_WAYS: dict[str, tuple[Way, int]] = {
    "kept": (Client.kept, 40),
    "last": (Client.last, 6),
    "HTTP 1.0": (Client.old, 2),
    "slow": (Client.slow, 4),
    "leaves after": (Client.leaves_after, 8),
    "leaves before": (Client.leaves_before, 10),
    "leaves amid": (Client.leaves_amid, 6),
    "half-closes": (Client.half_closes, 3),
    "answered too late": (Client.is_answered_too_late, 2),
    "leaves an endless one": (Client.leaves_an_endless_one, 2),
    "cuts its body": (Client.cuts_its_body, 3),
    "cuts its head": (Client.cuts_its_head, 2),
    "pipelines": (Client.pipelines, 5),
    "pipelines and leaves": (Client.pipelines_and_leaves, 3),
}
