"""Simple arithmetic as people type it into a spreadsheet's cell: + - * / ^ and brackets over numbers.

Chosen: a parser of its own, because Python's cannot read 1.000,5 or 1'000; nothing is ever evaluated as code. Decimal
numbers, so that 0.1+0.2 is 0.3. Where spreadsheets and mathematics disagree (-2^2, 2^3^2) brackets are asked for.
Left out: functions, names and cell references.
"""

import decimal
import re
from collections.abc import Callable
from decimal import Decimal

from contract.clean_text import quote
from contract.errors import UnreadableError

MAX_DEPTH = 20  # brackets within brackets
MAX_EXPONENT = 1_000

# A number as it may be written, with any separators; whether they fit together is the reader's question.
NUMBER = r"[.,٫]?\d(?:[\d.,٫٬'_ ]*\d)?[.,٫]?(?:[eE][+-]?\d+)?"
OPERATOR = r"\*\*|[-+*/÷^()]"

_TOKEN = re.compile(rf"\s*(?:(?P<number>{NUMBER})|(?P<operator>{OPERATOR}))\s*")
_CONTEXT = decimal.Context(
    prec=34,
    Emax=400,
    Emin=-400,
    traps=[decimal.DivisionByZero, decimal.InvalidOperation, decimal.Overflow, decimal.Underflow, decimal.Subnormal],
)


def evaluate(formula: str, read_operand: Callable[[str], Decimal | None]) -> Decimal | None:
    """Return the value of `formula`, or None where `read_operand` cannot read one of its numbers.

    Args:
        formula: cleaned text without the leading equals sign.
        read_operand: the value of a number as written.

    Raises:
        UnreadableError: it is not arithmetic, divides by zero, or leaves the range of numbers.
    """
    symbols, at = list[str](), 0
    while at < len(formula):
        match = _TOKEN.match(formula, at)
        if not match:
            raise _not_arithmetic(formula, formula[at:].split(maxsplit=1)[0])
        symbols.append((match["number"] or match["operator"]).replace("**", "^").replace("÷", "/"))
        at = match.end()
    numbers: dict[str, Decimal] = {}
    for symbol in symbols:
        if symbol not in "+-*/^()":
            value = read_operand(symbol)
            if value is None:
                return None
            numbers[symbol] = value
    parser = _Parser(formula, symbols, numbers)
    try:
        with decimal.localcontext(_CONTEXT):
            return parser.whole()
    except (decimal.DivisionByZero, decimal.InvalidOperation):
        raise UnreadableError(
            f"{quote(formula)} has no value", "Leave out divisions by 0 and roots of negatives."
        ) from None
    except decimal.DecimalException:
        raise UnreadableError(f"{quote(formula)} is too large or too small", "Give a smaller calculation.") from None


def _not_arithmetic(formula: str, part: str) -> UnreadableError:
    what = f"{quote(part)} in {quote(formula)}" if part else quote(formula)
    return UnreadableError(f"{what} is not arithmetic", "Use numbers with + - * / ^ and brackets only.")


class _Parser:
    def __init__(self, formula: str, symbols: list[str], numbers: dict[str, Decimal]) -> None:
        self.formula = formula
        self.symbols = symbols
        self.numbers = numbers
        self.at = 0
        self.depth = 0

    @property
    def symbol(self) -> str:
        return self.symbols[self.at] if self.at < len(self.symbols) else ""

    def take(self, *expected: str) -> str:
        symbol = self.symbol
        if symbol and symbol in expected:
            self.at += 1
            return symbol
        return ""

    def whole(self) -> Decimal:
        value = self.sum()
        if self.symbol:
            raise _not_arithmetic(self.formula, self.symbol)
        return value

    def sum(self) -> Decimal:
        value = self.product()
        while operator := self.take("+", "-"):
            right = self.product()
            value = value + right if operator == "+" else value - right
        return value

    def product(self) -> Decimal:
        value = self.signed()
        while operator := self.take("*", "/"):
            right = self.signed()
            value = value * right if operator == "*" else value / right
        return value

    def signed(self) -> Decimal:
        sign = self.take("+", "-")
        start = self.at
        value = self.power()
        if sign == "-" and "^" in self._level(start):
            found = f"{quote(self.formula)} raises a number with a minus sign: (-2)^2 and -(2^2) differ"
            raise UnreadableError(found, "Put brackets around what is meant.")
        return -value if sign == "-" else value

    def power(self) -> Decimal:
        base = self.atom()
        if not self.take("^"):
            return base
        sign = self.take("+", "-")
        exponent = -self.atom() if sign == "-" else self.atom()
        if self.symbol == "^":
            raise UnreadableError(f"{quote(self.formula)} has two powers in a row", "Put brackets around one of them.")
        if abs(exponent) > MAX_EXPONENT:
            found = f"{quote(self.formula)} has a power beyond {MAX_EXPONENT:,}"
            raise UnreadableError(found, "Give a smaller calculation.")
        if base == 0 and exponent < 0:
            raise decimal.DivisionByZero  # Decimal's power would be Infinity
        return base**exponent

    def atom(self) -> Decimal:
        symbol = self.symbol
        if self.take("("):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                found = f"{quote(self.formula)} has more than {MAX_DEPTH} brackets within brackets"
                raise UnreadableError(found, "Give a simpler calculation.")
            value = self.sum()
            self.depth -= 1
            if not self.take(")"):
                raise UnreadableError(f"{quote(self.formula)} has a bracket that is not closed", "Close it.")
            return value
        if symbol not in self.numbers:
            raise _not_arithmetic(self.formula, symbol)
        self.at += 1
        return self.numbers[symbol]

    def _level(self, start: int) -> list[str]:
        """Return the symbols since `start` that are not within brackets."""
        depth, outside = 0, list[str]()
        for symbol in self.symbols[start : self.at]:
            depth -= symbol == ")"
            if depth == 0:
                outside.append(symbol)
            depth += symbol == "("
        return outside
