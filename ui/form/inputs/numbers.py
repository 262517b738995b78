"""Numbers and ranges: a slider for looking around, a box for the exact figure, always in step.

Chosen: the slider moves on the field's step. The box is a text box, because a browser's own number box drops a decimal
comma before anybody sees it; `contract.number_reader` reads what was typed. It takes any figure, finer or out of range,
and the form says what is wrong with it; what cannot be read stays in the box, beside the value that still holds. A log
scale is a select slider over rounded positions, which Streamlit's plain slider does not have.
Left out: units in the box; the unit stands in the label.
"""

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import streamlit as st

from contract.fields import Field, is_number
from contract.number_format import NumberFormat, format_number
from contract.number_reader import read_number
from contract.problems import Problem
from ui.form.form_state import Part, RefusedText
from ui.form.inputs.binding import (
    InputBinding,
    SetValue,
    escape_markdown,
    examples_note,
    format_value,
    is_user_change,
    is_year,
    show_caption,
    sync_widget,
)
from ui.shell import session_format

LOG_POSITIONS = 120
SAFE = 2**53 - 1  # what a browser holds exactly
BOX_WIDTH = 116  # room for ten digits
LOCALIZED_DECIMALS = 3
LONG = 10_000  # from here on a box without separators is hard to read


def number_input(binding: InputBinding) -> None:
    """Draw a number: a slider with exact typing beside it, or the box alone."""
    field, key = binding.field, f"{binding.key}.box"
    if not has_slider(field):
        _draw_box(binding, key, binding.value, "", binding.set_value, label=binding.label, help_=binding.help)
    else:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            _draw_slider(binding)
            _draw_box(binding, key, binding.value, "", binding.set_value, width=BOX_WIDTH)
    spelled = None
    if is_number(binding.value) and abs(binding.value) >= LONG and not has_slider(field) and not is_year(field):
        spelled = with_unit(field, format_value(binding.value, binding.number_format))
    show_caption(spelled, *_notes(binding), examples_note(field, binding.number_format))


def range_input(binding: InputBinding) -> None:
    """Draw a range: a slider with two ends and a box for each."""
    ends = binding.value if isinstance(binding.value, list | tuple) and len(binding.value) == 2 else [None, None]
    if has_slider(binding.field):
        _draw_range_slider(binding, ends)
    else:
        st.markdown(f":small[{binding.label}]", help=binding.help)
    with st.container(horizontal=True, gap="small"):
        for i, word in enumerate(("from", "to")):
            key = f"{binding.key}.{word}"
            _draw_box(
                binding,
                key,
                ends[i],
                word,
                _set_end(binding, ends, i),
                label=word.capitalize(),
                width=BOX_WIDTH,
            )
    show_caption(*_notes(binding), examples_note(binding.field, binding.number_format))


def has_slider(field: Field) -> bool:
    """Say whether a slider can show the field: two ends apart, within what a browser counts exactly."""
    low, high = field.minimum, field.maximum
    if field.widget == "number" or low is None or high is None or low >= high:
        return False
    return max(abs(low), abs(high)) <= SAFE and bool(field.step)


def range_note(field: Field, number_format: NumberFormat) -> str | None:
    """Return the allowed range as small print."""
    low, high = (
        None if end is None else format_value(end, number_format, field) for end in (field.minimum, field.maximum)
    )
    if low is None and high is None:
        return None
    if low is not None and high is not None:
        return escape_markdown(with_unit(field, f"{low} to {high}"))
    return escape_markdown(with_unit(field, f"from {low}" if high is None else f"up to {high}"))


def calibration_note(field: Field, number_format: NumberFormat) -> str | None:
    """Return the calibrated range as small print."""
    if field.valid is None:
        return None
    low, high = (format_value(end, number_format, field) for end in field.valid)
    return f"calibrated on {low} to {high}"


def _notes(binding: InputBinding) -> tuple[str | None, str | None]:
    return range_note(binding.field, binding.number_format), calibration_note(binding.field, binding.number_format)


def with_unit(field: Field, text: str) -> str:
    """Return `text` with the field's unit behind it."""
    return f"{text} {field.unit}" if field.unit else text


