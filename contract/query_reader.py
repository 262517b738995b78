"""Read a search of the history: `app:chain_ladder params.age > 60 and (summary.scr < 2e6 or tag:q3) "free text"`.

Chosen: a grammar for lark's LALR parser, whose time grows with the length of the text and which knows the column of
every word; numbers and dates are read by the readers of the forms, in the session's format. What is wrong with values
and fields is collected; of the grammar's faults the first is reported, because the others follow from it.
Left out: whether a model has such an input, which only the catalogue knows (`engine.runs.search_keys`).
"""

import calendar
import datetime as dt
import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from contract.date_reader import read_date
from contract.date_text import YEARS
from contract.errors import SearchQueryError
from contract.number_format import NumberFormat, format_number
from contract.number_reader import read_number
from contract.problems import Problem, QueryFault
from contract.run import Status
from contract.run_query import (
    ALIASES,
    DAYS_AGO,
    FIELDS,
    KEYED,
    ME,
    OPERATORS,
    ORDERING,
    TODAY,
    YESTERDAY,
    And,
    Comparison,
    Field,
    Kind,
    Not,
    Or,
    Query,
    Span,
    Value,
    Words,
)

MAX_LETTERS = 4_000  # of a query
MAX_NESTING = 60  # brackets and nots
MAX_CONDITIONS = 100
MAX_VALUES = 1_000  # of all lists together
CANONICAL = NumberFormat()  # of links, saved searches and the API: decimal point, ISO dates

