"""What is wrong with a triangle, by cell: text, holes, rows of the wrong length or reach, labels and heads.

Chosen: one keyword of JSON Schema of our own (`x-run-off`) checks the whole value, because a validator that walks
through 100,000 cells by schema takes seconds. Amounts that fall are no problem here: incurred claims may, and the model
warns where it matters.
Left out: the wording of values that are no triangle at all, which the API's schema shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import ValidationError

from contract.fields import MAX_TRIANGLE_CELLS, is_number, is_whole
from contract.period_label import GRAINS
from contract.triangle import KEYS, last_filled
from contract.wording import name_some, shorten, span_text

MAX_LABEL = 60  # characters of an origin
MAX_DEVELOPMENT = 12_000
MAX_ERRORS = 500  # of one measure
SHAPE = "Give {origins, developments, measures, grain, cumulative}."


def _check_triangle(_validator: Any, spec: Mapping[str, Any], value: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(value, Mapping):
        yield _error((), f"{shorten(value)} is not a triangle", SHAPE, value)
        return
    for key in value:
        if key not in KEYS:
            yield _error((str(key),), "a triangle has no such part", f"Its parts are {', '.join(KEYS)}.", value[key])
    missing = [key for key in KEYS if key not in value]
    for key in missing:
        yield _error((key,), "it is missing", SHAPE, None)
    if missing:
        return
    yield from _check_grain(spec, value["grain"])
    if not isinstance(value["cumulative"], bool):
        found = f"{shorten(value['cumulative'])} is not true or false"
        hint = "Give true for amounts to date, false for the amounts of each period alone."
        yield _error(("cumulative",), found, hint, value["cumulative"])
    wrong = [*_check_origins(spec, value["origins"]), *_check_developments(spec, value["developments"])]
    # Asked before they are handed out, because the validator then puts its own path before theirs.
    has_lists = not any(len(error.path) < 2 for error in wrong)
    yield from wrong
    if has_lists:  # without both no cell has a place
        yield from _check_measures(spec, value)


def _check_grain(spec: Mapping[str, Any], grain: Any) -> Iterator[ValidationError]:
    allowed = spec["grains"]
    if not isinstance(grain, Mapping) or set(grain) != {"origin", "development"}:
        hint = f'Give {{"origin": ..., "development": ...}}, each {" or ".join(allowed)}.'
        yield _error(("grain",), f"{shorten(grain)} is not a grain", hint, grain)
        return
    for key, length in grain.items():
        if length not in allowed:
            found = f"{shorten(length)} is not a length of period that the model takes"
            yield _error(("grain", key), found, f"Give {' or '.join(allowed)}.", length)
            return
    if GRAINS[grain["development"]] > GRAINS[grain["origin"]]:
        found = f"a development period of a {grain['development']} is longer than the origin period"
        yield _error(("grain", "development"), found, f"Give {grain['origin']} or a shorter one.", grain["development"])


def _check_origins(spec: Mapping[str, Any], origins: Any) -> Iterator[ValidationError]:
    least = spec["min_origins"]
    if not isinstance(origins, list) or len(origins) < least:
        found = f"it has {len(origins):,}" if isinstance(origins, list) else f"{shorten(origins)} is not a list"
        yield _error(("origins",), found, f"Give the labels of {least} origins or more, the oldest first.", origins)
        return
    seen: dict[str, int] = {}
    for i, label in enumerate(origins):
        if not isinstance(label, str) or not label.strip() or "\0" in label:
            yield _error(("origins", i), f"{shorten(label)} is not a label", "Give a text such as 2019.", label)
        elif len(label) > MAX_LABEL:
            found = f"the label has {len(label):,} characters"
            yield _error(("origins", i), found, f"Give {MAX_LABEL} at most.", label)
        elif seen.setdefault(label, i) != i:
            found = f"row {seen[label] + 1} of the triangle has the same label"
            yield _error(("origins", i), found, "Give one row for each origin.", label)


def _check_developments(spec: Mapping[str, Any], developments: Any) -> Iterator[ValidationError]:
    least = spec["min_developments"]
    if not isinstance(developments, list) or len(developments) < least:
        found = f"it has {len(developments):,}" if isinstance(developments, list) else "it is not a list"
        hint = f"Give {least} developments or more: ages in months, or 1, 2, 3."
        yield _error(("developments",), found, hint, developments)
        return
    before = -1
    for j, number in enumerate(developments):
        if not is_whole(number) or not 0 <= number <= MAX_DEVELOPMENT:
            found = f"{shorten(number)} is not a development"
            yield _error(("developments", j), found, "Give ages in whole months, or 1, 2, 3.", number)
        elif number <= before:
            found = f"{number} comes after {before}"
            yield _error(("developments", j), found, "Give each development once, in increasing order.", number)
        else:
            before = number


def _check_measures(spec: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[ValidationError]:
    declared, measures = spec["measures"], value["measures"]
    if not isinstance(measures, Mapping):
        yield _error(("measures",), "it is not an object", "Give {name: [[...]]}, a list for each origin.", measures)
        return
    if len(value["origins"]) * len(value["developments"]) > MAX_TRIANGLE_CELLS:
        found = f"it has {len(value['origins']):,} origins and {len(value['developments']):,} developments"
        yield _error(("measures",), found, f"Give {MAX_TRIANGLE_CELLS:,} cells at most.", None)
        return
    for key in measures:
        if key not in declared:
            yield _error(("measures", str(key)), "there is no such measure", f"Use {name_some(declared)}.", None)
    empty = set(range(len(value["origins"])))
    sound = True
    for key, measure in declared.items():
        if key not in measures:
            if measure["required"]:
                hint = f"Give the amounts of {measure['title']}, a list for each origin."
                yield _error(("measures", key), "it is missing", hint, None)
                sound = False
            continue
        width = 1 if measure["per_origin"] else len(value["developments"])
        errors = _check_matrix(measure, measures[key], len(value["origins"]), width)
        for error in errors[:MAX_ERRORS]:
            yield ValidationError(
                error.message, path=("measures", key, *error.path), instance=error.instance, cause=error.cause
            )
        sound = sound and not any(len(error.path) < 2 for error in errors)
        if sound and not measure["per_origin"]:
            empty -= {i for i, line in enumerate(measures[key]) if last_filled(line) >= 0}
    if sound:
        for i in sorted(empty)[:MAX_ERRORS]:
            yield _error(("origins", i), "the row holds no amount", "Fill it or delete it.", value["origins"][i])


def _check_matrix(measure: Mapping[str, Any], matrix: Any, height: int, width: int) -> list[ValidationError]:
    """Return what is wrong with the amounts of a measure, their paths being within it."""
    if not isinstance(matrix, list):
        return [_error((), "it is not a list", "Give a list of amounts for each origin.", matrix)]
    if len(matrix) != height:
        words = f"it has {len(matrix):,} rows for {height:,} origins"
        return [_error((), words, "Give one row for each origin.", None)]
    found: list[ValidationError] = []
    above: int | None = None
    for i, line in enumerate(matrix):
        if not isinstance(line, list) or len(line) != width:
            words = f"it has {len(line):,} amounts" if isinstance(line, list) else f"{shorten(line)} is not a list"
            found.append(_error((i,), words, f"Give {width:,}, null where nothing is known yet.", line))
            continue
        last = last_filled(line)
        started = False
        for j in range(last + 1):
            cell = line[j]
            if cell is None:
                if started:
                    found.append(_error((i, j), "the cell is empty between filled ones", "Give the amount.", None))
                continue
            started = True
            if not _fits(measure, cell):
                found.append(_cell_error(measure, i, j, cell))
        if last < 0 or measure["per_origin"]:
            continue
        if above is not None and last > above:
            hint = "Put the oldest origin first, and shift the row."
            found.append(_error((i, last), "the row reaches further than the one above", hint, line[last]))
        above = last
    return found


def _fits(measure: Mapping[str, Any], cell: Any) -> bool:
    if not is_number(cell) or (measure["whole"] and not is_whole(cell)):
        return False
    low, high = measure["minimum"], measure["maximum"]
    return (low is None or cell >= low) and (high is None or cell <= high)


def _cell_error(measure: Mapping[str, Any], i: int, j: int, cell: Any) -> ValidationError:
    span = span_text(measure["minimum"], measure["maximum"])
    kind = "a whole number" if measure["whole"] else "a number"
    if is_number(cell) and (not measure["whole"] or is_whole(cell)):
        found = f"{shorten(cell)} is outside {span}"
    else:
        found = f"{shorten(cell)} is not {kind}"
    return _error((i, j), found, f"Give {kind}{f' from {span}' if span else ''}.", cell)


def _error(path: Sequence[Any], found: str, hint: str, value: Any) -> ValidationError:
    """Return an error whose cause carries what to do, which JSON Schema has no place for."""
    return ValidationError(found, path=path, instance=value, cause=ValueError(hint))


KEYWORDS = {"x-run-off": _check_triangle}
