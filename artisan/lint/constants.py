"""Numbers in expressions: `4 * 1024 ^ 3` is one, and a multiplication by one only changes the scale."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from .promql import Binary, Call, Node, Number, Unary

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "^": operator.pow,
}


def constant(node: Node) -> float | None:  # noqa: PLR0911 - a case for each kind
    """The value of an expression that has only numbers, or None."""
    match node:
        case Number():
            return None if node.open else node.value
        case Unary():
            inner = constant(node.operand)
            return None if inner is None else -inner
        case Call(name="vector" | "scalar"):
            return constant(node.arguments[0])
        case Binary() if node.op in _ARITHMETIC:
            left, right = constant(node.left), constant(node.right)
            if left is None or right is None:
                return None
            try:
                return float(_ARITHMETIC[node.op](left, right))
            except (ArithmeticError, ValueError, TypeError):
                return None  # Prometheus makes Inf or NaN of it, and a threshold of neither is meant
    return None


def unscaled(node: Node) -> tuple[Node, float]:
    """What is multiplied or divided by numbers, and by how much altogether (1 when it is not)."""
    factor = 1.0
    while isinstance(node, Binary) and node.op in {"*", "/"}:
        by, left, right = node.op, constant(node.left), constant(node.right)
        if right:
            node, factor = node.left, factor * right if by == "*" else factor / right
        elif left and by == "*":
            node, factor = node.right, factor * left
        else:
            break
    return node, factor
