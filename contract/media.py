"""Images, audio and video of a result: what may be shown, how it is named, and what a stored one says.

Chosen: only types that a browser shows and cannot run; the type is read from the content by `filetype`, never taken
from a name or a heading. SVG and HTML are text with scripts in it and are no images here.
Left out: taking the content from a run, which is `engine.sandbox.output_media`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import filetype


class MediaKind(StrEnum):
    """The keys of a result that hold media."""

    IMAGES = "images"
    AUDIO = "audio"
    VIDEO = "video"


# What is found in a file's first bytes, and the type under which it is shown.
_FOUND = {
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "audio/mpeg": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/ogg": "audio/ogg",
    "audio/x-flac": "audio/flac",
    "audio/mp4": "audio/mp4",
    "audio/aac": "audio/aac",
    "video/mp4": "video/mp4",
    "video/webm": "video/webm",
    # A phone's or a renderer's recording: an MP4 in all but its first bytes.
    "video/x-m4v": "video/mp4",
}
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
ACCEPTED = {
    MediaKind.IMAGES: "PNG, JPEG, GIF or WebP",
    MediaKind.AUDIO: "MP3, WAV, Ogg, FLAC, AAC or M4A",
    MediaKind.VIDEO: "MP4 or WebM",
}
_PREFIX = {MediaKind.IMAGES: "image/", MediaKind.AUDIO: "audio/", MediaKind.VIDEO: "video/"}
HEAD = 8_192  # bytes of a file in which its type is found
MAX_WORDS = 1_000  # characters of a title, an alternative text or a caption


@dataclass(frozen=True, slots=True)
class Media:
    """One image, sound or film. `type` and `file` are None while the run goes on: it is stored with the run's end.

    `width` and `height` are in pixels, of images only; `size` is in bytes; `sha256` is of the content.
    """

    kind: MediaKind
    title: str
    alt: str
    caption: str | None = None
    file: str | None = None
    type: str | None = None
    size: int = 0
    width: int | None = None
    height: int | None = None
    sha256: str | None = None


def media_type(content: bytes) -> str | None:
    """Return the media type of content that may be shown, from its first bytes; None where it may not."""
    found = filetype.guess_mime(content[:HEAD])
    return _FOUND.get(found or "")


def is_of_kind(kind: MediaKind, type_: str | None) -> bool:
    """Return whether a media type may stand under this key of a result."""
    return type_ in EXTENSIONS and type_.startswith(_PREFIX[kind])


def media_items(raw: Any) -> list[dict[str, Any]] | None:
    """Return what stands under a media key as a list of objects, or None where it is in no accepted shape.

    Accepted are `[{title, file | base64, alt, caption}]`, one such object, and `{title: object or path}`.
    """
    if isinstance(raw, Mapping) and not ({"file", "base64"} & raw.keys()):
        raw = [{"title": str(title), **(_item(one) or {"": None})} for title, one in raw.items()]
    elif isinstance(raw, Mapping | str):
        raw = [raw]
    if not isinstance(raw, list):
        return None
    items = [_item(one) for one in raw]
    found = [one for one in items if one is not None and "" not in one]
    return found if len(found) == len(items) else None


def read_media(kind: MediaKind, raw: Any) -> tuple[Media, ...] | None:
    """Return what a result as stored, or as far as it has come, shows under a media key.

    Returns:
        None where it is in no accepted shape.
    """
    items = media_items(raw)
    if items is None:
        return None
    return tuple(_read_one(kind, number, item) for number, item in enumerate(items, 1))


def _item(raw: Any) -> dict[str, Any] | None:
    if isinstance(raw, str):
        return {"file": raw}
    return {str(k): v for k, v in raw.items()} if isinstance(raw, Mapping) else None


def _read_one(kind: MediaKind, number: int, item: Mapping[str, Any]) -> Media:
    type_, file = item.get("type"), item.get("file")
    stored = isinstance(type_, str) and isinstance(file, str) and is_of_kind(kind, type_) and "sha256" in item
    title = _words(item.get("title")) or f"{_SINGULAR[kind]} {number}"
    return Media(
        kind,
        title,
        _words(item.get("alt")) or title,
        _words(item.get("caption")),
        file if stored else None,
        type_ if stored else None,
        _whole(item.get("size")) or 0,
        _whole(item.get("width")),
        _whole(item.get("height")),
        str(item["sha256"]) if stored else None,
    )


_SINGULAR = {MediaKind.IMAGES: "Image", MediaKind.AUDIO: "Audio", MediaKind.VIDEO: "Video"}


def _words(value: Any) -> str | None:
    text = " ".join(str(value).split()) if value is not None else ""
    return text[:MAX_WORDS] or None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
