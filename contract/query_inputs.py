"""Inputs in the query of an address: how a spreadsheet's GET names them.

Chosen: the texts of `contract.text_values`, one query key an input; an input that is called like one of the request's
own parameters gets the prefix `in.`. What cannot be read is reported for all inputs at once.
Left out: ranges and steps, which `contract.inputs` checks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from contract.errors import InputError, TextError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.text_values import format_value, parse_value
from contract.wording import shorten

PREFIX = "in."
RESERVED = frozenset({"figure", "version", "wait", "errors"})


def query_key(key: str) -> str:
    """Return the query key of an input: its own, or with the prefix where the request needs that one."""
    return PREFIX + key if key in RESERVED or key.startswith(PREFIX) else key


def format_query(manifest: Manifest, values: Mapping[str, Any]) -> dict[str, str]:
    """Return `values` as query keys and texts, in display order; empty ones are left out."""
    return {
        query_key(key): format_value(field, values[key])
        for key, field in manifest.inputs.items()
        if values.get(key) is not None
    }


def parse_query(manifest: Manifest, query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the inputs of a query whose own parameters are skipped; unknown ones stay, to be refused by name.

    Raises:
        InputError: a text holds no value of its field, or an input is given twice; all problems at once.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, text in query:
        if name in RESERVED:
            continue
        key = name.removeprefix(PREFIX)
        field = manifest.inputs.get(key)
        if key in values:
            problems.append(Problem(f"inputs.{key}", "it is given twice", "Give it once."))
            continue
        try:
            values[key] = text if field is None else parse_value(field, text)
        except TextError as error:
            values[key] = None
            problems.append(Problem(f"inputs.{key}", f"{shorten(text)} is not {error}", f"Give {error}."))
    if problems:
        raise InputError(problems)
    return values
