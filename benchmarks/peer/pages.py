"""The page of a model in Gradio, as an analyst would write it: a slider, a button, and what comes out.

`python pages.py PORT`, with the peer's own Python; what to show comes by standard input. The same figures and the same
table as ours, drawn by Gradio's own components.
"""

import html
import json
import sys
from pathlib import Path

import gradio
from content import Content

given = json.loads(sys.stdin.read())
content = Content(Path(given["folder"]), given["start"], given["outputs"], given["key"])
first_words, first_figures, (headings, first_rows) = content.show(given["values"][0])


def run(value: float) -> list:
    """Return what the page shows for a value."""
    words, figures, (_, rows) = content.show(value)
    cards = "".join(
        f"<div>{html.escape(label)}: <b class='figure'>{html.escape(text)}</b></div>" for label, text in words
    )
    return [cards, *figures, *([rows] if headings else [])]


with gradio.Blocks() as served:
    slider = gradio.Slider(
        given["low"], given["high"], value=given["values"][0], step=given["step"], label=given["key"], elem_id="value"
    )
    button = gradio.Button("Submit")
    live = gradio.Checkbox(label="Live")
    shown = [gradio.HTML(), *(gradio.Plot() for _ in first_figures)]
    if headings:
        shown.append(gradio.Dataframe(headers=headings))
    button.click(run, slider, shown)
    slider.change(
        lambda value, on: run(value) if on else [gradio.skip()] * len(shown),
        [slider, live],
        shown,
        trigger_mode="always_last",
    )
served.queue(default_concurrency_limit=8).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
