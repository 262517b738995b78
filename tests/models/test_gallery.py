"""The gallery shows every model of the catalogue that computes something, as it is now."""

import json
import re

import pytest
from PIL import Image

from tests.journeys.gallery import CATEGORIES, FUNCTIONS, IMAGES, PAGE, WORDS, own_values

ALL = {p.parent.name: json.loads(p.read_text()) for p in sorted(FUNCTIONS.glob("*/manifest.json"))}
MANIFESTS = {slug: m for slug, m in ALL.items() if not m.get("gateway")}  # what a gateway answers is no chart of ours
TEXT = PAGE.read_text()
SECTIONS = dict(re.findall(r"^### [^\n]*\n(.*?)!\[[^\]]*\]\(gallery/(\w+)\.png\)$", TEXT, re.DOTALL | re.MULTILINE))
SECTIONS = {slug: text for text, slug in SECTIONS.items()}
LARGEST = 60_000  # bytes of one image: the whole gallery loads in one page


@pytest.mark.parametrize("slug", MANIFESTS)
def test_the_gallery_names_the_model_with_its_sentence_and_its_number_of_values(slug):
    manifest = MANIFESTS[slug]
    assert f"\n### {manifest['name']}\n\n{manifest['description']}\n" in TEXT
    assert f"\n![{manifest['name']}](gallery/{slug}.png)\n" in TEXT
    assert f" {own_values(slug)} values in its own cases" in SECTIONS[slug]
    assert f"\n## {manifest['category']}\n" in TEXT


@pytest.mark.parametrize("slug", MANIFESTS)
def test_the_image_of_a_model_is_a_small_chart_that_is_not_blank(slug):
    path = IMAGES / f"{slug}.png"
    assert path.stat().st_size <= LARGEST
    with Image.open(path) as image:
        assert image.size == (720, 420)
        assert len(image.convert("RGB").getcolors(1 << 20)) > 8


def test_the_gallery_shows_no_model_that_is_gone():
    assert set(SECTIONS) == set(MANIFESTS) == set(WORDS) == {p.stem for p in IMAGES.glob("*.png")}
    assert {m["category"] for m in MANIFESTS.values()} <= set(CATEGORIES)


def test_no_published_value_is_missed_where_the_page_counts_them():
    counted = re.findall(r"Reproduces: (\d+) of (\d+) published", TEXT)
    assert counted
    assert all(good == count for good, count in counted)
