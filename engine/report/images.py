"""The images of a run's result, made ready for print.

Chosen: each is decoded here and written anew as PNG of a bounded size: what reaches the typesetter is a picture that
has been read once, and one broken file costs its own place and not the report.
Left out: audio and video, which the report names.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from contract.media import Media

ReadFile = Callable[[str], bytes]
MOST_IMAGES = 40
LONGEST = 1_800  # pixels of a side: about 270 to the inch across the page
MAX_RATIO = 1.3  # of height to width: what is taller is printed narrower, so that it fits on a page below its title
WORDS = 500  # letters of a title or caption that are printed


@dataclass(slots=True)
class _Block:
    """What the template sets for one image; `width` is in pixels."""

    title: str
    alt: str = ""
    note: str = ""
    file: str = ""
    width: int = 0
    error: str = ""


def printed_images(
    images: Sequence[Media], read_file: ReadFile | None, drawings: dict[str, bytes]
) -> list[dict[str, Any]]:
    """Return a block for each image and put its picture into `drawings` under the name that the block gives."""
    found = []
    for number, one in enumerate(images[:MOST_IMAGES]):
        block = _Block(one.title[:WORDS], one.alt, (one.caption or "")[:WORDS])
        found.append(block)
        if read_file is None or one.file is None:
            block.error = "It was not stored."
            continue
        try:
            content, width = _as_png(read_file(one.file))
        except (LookupError, OSError, ValueError, SyntaxError, MemoryError):
            block.error = "It cannot be read, and is not printed. The run's page has the file."
            continue
        block.file, block.width = f"image-{number}.png", width
        drawings[block.file] = content
    if len(images) > MOST_IMAGES:
        found.append(_Block(f"and {len(images) - MOST_IMAGES} more", note="The run's page shows them."))
    return [asdict(block) for block in found]


def _as_png(content: bytes) -> tuple[bytes, int]:
    """Return the first frame of an image as PNG, and the width in pixels at which it is printed."""
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
        image.draft("RGB", (LONGEST, LONGEST))  # a large JPEG is decoded at a fraction of its size
        image.thumbnail((LONGEST, LONGEST))
        width, height = image.size
        out = io.BytesIO()
        image.convert("RGBA" if image.has_transparency_data else "RGB").save(out, "PNG")
    return out.getvalue(), max(1, min(width, int(width * MAX_RATIO * width / height)))