_GRAMMAR = r"""
start: either?
either: all (_OR all)*
all: one (_AND? one)*
?one: _NOT one -> negation
    | "(" either ")" -> group
    | key OPERATOR value -> compare
    | key _IN "(" value (_SEPARATOR value)* ")" -> member
    | text
key: WORD | KEY
value: WORD | STRING
text: WORD | STRING

_IN.3: /in(?=\s*\()/i
_AND.2: /and(?![^\s()"])/i
_OR.2: /or(?![^\s()"])/i
_NOT.2: /not(?![^\s()"])/i
KEY.2: /[A-Za-z]+\."(?:[^"\\]|\\.)*"/
OPERATOR: /<=|>=|!=|==|<|>|=|~|:|≤|≥|≠/
_SEPARATOR.2: /\s*[,;]\s*/
STRING: /"(?:[^"\\]|\\.)*"|“[^”“]*”/
WORD: /(?:[^\s()"“”<>=!~:;,≤≥≠]|,(?=[^\s,)])|!(?!=))+/
%ignore /\s+/
"""
_OPERATORS = {":": "=", "==": "=", "≤": "<=", "≥": ">=", "≠": "!="}
_EXPECTED = {
    "WORD": "a word",
    "STRING": "a text in quotes",
    "OPERATOR": "a comparison such as : or >",
    "RPAR": "a closing bracket",
    "_SEPARATOR": "a comma",
}
_STATUSES = {str(status).lower(): status for status in Status}
_DECIMAL_COMMA = re.compile(r"[-+]?[\d.' ]+,\d+(?:e[-+]?\d+)?%?", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_FLAGS = tuple(name for name, kind in FIELDS.items() if kind is Kind.FLAG)
_YES = "yes"


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query as it was read, None where it is empty; `notes` say how texts were read that could be taken otherwise."""

    query: Query | None
    notes: tuple[str, ...] = ()


def read_query(text: str, number_format: NumberFormat = CANONICAL) -> ReadQuery:
    """Return the query written as `text`.

    Args:
        text: as typed; at most `MAX_LETTERS` long.
        number_format: of the numbers and dates in it; the canonical one for links and the API.

    Raises:
        SearchQueryError: it cannot be read.
    """
    if len(text) > MAX_LETTERS:
        raise _error(text, MAX_LETTERS + 1, 1, f"the search is longer than {MAX_LETTERS:,} letters", "Shorten it.")
    if text.count("(") + len(re.findall(r"\bnot\b", text, re.IGNORECASE)) > MAX_NESTING:
        hint = "Split the search, or use in (...) for several values."
        raise _error(text, 1, 1, f"there are more than {MAX_NESTING} brackets and nots", hint)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise SearchQueryError(text, [_syntax_fault(text, error)]) from error
    walker = _Walker(number_format)
    query = walker.start(tree)
    if walker.conditions > MAX_CONDITIONS or walker.compared > MAX_VALUES:
        hint = "Split the search."
        raise _error(text, 1, 1, f"there are more than {MAX_CONDITIONS} conditions or {MAX_VALUES:,} values", hint)
    if walker.faults:
        raise SearchQueryError(text, walker.faults)
    return ReadQuery(query, tuple(dict.fromkeys(walker.notes)))


def unquoted(token: str) -> str:
    """Return the text of a token in quotes."""
    inner = token[1:-1]
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL) if token.startswith('"') else inner


def reads_as_value(text: str, number_format: NumberFormat) -> bool:
    """Return whether a word is read as a number or a day where one may stand."""
    number, day, _ = _number_or_day(text, number_format)
    return number is not None or day is not None


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=False)


def _error(text: str, column: int, length: int, message: str, hint: str) -> SearchQueryError:
    return SearchQueryError(text[:MAX_LETTERS], [QueryFault(column, length, message, hint)])


def _syntax_fault(text: str, error: UnexpectedInput) -> QueryFault:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        opened = _open_bracket(text)
        if opened is not None and "RPAR" in error.accepts | error.expected:
            return QueryFault(opened + 1, 1, "this bracket is not closed", "Put ) where it ends.")
        return QueryFault(len(text) + 1, 1, f"the search ends where {_expected(error)} is expected", "Complete it.")
    at = error.pos_in_stream or 0
    found = str(error.token) if isinstance(error, UnexpectedToken) else text[at : at + 1]
    if isinstance(error, UnexpectedCharacters) and found in {'"', "“"}:
        return QueryFault(at + 1, len(text) - at, "the quotation mark is not closed", 'Put " where the text ends.')
    if found == ")":
        return QueryFault(at + 1, 1, "this bracket closes nothing, or nothing stands in it", "Remove it.")
    hint = "To search for it as it stands, put the text in quotes."
    return QueryFault(at + 1, len(found), f"{found!r} stands where {_expected(error)} is expected", hint)


def _expected(error: UnexpectedInput) -> str:
    names = set(
        getattr(error, "accepts", None) or getattr(error, "allowed", None) or getattr(error, "expected", None) or ()
    )
    words = [said for name, said in _EXPECTED.items() if name in names]
    if "WORD" in names and "OPERATOR" in names:
        words = [_EXPECTED["OPERATOR"], "another condition"]
    elif {"WORD", "_NOT"} <= names:
        words = ["a condition"]
    return " or ".join(words) if words else "something else"


def _open_bracket(text: str) -> int | None:
    """Return where the last bracket begins that is not closed."""
    opened: list[int] = []
    quoted = re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: "x" * len(found[0]), text)
    for at, letter in enumerate(quoted):
        if letter == "(":
            opened.append(at)
        elif letter == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _number_or_day(text: str, number_format: NumberFormat) -> tuple[float | None, str | None, str]:
    """Return the text as a number or as a day, with a note where it could be taken otherwise."""
    if not any(letter.isdigit() for letter in text):
        return None, None, ""
    number = read_number(text, number_format, arithmetic=False)
    if not isinstance(number, Problem):
        return number.value, None, number.note
    day = read_date(text, number_format)
    return (None, None, "") if isinstance(day, Problem) else (None, day.value, day.note)


class _Walker:
    """Turns lark's tree into a query, collecting what is wrong."""

    def __init__(self, number_format: NumberFormat) -> None:
        self.format = number_format
        self.faults: list[QueryFault] = []
        self.notes: list[str] = []
        self.conditions = 0
        self.compared = 0

    def start(self, tree: Tree[Token]) -> Query | None:
        return self.visit(tree.children[0]) if tree.children else None

    def visit(self, tree: Tree[Token] | Token) -> Query:
        assert isinstance(tree, Tree)
        match tree.data:
            case "either":
                return self.joined(tree, Or)
            case "all":
                return self.joined(tree, And)
            case "negation":
                return Not(self.visit(tree.children[0]))
            case "group":
                return self.visit(tree.children[0])
            case "compare":
                key, operator, value = tree.children
                return self.compare(_token(key), _OPERATORS.get(str(operator), str(operator)), [_token(value)])
            case "member":
                key, *values = tree.children
                return self.compare(_token(key), "in", self.items([_token(value) for value in values]))
            case _:
                return self.text(_token(tree))

    def joined(self, tree: Tree[Token], kind: type[And] | type[Or]) -> Query:
        parts: list[Query] = []
        for child in tree.children:
            part = self.visit(child)
            parts.extend(part.parts if isinstance(part, kind) else [part])
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def text(self, token: Token) -> Query:
        self.conditions += 1
        column = _column(token)
        if token.type == "STRING":
            text = " ".join(unquoted(token).split())
            if not text:
                self.fault(token, "there is nothing between the quotes", "Remove them, or write a text.")
            return Words(text, column)
        name = token.lower()
        if name in _FLAGS:
            return Comparison(Field(name), "=", (Value(ME if name == "starred" else _YES),), column)
        return Words(str(token), column)

    def items(self, tokens: list[Token]) -> list[Token]:
        """Return the items of a list: `1,2` is two of them, unless the session's decimal mark is a comma."""
        found = []
        for token in tokens:
            joined = token.type == "WORD" and "," in token
            if not joined or (self.format.decimal == "," and _has_decimal_commas(token)):
                found.append(token)
                continue
            at = token.start_pos or 0
            for part in token.split(","):
                if part:
                    found.append(Token("WORD", part, start_pos=at))
                at += len(part) + 1
        return found

    def compare(self, key: Token, operator: str, tokens: list[Token]) -> Query:
        self.conditions += 1
        self.compared += len(tokens)
        column = _column(key)
        field = self.field(key)
        if field is None:
            return Words("", column)
        allowed = OPERATORS[field.kind]
        if operator not in allowed:
            shown = ", ".join(":" if o == "=" else o for o in allowed)
            self.fault(key, f"{field.name} cannot be compared by {operator}", f"Use one of {shown}.")
            return Words("", column)
        values = tuple(v for v in (self.value(token, field, operator) for token in tokens) if v is not None)
        return Comparison(field, operator, values, column)

    def field(self, token: Token) -> Field | None:
        name, dot, rest = str(token).partition(".")
        name = ALIASES.get(name.lower(), name.lower())
        if name not in FIELDS:
            near = difflib.get_close_matches(name, [*FIELDS, *ALIASES], 1)
            found = f"there is no field {str(token)!r}"
            if near:
                hint = f"Did you mean {near[0]}?"
            else:
                hint = f"Use params.{token} for an input, summary.{token} for a figure, or quotes for a text."
            self.fault(token, found, hint)
            return None
        if name not in KEYED:
            if dot:
                self.fault(token, f"{name} has no parts", f"Write {name} alone.")
                return None
            return Field(name)
        key = unquoted(rest) if rest.startswith('"') else rest
        if not key.strip():
            example = "params.age" if name == "params" else 'summary."Total IBNR"'
            self.fault(token, f"{name} needs the name of what is compared", f"Write it as in {example}.")
            return None
        return Field(name, (key,))

    def value(self, token: Token, field: Field, operator: str) -> Value | Span | None:
        quoted = token.type == "STRING"
        text = unquoted(token) if quoted else str(token)
        if "\0" in text:
            self.fault(token, "there is a character in it that no text has", "Remove it.")
            return None
        if not quoted and ".." in text and field.kind in {Kind.ANY, Kind.DATE, Kind.NUMBER}:
            return self.span(token, field, operator)
        match field.kind:
            case Kind.STATUS:
                return self.status(token, text)
            case Kind.DATE:
                return self.date(token, text, operator)
            case Kind.NUMBER:
                return self.number(token, text)
            case Kind.ANY:
                return self.any(token, text, operator, quoted=quoted)
            case _:
                if not text.strip():
                    self.fault(token, "the value is empty", "Write what to look for.")
                    return None
                if field.name == "baseline" and text.lower() != _YES:
                    self.fault(token, "baseline takes no value", "Write baseline, or not baseline.")
                    return None
                return Value(text.lower() if text.lower() == ME else text)

    def status(self, token: Token, text: str) -> Value | None:
        found = _STATUSES.get(text.lower().replace(" ", "_"))
        if found is None:
            self.fault(token, f"{text!r} is not a status", f"Use one of {', '.join(_STATUSES)}.")
            return None
        return Value(str(found))

    def number(self, token: Token, text: str) -> Value | None:
        found = read_number(text, self.format, arithmetic=False)
        if isinstance(found, Problem):
            self.fault(token, found.message, found.hint)
            return None
        self.note(found.note)
        return _number(found.value)

    def any(self, token: Token, text: str, operator: str, *, quoted: bool) -> Value | None:
        if operator == "~" or (quoted and operator not in ORDERING):
            if operator == "~" and not text:
                self.fault(token, "the value is empty", "Write what to look for.")
                return None
            return Value(text)
        number, day, note = _number_or_day(text, self.format)
        self.note(note)
        if number is not None:
            return _number(number)
        if day is not None:
            return Value(day, day=day)
        if operator in ORDERING:
            example = format_number(1234.5, self.format, grouping=False)
            self.fault(token, f"{text!r} is neither a number nor a date", f"Write a number such as {example}.")
            return None
        return Value(text)

    def date(self, token: Token, text: str, operator: str) -> Value | Span | None:
        first, last = self.days(token, text)
        if first is None or last is None:
            return None
        if first == last:
            return first
        if operator in ORDERING:
            return last if operator in {">", "<="} else first
        return Span(first, last)

    def days(self, token: Token, text: str) -> tuple[Value | None, Value | None]:
        """Return the first and the last day of what is written: a day, a month, a year, or a day from today."""
        word = text.lower()
        if word in {TODAY, YESTERDAY} or DAYS_AGO.fullmatch(word):
            return Value(word), Value(word)
        if (found := _MONTH.fullmatch(text)) and 1 <= int(found[2]) <= 12 and int(found[1]) in YEARS:
            year, month = int(found[1]), int(found[2])
            last = calendar.monthrange(year, month)[1]
            return _day(dt.date(year, month, 1)), _day(dt.date(year, month, last))
        if _YEAR.fullmatch(text) and int(text) in YEARS:
            return _day(dt.date(int(text), 1, 1)), _day(dt.date(int(text), 12, 31))
        day = read_date(text, self.format)
        if isinstance(day, Problem):
            self.fault(token, day.message, day.hint)
            return None, None
        self.note(day.note)
        return Value(day.value, day=day.value), Value(day.value, day=day.value)

    def span(self, token: Token, field: Field, operator: str) -> Span | None:
        if operator not in {"=", "!=", "in"}:
            hint = f"Use {field.name}:{token}, or one end of it."
            self.fault(token, f"a range cannot be compared by {operator}", hint)
            return None
        before, _, after = str(token).partition("..")
        first = Token("WORD", before, start_pos=token.start_pos)
        second = Token("WORD", after, start_pos=(token.start_pos or 0) + len(before) + 2)
        if not before and not after:
            self.fault(token, "the range has no ends", "Write one or both, such as 10..20 or 10..")
            return None
        low, high = self.end(first, field, last=False), self.end(second, field, last=True)
        if (before and low is None) or (after and high is None):
            return None
        if low is not None and high is not None:
            if (low.number is None) != (high.number is None):
                self.fault(token, "one end is a number and the other a date", "Use two of one kind.")
                return None
            ends = [(v.number, v.day) for v in (low, high)]
            numbers, days = ends[0][0], ends[0][1]
            if (numbers is not None and numbers > (ends[1][0] or 0)) or (days and ends[1][1] and days > ends[1][1]):
                self.fault(token, "the range ends before it begins", "Turn it round.")
                return None
        return Span(low, high)

    def end(self, token: Token, field: Field, *, last: bool) -> Value | None:
        text = str(token)
        if not text:
            return None
        if field.kind is Kind.NUMBER:
            return self.number(token, text)
        if field.kind is Kind.DATE:
            return self.days(token, text)[1 if last else 0]
        number, day, note = _number_or_day(text, self.format)
        self.note(note)
        if number is None and day is None:
            hint = "A range takes two numbers or two dates; put a text with two points in quotes."
            self.fault(token, f"{text!r} is neither a number nor a date", hint)
            return None
        return _number(number) if number is not None else Value(str(day), day=day)

    def fault(self, token: Token, message: str, hint: str) -> None:
        self.faults.append(QueryFault(_column(token), len(token), message, hint))

    def note(self, text: str) -> None:
        if text:
            self.notes.append(text)


def _number(value: float) -> Value:
    return Value(format_number(value, CANONICAL, grouping=False), number=value)


def _day(day: dt.date) -> Value:
    return Value(day.isoformat(), day=day.isoformat())


def _token(tree: Tree[Token] | Token) -> Token:
    found = tree.children[0] if isinstance(tree, Tree) else tree
    assert isinstance(found, Token)
    return found


def _has_decimal_commas(text: str) -> bool:
    """Return whether each comma in a number, or in the ends of a range, is a decimal mark."""
    return all(_DECIMAL_COMMA.fullmatch(end) for end in text.split("..") if "," in end)


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1
