"""The images, audio and video of a result: taken once the model is dead, looked at, and named as files of the run.

Chosen: what a model gives as base64 or as a file of its scratch folder becomes a file like any other, and the result
holds only what is said about it, so that no page and no list carries the content. The type is what the first bytes say;
an image's header is read for its size in pixels, because a small file may hold a picture that no browser can show.
Left out: decoding pixels, and storing.
"""

import base64
import binascii
import hashlib
import re
import secrets
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.errors import OutputFileError
from contract.media import ACCEPTED, EXTENSIONS, HEAD, MediaKind, is_of_kind, media_items, media_type
from engine.sandbox.output_files import path_inside

MAX_ITEMS = 50  # of each kind
MAX_PIXELS = 50_000_000  # of one image: 200 MB once it is decoded
KEYS = tuple(MediaKind)
_DATA_URL = re.compile(r"data:[^,]{0,100};base64,")
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_CONTENT = {"base64", "file", "type", "size", "width", "height", "sha256"}


def names_media(result: Any) -> bool:
    """Return whether a result has media to take."""
    return isinstance(result, dict) and any(result.get(key) for key in KEYS)


def without_content(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run has shown so far without the content of its media, which is stored at its end."""
    shown = dict(result)
    for kind in KEYS:
        items = media_items(shown[kind]) if kind in shown else None
        if items is not None:
            shown[kind] = [{k: v for k, v in item.items() if k not in _CONTENT} for item in items]
    return shown


def output_media(result: Any, scratch: Path, limit: int, taken: Mapping[str, Path]) -> tuple[Any, dict[str, Path]]:
    """Return a result whose media are references, and the path of each file behind them.

    Args:
        result: what the model returned.
        scratch: the run's scratch folder; what comes as base64 is written into it.
        limit: bytes that all of them together may have.
        taken: the other files of the run, whose names are not used again.

    Raises:
        OutputFileError: one has no content, is of another type than may be shown, or there is too much of them.
    """
    if not names_media(result):
        return result, {}
    seen = dict(result)
    files: dict[str, Path] = {}
    folder = scratch / f"media-{secrets.token_hex(8)}"
    left = limit
    for kind in KEYS:
        items = media_items(seen[kind]) if seen.get(kind) else None
        if items is None:
            continue
        if len(items) > MAX_ITEMS:
            raise OutputFileError(f"The model's result has {len(items):,} {kind}. The most is {MAX_ITEMS}.")
        references = []
        for number, item in enumerate(items):
            where = f"{kind}[{number}]"
            path = _content_path(item, where, scratch, folder / f"{kind}-{number}")
            size = path.stat().st_size
            left -= size
            if left < 0:
                raise OutputFileError(f"The media of the model's result hold more than {limit // 1_000_000:,} MB.")
            reference = _described(kind, path, where)
            name = _free_name(f"{kind}/{number + 1}", EXTENSIONS[reference["type"]], {*taken, *files})
            files[name] = path
            words = {k: v for k, v in item.items() if k not in _CONTENT}
            references.append({**words, "file": name, **reference, "size": size})
        seen[kind] = references
    return seen, files


def _content_path(item: Mapping[str, Any], where: str, scratch: Path, target: Path) -> Path:
    if isinstance(item.get("base64"), str):
        text = _DATA_URL.sub("", item["base64"], count=1) if item["base64"].startswith("data:") else item["base64"]
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise OutputFileError(f"The model's result has no content for {where}: its base64 is not valid.") from None
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        return target
    given = item.get("file")
    path = path_inside(given, scratch)
    if path is None:
        found = f"its file is {str(given)[:200]!r}" if given is not None else "it has neither file nor base64"
        raise OutputFileError(f"The model's result has no content for {where}: {found}, which is not in scratch.")
    return path


def _described(kind: MediaKind, path: Path, where: str) -> dict[str, Any]:
    """Return type, hash and size in pixels of a file.

    Raises:
        OutputFileError: it may not be shown.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    found = media_type(head)
    if not is_of_kind(kind, found):
        what = f"it is {found}" if found else "its content is of no type that is shown"
        raise OutputFileError(f"{where} of the model's result is not {ACCEPTED[kind]}: {what}.")
    if kind is not MediaKind.IMAGES:
        return {"type": found, "sha256": digest}
    width, height = _pixels(path, where)
    return {"type": found, "sha256": digest, "width": width, "height": height}


def _pixels(path: Path, where: str) -> tuple[int, int]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound is ours, below
            with Image.open(path, formats=_FORMATS) as image:
                width, height = image.size
    except Exception as error:
        raise OutputFileError(f"{where} of the model's result is an image that cannot be read.") from error
    if width * height > MAX_PIXELS:
        found = f"it has {width:,} × {height:,} pixels. The most is {MAX_PIXELS // 1_000_000} million"
        raise OutputFileError(f"{where} of the model's result is too large: {found}.")
    return width, height


def _free_name(stem: str, ending: str, taken: set[str]) -> str:
    name = f"{stem}.{ending}"
    while name in taken:
        stem += "-media"
        name = f"{stem}.{ending}"
    return name
