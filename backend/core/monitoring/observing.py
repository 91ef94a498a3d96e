"""Wrapping any kind of callable with a recorder: functions, coroutines, generators and async generators.

The wrapper keeps name, signature and kind, hands values and exceptions through untouched in both directions, and tells
the recorder the end exactly once, whichever way the execution ends.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, cast

from .execution import Execution
from .recorders import Recorder
from .tracing import current

P = ParamSpec("P")
R = TypeVar("R")


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


def _function(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with Execution(recorder) as execution:
            if execution.span is None:
                execution.result = function(*args, **kwargs)
            else:
                with current(execution.span):
                    execution.result = function(*args, **kwargs)
            return execution.result

    return wrapper


def _coroutine(function: Callable[..., Awaitable[Any]], recorder: Recorder) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with Execution(recorder) as execution:
            if execution.span is None:
                execution.result = await function(*args, **kwargs)
            else:
                with current(execution.span):
                    execution.result = await function(*args, **kwargs)
            return execution.result

    return wrapper


def _generator(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        with Execution(recorder) as execution:
            step: Callable[[], Any] = functools.partial(next, inner)
            while True:
                try:
                    with current(execution.span):
                        item = step()
                except StopIteration as stop:
                    return stop.value
                execution.saw(item)
                try:
                    step = functools.partial(inner.send, (yield item))
                except GeneratorExit:
                    with current(execution.span):
                        inner.close()
                    raise
                except BaseException as error:  # thrown in by the consumer: meant for `inner`
                    step = functools.partial(inner.throw, error)

    return wrapper


def _async_generator(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        with Execution(recorder) as execution, suppress(StopAsyncIteration):
            step: Callable[[], Awaitable[Any]] = inner.__anext__
            while True:
                with current(execution.span):
                    item = await step()
                execution.saw(item)
                try:
                    step = functools.partial(inner.asend, (yield item))
                except GeneratorExit:
                    with current(execution.span):
                        await inner.aclose()
                    raise
                except BaseException as error:  # thrown in by the consumer: meant for `inner`
                    step = functools.partial(inner.athrow, error)

    return wrapper
