"""The theme: every pair of text and ground that it names can be read (WCAG 2.2 AA, 1.4.3), light and dark."""

import tomllib
from pathlib import Path

import pytest

from charting.palette import contrast

CONFIG = Path(__file__).resolve().parents[3] / ".streamlit" / "config.toml"
THEME = tomllib.loads(CONFIG.read_text())["theme"]
COLORS = ("red", "orange", "yellow", "blue", "green", "violet", "gray")
PAIRS = [
    ("textColor", "backgroundColor"),
    ("textColor", "secondaryBackgroundColor"),
    ("linkColor", "backgroundColor"),
    ("primaryColor", "backgroundColor"),
    ("codeTextColor", "codeBackgroundColor"),
    ("dataframeHeaderTextColor", "dataframeHeaderBackgroundColor"),
    *((f"{color}TextColor", f"{color}BackgroundColor") for color in COLORS),
    *((f"{color}TextColor", "backgroundColor") for color in COLORS),
]


def test_black_on_white_has_the_contrast_that_the_guideline_gives():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # a grey just below the limit


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(theme, text, ground):
    assert contrast(THEME[theme][text], THEME[theme][ground]) >= 4.5


def test_every_colour_that_the_theme_sets_is_held_to_a_pair():
    named = {name for pair in PAIRS for name in pair}
    others = {f"{color}Color" for color in COLORS} | {"borderColor", "dataframeBorderColor"}  # marks and lines, no text
    for theme in ("light", "dark"):
        assert set(THEME[theme]) <= named | others
