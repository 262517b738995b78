"""Rules compare inputs by key: `retirement_age > age and term <= 40`.

Chosen: Python's own parser and an allow-list of syntax nodes, walked by hand, so that no text is ever evaluated.
Left out: calls, attributes and indexing. A rule is a comparison, not a program.
"""

import ast
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.errors import RuleError

MAX_RULE = 500  # characters
MAX_DEPTH = 200  # operations within operations; a sum of 100 inputs is 100 deep

_COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ARITHMETIC: dict[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A check over inputs and the sentence to show where it does not hold."""

    check: str
    message: str
    keys: frozenset[str]


def parse_rule(check: str, message: str) -> Rule:
    """Return the rule written as `check`.

    Raises:
        RuleError: it does not parse, or holds more than comparisons, and/or/not and arithmetic.
    """
    return Rule(check, message, frozenset(_input_keys(_parse_syntax(check))))


def evaluate(rule: Rule, values: Mapping[str, Any]) -> bool:
    """Say whether `rule` holds for `values`.

    A rule that cannot be worked out for these values (text against number, arithmetic on anything but numbers,
    division by zero, an input left empty) does not hold.
    """
    try:
        return bool(_evaluate_node(_parse_syntax(rule.check), values))
    except (TypeError, ZeroDivisionError, OverflowError, KeyError, RecursionError):
        return False


def _parse_syntax(check: str) -> ast.expr:
    if len(check) > MAX_RULE:
        raise RuleError(f"the rule has {len(check)} characters, more than {MAX_RULE}")
    try:
        parsed = ast.parse(check, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RuleError(f"{check!r} is not a comparison: {error}") from error
    level, depth = [parsed], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise RuleError(f"the rule nests more than {MAX_DEPTH} operations")
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return parsed


def _input_keys(node: ast.expr) -> set[str]:
    match node:
        case ast.Name(id=name):
            return {name}
        case ast.Constant(value=int() | float() | str() | bool() | None):
            return set()
        case ast.BoolOp(values=parts):
            return set().union(*(_input_keys(p) for p in parts))
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=part):
            return _input_keys(part)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _input_keys(left) | _input_keys(right)
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(o) in _COMPARE for o in ops):
            return _input_keys(left).union(*(_input_keys(r) for r in rest))
        case _:
            raise RuleError(
                f"{ast.unparse(node)!r} is not allowed in a rule: compare inputs by key, "
                "with and, or, not and + - * / // %"
            )


def _evaluate_node(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=value):
            return value
        case ast.BoolOp(op=op, values=parts):
            if isinstance(op, ast.And):
                return all(_evaluate_node(p, values) for p in parts)
            return any(_evaluate_node(p, values) for p in parts)
        case ast.UnaryOp(op=op, operand=part):
            value = _evaluate_node(part, values)
            if isinstance(op, ast.Not):
                return not value
            return -value if isinstance(op, ast.USub) else +value
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _evaluate_node(left, values), _evaluate_node(right, values)
            # "x" * 10**9 would be a very long text, and a list as well: arithmetic is for numbers.
            if not (isinstance(a, int | float) and isinstance(b, int | float)):
                raise TypeError("arithmetic on a text or list")
            return _ARITHMETIC[type(op)](a, b)
        case ast.Compare(left=left, ops=ops, comparators=rest):
            a = _evaluate_node(left, values)
            for comparison, item in zip(ops, rest, strict=True):
                b = _evaluate_node(item, values)
                if not _COMPARE[type(comparison)](a, b):
                    return False
                a = b
            return True
        case _:  # pragma: no cover - `parse_rule` has refused it
            raise RuleError(ast.unparse(node))