def slider_step(field: Field) -> Decimal:
    """Return the slider's step: the field's, or finer where the default would not lie on it."""
    step = Decimal(repr(field.step))
    low = Decimal(repr(field.minimum))
    for mark in _two_numbers(field.default):
        if (Decimal(repr(mark)) - low) % step != 0:
            exponent = min(Decimal(repr(n)).normalize().as_tuple().exponent for n in (mark, field.minimum))
            return min(step, Decimal(1).scaleb(min(int(exponent), 0)))
    return step


def snap_to_step(field: Field, value: float) -> Any:
    """Return the slider position nearest to `value`, in decimal arithmetic so that 0.3 stays 0.3."""
    low, high = Decimal(repr(field.minimum)), Decimal(repr(field.maximum))
    wanted = min(max(Decimal(repr(value)), low), high)
    step = slider_step(field)
    steps = ((wanted - low) / step).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    place = low + steps * step
    if wanted == high or place > high:
        place = high
    return int(place) if field.whole else float(place)


def log_positions(field: Field) -> tuple[Any, ...]:
    """Return the positions of a log slider: even in the logarithm, rounded to three digits, on the grid."""
    marks = tuple(_two_numbers(field.default))
    return _log_positions(field.minimum, field.maximum, field.multiple_of, field.whole, marks)


