"""Wrapping any kind of callable with a recorder: functions, coroutines, generators and async generators.

The wrapper keeps name, signature and kind, hands values and exceptions through untouched in both directions, and tells
the recorder the end exactly once, whichever way the execution ends.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import suppress
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from .logs import get_logger
from .recorders import Recorder

P = ParamSpec("P")
R = TypeVar("R")
_log = get_logger("monitoring")


def observed(function: Callable[P, R], recorder: Recorder) -> Callable[P, R]:
    """`function`, with every execution told to `recorder`."""
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func
    if not inspect.isroutine(target):
        target = getattr(target, "__call__", target)  # noqa: B004 - an object's
    if inspect.isasyncgenfunction(target):
        wrapper = _async_generator(function, recorder)
    elif inspect.iscoroutinefunction(target):
        wrapper = _coroutine(cast("Callable[P, Awaitable[Any]]", function), recorder)
    elif inspect.isgeneratorfunction(target):
        wrapper = _generator(function, recorder)
    else:
        wrapper = _function(function, recorder)
    # An object's own attributes stay its own; a function's are the marks of other decorators.
    updated = functools.WRAPPER_UPDATES if inspect.isroutine(function) else ()
    return cast("Callable[P, R]", functools.update_wrapper(wrapper, function, updated=updated))


class _Execution:
    """One execution; as a context manager it tells the recorder how the block ended.

    A fault of the telemetry is told and never reaches the code that it watches.
    """

    __slots__ = ("_recorder", "_started", "result")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.result: object = None

    def __enter__(self) -> Self:
        try:
            self._recorder.begin()
        except Exception:
            _log.exception("telemetry_failed")
        self._started = time.perf_counter()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        seconds = time.perf_counter() - self._started
        try:
            self._recorder.end(seconds, error, self.result)
        except Exception:
            _log.exception("telemetry_failed")

    def saw(self, item: object) -> None:
        """Remember a yielded value; the usage of a stream stands in its last chunk that has one."""
        if item is not None and (self.result is None or _says_more(item)):
            self.result = item


def _says_more(item: object) -> bool:
    try:
        usage = item.get("usage") if isinstance(item, dict) else getattr(item, "usage", None)
    except Exception:  # the item's own fault, met only because we looked
        return False
    return usage is not None


def _function(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with _Execution(recorder) as execution:
            execution.result = function(*args, **kwargs)
            return execution.result

    return wrapper


def _coroutine(function: Callable[..., Awaitable[Any]], recorder: Recorder) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with _Execution(recorder) as execution:
            execution.result = await function(*args, **kwargs)
            return execution.result

    return wrapper


def _generator(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        with _Execution(recorder) as execution:
            step: Callable[[], Any] = functools.partial(next, inner)
            while True:
                try:
                    item = step()
                except StopIteration as stop:
                    return stop.value
                execution.saw(item)
                try:
                    step = functools.partial(inner.send, (yield item))
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as error:  # thrown in by the consumer: meant for `inner`
                    step = functools.partial(inner.throw, error)

    return wrapper


def _async_generator(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        with _Execution(recorder) as execution, suppress(StopAsyncIteration):
            step: Callable[[], Awaitable[Any]] = inner.__anext__
            while True:
                item = await step()
                execution.saw(item)
                try:
                    step = functools.partial(inner.asend, (yield item))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # thrown in by the consumer: meant for `inner`
                    step = functools.partial(inner.athrow, error)

    return wrapper
