"""Images, audio and video of a result on the page: each with its words, and a link to save it.

Chosen: the browser fetches the files by link, so that a repaint sends none of them again; their elements are written as
HTML because Streamlit's own take a file's content or a public address, and give a picture no alternative text.
Left out: what may be shown, which `contract.media` says and the API's route checks once more.
"""

from collections.abc import Sequence
from html import escape as escape_html

import streamlit as st

from contract.media import Media, MediaKind
from contract.readable import file_size
from contract.run import Run
from ui.result import downloads
from ui.shell.markup import escape

_ICONS = {MediaKind.IMAGES: "image", MediaKind.AUDIO: "music_note", MediaKind.VIDEO: "movie"}


def show_media(media: Sequence[Media], run: Run | None, *, partial: bool) -> None:
    """Show what of a result is looked at or listened to; while the run goes on, name it only."""
    if not media:
        return
    if partial or run is None:
        names = ", ".join(f":material/{_ICONS[m.kind]}: {escape(m.title)}" for m in media)
        st.caption(f"{names}: shown when the run has ended.")
        return
    with st.container():
        st.html(f'<div class="tontine-media">{"".join(_figure(one, run) for one in media)}</div>')


def _figure(one: Media, run: Run) -> str:
    title = f"<strong>{escape_html(one.title)}</strong>"
    words = f"<span>{escape_html(one.caption)}</span>" if one.caption else ""
    if one.file is None:
        return f"<figure><figcaption>{title}{words}<span>It was not stored.</span></figcaption></figure>"
    save = downloads.media_link(run.id, one.file, save=True)
    pixels = f", {one.width} × {one.height} pixels" if one.width and one.height else ""
    link = (
        f'<a href="{escape_html(save)}" download>Download</a> '
        f"<small>{escape_html((one.type or '').partition('/')[2].upper())}, {file_size(one.size)}{pixels}</small>"
    )
    caption = f"<figcaption>{title}{words}<span>{link}</span></figcaption>"
    return f"<figure>{_element(one, downloads.media_link(run.id, one.file))}{caption}</figure>"


def _element(one: Media, link: str) -> str:
    source, alt = escape_html(link), escape_html(one.alt)
    if one.kind is MediaKind.IMAGES:
        size = f' width="{one.width}" height="{one.height}"' if one.width and one.height else ""
        return f'<a href="{source}"><img src="{source}" alt="{alt}" loading="lazy"{size}></a>'
    word = "audio" if one.kind is MediaKind.AUDIO else "video"
    return f'<{word} src="{source}" aria-label="{alt}" controls preload="metadata"></{word}>'