@lru_cache(maxsize=512)
def _log_positions(
    low: float, high: float, grid: float | None, whole: bool, marks: tuple[float, ...]
) -> tuple[Any, ...]:
    ratio = high / low
    found = {low, high, *marks}
    for i in range(1, LOG_POSITIONS):
        place = Decimal(f"{low * ratio ** (i / LOG_POSITIONS):.3g}")
        if grid:
            unit = Decimal(repr(grid))
            place = (place / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit
        value = int(place) if whole else float(place)
        if low < value < high:
            found.add(value)
    return tuple(sorted(int(v) if whole else float(v) for v in found))


def nearest_position(positions: tuple[Any, ...], value: float) -> Any:
    """Return the position nearest to `value` by ratio."""
    wanted = min(max(value, positions[0]), positions[-1])
    return min(positions, key=lambda p: abs(math.log(p / wanted)))


def _draw_slider(binding: InputBinding) -> None:
    field, key = binding.field, f"{binding.key}.slider"
    value = binding.value if is_number(binding.value) else field.default
    if field.scale == "log":
        positions = log_positions(field)
        place = nearest_position(positions, value)
        key = sync_widget(binding, key, place)
        st.select_slider(
            binding.label,
            positions,
            value=place,
            key=key,
            help=binding.help,
            format_func=lambda position: format_value(position, binding.number_format),
            on_change=lambda: binding.set_value(st.session_state[key]) if is_user_change(key, place) else None,
        )
        return
    place = snap_to_step(field, value)
    key = sync_widget(binding, key, place, lambda a, b: snap_to_step(field, a) == b)

    def set_value() -> None:
        if is_user_change(key, place):
            binding.set_value(snap_to_step(field, st.session_state[key]))

    st.slider(
        binding.label,
        value=place,
        **_slider_scale(field, binding.number_format),
        key=key,
        help=binding.help,
        on_change=set_value,
    )


def _draw_range_slider(binding: InputBinding, ends: Any) -> None:
    field = binding.field
    fallback = (field.minimum, field.maximum)
    low, high = sorted(v if is_number(v) else fallback[i] for i, v in enumerate(ends))
    if field.scale == "log":
        positions = log_positions(field)
        shown = (nearest_position(positions, low), nearest_position(positions, high))
        # A select slider only becomes two-ended by its value argument, which may not meet a state of
        # its key: the value is part of the key instead.
        key = f"{binding.key}.slider.{shown[0]}.{shown[1]}"
        st.select_slider(
            binding.label,
            positions,
            value=shown,
            key=key,
            help=binding.help,
            format_func=lambda position: format_value(position, binding.number_format),
            on_change=lambda: binding.set_value(list(st.session_state[key])),
        )
        return
    place = (snap_to_step(field, low), snap_to_step(field, high))
    key = sync_widget(
        binding, f"{binding.key}.slider", place, lambda a, b: tuple(snap_to_step(field, v) for v in a) == b
    )

    def set_value() -> None:
        if is_user_change(key, place):
            binding.set_value([snap_to_step(field, v) for v in st.session_state[key]])

    st.slider(
        binding.label,
        value=place,
        **_slider_scale(field, binding.number_format),
        key=key,
        help=binding.help,
        on_change=set_value,
    )


def _slider_scale(field: Field, number_format: NumberFormat) -> dict[str, Any]:
    step = slider_step(field)
    digits = 0 if field.whole else max(0, -int(step.normalize().as_tuple().exponent))
    kind = int if field.whole else float
    return {
        "min_value": kind(field.minimum),
        "max_value": kind(field.maximum),
        "step": kind(step),
        "format": _slider_format(field, digits, number_format),
    }


def _slider_format(field: Field, digits: int, number_format: NumberFormat) -> str:
    """Return how the slider writes its figures, which happens in the browser.

    Streamlit groups by commas, or writes as the browser's language does, with three decimals at most. Where neither is
    the session's way, no separators are shown rather than foreign ones.
    """
    plain = f"%.{digits}f" if digits else "%d"
    if is_year(field):
        return plain
    if number_format.decimal == "." and number_format.group == "," and not number_format.lakh:
        return f"%,.{digits}f" if digits else "%,d"
    return "localized" if digits <= LOCALIZED_DECIMALS and session_format.follows_browser() else plain


def _draw_box(
    binding: InputBinding,
    key: str,
    value: Any,
    part: Part,
    set_value: SetValue,
    *,
    label: str | None = None,
    help_: str | None = None,
    width: int | None = None,
) -> None:
    """Draw a box for one number.

    Args:
        binding: the input's.
        key: what the widget's keys begin with.
        value: the number, None where there is none.
        part: which number of the input it is.
        set_value: takes the number of this box.
        label: shown above the box; without one the box has a name for screen readers only.
        help_: beside the label.
        width: in pixels, all there is without it.
    """
    shown = _box_text(binding, value, part)
    key = sync_widget(binding, key, shown)

    def typed() -> None:
        if is_user_change(key, shown):
            _take_text(binding, st.session_state[key] or "", value, part, set_value)

    st.text_input(
        label or f"{binding.label}, exact",
        value=shown,
        key=key,
        help=help_,
        placeholder="empty",
        label_visibility="visible" if label else "collapsed",
        width=width or "stretch",
        on_change=typed,
    )


def _box_text(binding: InputBinding, value: Any, part: Part) -> str:
    """Return what a box shows: a text that could not be read, or the value as the session writes it."""
    if part in binding.refused:
        return binding.refused[part].text
    return format_number(value, binding.number_format, grouping=False) if is_number(value) else ""


def _take_text(binding: InputBinding, text: str, old: Any, part: Part, set_value: SetValue) -> None:
    others = {p: r for p, r in binding.refused.items() if p != part}
    if not text.strip():
        set_value(None, refused=others)
        return
    field = binding.field
    found = read_number(text, binding.number_format, unit=field.unit or "", where=part_path(field, part))
    if isinstance(found, Problem):
        set_value(old, refused={**others, part: RefusedText(text, found)})
        return
    value = found.value
    set_value(int(value) if field.whole and float(value).is_integer() else value, note=found.note, refused=others)


def part_path(field: Field, part: Part) -> str:
    """Return where a problem of a part of the input is."""
    ends = {"from": "[0]", "to": "[1]"}
    return f"inputs.{field.key}{ends.get(part, '') if isinstance(part, str) else ''}"


def _set_end(binding: InputBinding, ends: Any, i: int) -> SetValue:
    def set_value(value: Any, *, note: str = "", refused: Mapping[Part, RefusedText] | None = None) -> None:
        both = list(ends)
        both[i] = value
        binding.set_value(None if value is None else both, note=note, refused=refused)

    return set_value


def _two_numbers(default: Any) -> list[float]:
    return [n for n in (default if isinstance(default, list) else [default]) if is_number(n)]
