"""What is different between two versions of a model, in words: its manifest, its cases and its code.

Chosen: an input that is gone and one that is new are told as one that was renamed where they have the same type and
most of their keys in common; the code is compared line by line, as every tool for versions shows it.
Left out: whether results differ, which only runs tell.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RENAMED = 0.6  # share of an input's keys that a renamed one has kept
SHORT = 80  # characters of a value in a sentence
CONTEXT = 3  # unchanged lines around a change
LONGEST_DIFF = 400_000  # characters of a file beyond which only its being different is told
_WORDS = {"min": "minimum", "max": "maximum", "default": "default", "label": "label", "unit": "unit", "type": "type"}


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A file that is different: `status` is added, removed or changed, `lines` the unified difference."""

    name: str
    status: str
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def compare_manifests(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what is different in words, inputs first, nothing where nothing is."""
    found = list(_compare_inputs(_objects(old.get("inputs")), _objects(new.get("inputs"))))
    for key in dict.fromkeys((*old, *new)):
        if key == "inputs" or old.get(key) == new.get(key):
            continue
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            parts = [_change(str(k), before.get(k), after.get(k)) for k in dict.fromkeys((*before, *after))]
            found.append(f"{key}: {', '.join(p for p in parts if p)}")
        else:
            found.append(_change(key, before, after))
    return found


def compare_cases(old: Sequence[Any], new: Sequence[Any]) -> list[str]:
    """Return what is different between two lists of cases, in words."""
    before, after = _by_name(old), _by_name(new)
    found = []
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            found.append(f"case `{name}` removed")
        elif name not in before:
            count = len(after[name].get("expect") or {})
            found.append(f"case `{name}` added" + (f", with {count} published value{_s(count)}" if count else ""))
        else:
            parts = [
                _change_of_part(key, before[name].get(key), after[name].get(key))
                for key in dict.fromkeys((*before[name], *after[name]))
                if before[name].get(key) != after[name].get(key)
            ]
            if parts:
                found.append(f"case `{name}`: {', '.join(parts)}")
    return found


def compare_files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[FileDiff]:
    """Return the files that are different, each with its unified difference, function.py first."""
    names = sorted({*old, *new}, key=lambda name: (name != "function.py", name))
    return [_compare_file(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _compare_file(name: str, old: bytes | None, new: bytes | None) -> FileDiff:
    status = "added" if old is None else "removed" if new is None else "changed"
    texts = [_as_text(content) for content in (old, new)]
    if any(text is None for text in texts):
        return FileDiff(name, status)
    before, after = ((text or "").splitlines() for text in texts)
    lines = difflib.unified_diff(before, after, f"old/{name}", f"new/{name}", n=CONTEXT, lineterm="")
    return FileDiff(name, status, tuple(lines))


def _compare_inputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    renamed = _find_renamed(old, new)
    for key, declared in old.items():
        if key in renamed:
            changes = _field_changes(declared, new[renamed[key]])
            yield ", ".join([f"input `{key}` renamed to `{renamed[key]}`", *changes])
        elif key not in new:
            yield f"input `{key}` removed"
        elif changes := _field_changes(declared, new[key]):
            yield f"input `{key}`: {', '.join(changes)}"
    taken = set(renamed.values())
    for key, declared in new.items():
        if key not in old and key not in taken:
            kind = declared.get("type", "number")
            default = f", default {_text(declared['default'])}" if "default" in declared else ""
            yield f"input `{key}` added ({kind}{default})"
    kept_old, kept_new = ([k for k in keys if k in old and k in new] for keys in (old, new))
    if kept_old != kept_new:
        yield "inputs are in another order"


def _find_renamed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    gone, come = [k for k in old if k not in new], [k for k in new if k not in old]
    pairs = sorted(
        ((_likeness(old[a], new[b]), -abs(i - j), a, b) for i, a in enumerate(gone) for j, b in enumerate(come)),
        reverse=True,
    )
    found: dict[str, str] = {}
    for likeness, _, before, after in pairs:
        if likeness >= RENAMED and before not in found and after not in found.values():
            found[before] = after
    return found


def _likeness(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    """Return the share of keys that two declarations have in common; 0 for other types."""
    if old.get("type", "number") != new.get("type", "number"):
        return 0.0
    keys = {*old, *new} - {"type", "default"}
    if not keys:
        return 1.0
    return float(sum(old.get(key) == new.get(key) for key in keys) / len(keys))


def _field_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found = []
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key == "columns" and isinstance(before, Mapping) and isinstance(after, Mapping):
            inner = _compare_inputs(_objects(before), _objects(after))
            found.append("columns: " + "; ".join(text.replace("input `", "column `") for text in inner))
        else:
            found.append(_change(_WORDS.get(key, key), before, after))
    return found


def _change(name: str, old: Any, new: Any) -> str:
    if old == new:
        return ""
    if old is None:
        return f"{name} added: {_text(new)}"
    if new is None:
        return f"{name} removed"
    before, after = _text(old), _text(new)
    return f"{name} changed" if "..." in before + after else f"{name} {before} to {after}"


def _change_of_part(key: str, old: Any, new: Any) -> str:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        parts = [_change(str(k), old.get(k), new.get(k)) for k in dict.fromkeys((*old, *new))]
        return f"{key} {'; '.join(p for p in parts if p)}"
    return _change(key, old, new)


def _text(value: Any) -> str:
    if isinstance(value, str) and len(value) <= SHORT:
        return f"“{value}”"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."


def _objects(value: Any) -> dict[str, Any]:
    found = value if isinstance(value, Mapping) else {}
    return {str(key): item for key, item in found.items() if isinstance(item, Mapping)}


def _by_name(cases: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    return {str(case.get("name")): case for case in cases if isinstance(case, Mapping)}


def _as_text(content: bytes | None) -> str | None:
    """Return a file as text, empty where it is not there; None where it is no text or too long to compare."""
    if content is None:
        return ""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or len(text) > LONGEST_DIFF else text


def _s(count: int) -> str:
    return "" if count == 1 else "s"
