"""A PDF read back: its text as one line, its links, and what its pages draw."""

import io
import re

from pypdf import PdfReader


def open_pdf(content):
    return PdfReader(io.BytesIO(content))


def whole_text(reader):
    """Return the text of all pages with single spaces, without the marks at which long words may break."""
    return squeeze(" ".join(page.extract_text() for page in reader.pages))


def squeeze(text):
    return re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\u00ad", "")).strip()


def dense(text):
    """Return a text without any spaces: where a line breaks within it, none stands in the PDF."""
    return re.sub(r"[\s\u200b]+", "", text)


def links(reader):
    found = set()
    for page in reader.pages:
        for reference in page.get("/Annots") or ():
            action = reference.get_object().get("/A")
            if action is not None and "/URI" in action:
                found.add(str(action["/URI"]))
    return found


def outline_titles(reader):
    def flat(items):
        for item in items:
            if isinstance(item, list):
                yield from flat(item)
            else:
                yield squeeze(item.title)

    return list(flat(reader.outline))


def strokes(reader):
    """Return how many curves, lines and rectangles the pages draw, their forms included."""
    return sum(_strokes(page.get_contents().get_data(), page.get("/Resources"), set()) for page in reader.pages)


def pictures(reader):
    return sum(len(page.images) for page in reader.pages)


def _strokes(data, resources, seen):
    count = len(re.findall(rb"(?<=\s)(?:l|c|re|h)(?=\s)", data))
    forms = ((resources or {}).get("/XObject") or {}).values()
    for reference in forms:
        form = reference.get_object()
        if form.get("/Subtype") == "/Form" and id(form) not in seen:
            seen.add(id(form))
            count += _strokes(form.get_data(), form.get("/Resources"), seen)
    return count
