"""Links carry a form's inputs: written with every value, read without trusting any of them.

Chosen: one query key an input, its value as `contract.text_values` writes it; an input named like one of the page's own
keys gets the prefix `in.`. A table or file stands in a link only where it differs from the default, and a table
only up to `MAX_TABLE_TEXT` characters: past that a run's link is the one that carries it.
Left out: the browser's address bar, which is `ui.form.url_sync`, and the check of ranges, which is `contract.inputs`.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from contract.errors import TextError
from contract.fields import Field
from contract.former_inputs import former_keys, renamed_key
from contract.inputs import canonical_values
from contract.manifest import Manifest
from contract.problems import Problem
from contract.text_values import format_value, parse_value
from contract.triangle import cell_count

PREFIX = "in."
PAGE_KEYS = frozenset({"app", "version", "from", "run", "tab", "saved"})  # `saved` is a scenario
STREAMLIT_KEYS = frozenset({"embed", "embed_options"})
MAX_TABLE_TEXT = 6_000  # characters, before percent-encoding
TOO_LONG = " " * (MAX_TABLE_TEXT + 1)


@dataclass(frozen=True, slots=True)
class LinkInputs:
    """What a link says: values by input, texts that hold no value of their field, keys nobody knows."""

    values: dict[str, Any]
    errors: dict[str, Problem]
    unreadable: dict[str, str]
    unknown: list[Problem]


def run_link(run_id: object) -> str:
    """Return the address that shows a run, live or finished, exactly as it was."""
    return "/run?" + urlencode({"id": str(run_id)})


def encode(manifest: Manifest, values: Mapping[str, Any]) -> dict[str, str]:
    """Return `values` as query keys and texts, in display order, without what a link cannot carry.

    An input that is empty (None) stands there as an empty text where leaving it out would mean the
    default.
    """
    found = {}
    for key, field in manifest.inputs.items():
        if key not in values:
            continue
        text = _encode_value(field, values[key])
        if text is not None and not _too_long(field, text):
            found[query_key(key)] = text
    return found


def omitted_tables(manifest: Manifest, values: Mapping[str, Any]) -> list[str]:
    """Return the keys of changed tables that are too long for a link."""
    return [
        key
        for key, field in manifest.inputs.items()
        if field.type in {"table", "triangle"}
        and key in values
        and _too_long(field, _encode_value(field, values[key]) or "")
    ]


def query_key(key: str) -> str:
    """Return the query key of an input: its own, or with the prefix where the page needs that one."""
    return PREFIX + key if is_reserved(key) else key


def is_reserved(key: str) -> bool:
    """Say whether a query key belongs to the page or to Streamlit rather than to an input."""
    return key in PAGE_KEYS or key.lower().startswith("embed")


def page_params(params: Mapping[str, str]) -> dict[str, str]:
    """Return what of a link is the page's own: the model, its version, the run it came from."""
    return {key: text for key, text in params.items() if key in PAGE_KEYS}


def input_params(params: Mapping[str, str]) -> dict[str, str]:
    """Return what of a link speaks of inputs, known or not."""
    return {key: text for key, text in params.items() if key not in PAGE_KEYS and key.lower() not in STREAMLIT_KEYS}


def parse(manifest: Manifest, params: Mapping[str, str]) -> LinkInputs:
    """Read the inputs of a link, each text apart; ranges are not checked here."""
    reading = LinkInputs({}, {}, {}, [])
    former: dict[str, Any] = {}
    for name, text in input_params(params).items():
        key = name.removeprefix(PREFIX)
        if (now := renamed_key(manifest, key)) and query_key(now) not in params:
            key = now
        field = manifest.inputs.get(key)
        if field is None and key in former_keys(manifest):
            former[key] = _read_former(text)
            continue
        if field is None:
            reading.unknown.append(_unknown(manifest, name))
            continue
        if not text and not field.has_default:
            continue  # as empty as without it
        try:
            reading.values[key] = parse_value(field, text)
        except TextError as error:
            reading.unreadable[key] = text
            reading.errors[key] = Problem(
                f"inputs.{key}",
                f"the link says {_shorten(text)}, not {error}" if text else "the link leaves it empty",
                f"Give {error}.",
            )
    found = canonical_values(manifest, former | reading.values)
    left = [key for key in found if key not in manifest.inputs]
    reading.unknown.extend(_unknown(manifest, key) for key in left)
    reading.values.update({key: value for key, value in found.items() if key not in left})
    return reading


def _unknown(manifest: Manifest, name: str) -> Problem:
    offered = ", ".join(manifest.inputs) or "none"
    return Problem(f"link.{name}", "the model has no such input", f"Its inputs are: {offered}.")


def _read_former(text: str) -> Any:
    """Return what a link says of an input of an earlier version: rows as JSON, or an option as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _encode_value(field: Field, value: Any) -> str | None:
    if value is None:
        return "" if field.has_default else None
    if is_large(field, value):
        return None if field.has_default and value == field.default else TOO_LONG  # not worth writing out
    if field.type in {"table", "triangle", "file"} and field.has_default and value == field.default:
        return None
    return format_value(field, value.isoformat() if isinstance(value, dt.date) else value)


def _too_long(field: Field, text: str) -> bool:
    return field.type in {"table", "triangle"} and len(text) > MAX_TABLE_TEXT


def is_large(field: Field, value: Any) -> bool:
    """Say whether a table or triangle is surely too long for a link, before it is written out."""
    if field.type == "table" and isinstance(value, list):
        return 3 * len(value) > MAX_TABLE_TEXT
    return field.type == "triangle" and cell_count(value) > MAX_TABLE_TEXT


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
