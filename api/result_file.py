"""A file of a run's result as a response: media to look at, everything else to save.

Chosen: whether a browser may show it is decided by its content, at the moment it is sent, so that no name and no stored
word can make a page of ours out of a model's file; it comes with a policy that runs nothing. Players ask for a part of
a film at a time, so one range of bytes is answered.
Left out: several ranges at once, which no player asks for: they get the whole.
"""

import re
from urllib.parse import quote

from fastapi import Response

from contract.media import MediaKind, is_of_kind, media_type

FILE = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# A file that a browser shows in a tab of its own may load and run nothing.
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def file_response(content: bytes, name: str, *, range_: str | None = None, download: bool = False) -> Response:
    """Return a file, inline where it is an image, sound or film under such a name.

    Args:
        content: the whole file.
        name: as the result names it.
        range_: the request's `Range`.
        download: whether to save it in any case.
    """
    folder = name.partition("/")[0]
    found = media_type(content) if folder in {*MediaKind} else None
    shown = found is not None and is_of_kind(MediaKind(folder), found)
    way = "inline" if shown and not download else "attachment"
    headers = {
        **SAFE,
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(name.replace('/', '-'), safe='')}",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600",  # a run's files never change
    }
    type_ = found if shown and found is not None else FILE
    part = _part(range_, len(content))
    if part is None:
        return Response(content, media_type=type_, headers=headers)
    start, end = part
    if start >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Response(content[start:end], status_code=206, media_type=type_, headers=headers)


def _part(range_: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte asked for and the one after the last, or None where the whole is asked for."""
    found = _RANGE.fullmatch(range_.strip()) if range_ else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size
    return int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
