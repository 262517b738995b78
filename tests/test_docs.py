"""The documentation agrees with the code."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from benchmarks.__main__ import PARTS
from contract import manifest
from contract.fields import TYPES
from contract.result import KINDS, SERIES_KINDS
from contract.run import Status

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = (DOCS / "03-contract-reference.md").read_text()
PAGES = [
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "decisions").glob("*.md")),
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
]


def test_the_example_of_the_guide_is_a_model_that_runs():
    text = (DOCS / "02-write-a-model.md").read_text()
    raw = json.loads(re.search(r"```json\n(\{.*?\n\})\n```", text, re.DOTALL)[1])
    checked = manifest.parse(raw)
    assert not checked.warnings
    scope = {}
    exec(re.search(r"```python\n(import numpy.*?)```", text, re.DOTALL)[1], scope)
    case = json.loads(re.search(r"```json\n(\[\{.*?\}\])\n```", text, re.DOTALL)[1])[0]
    result = scope["run"](case["inputs"])
    for path, value in case["expect"].items():
        label = path.removeprefix("summary.")
        assert abs(result["summary"][label] - value) <= case["atol"]


def test_the_reference_names_every_key_type_kind_and_status():
    for word in (*manifest.KNOWN, *TYPES, *KINDS, *SERIES_KINDS, *map(str, Status)):
        assert word in REFERENCE, word


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_images_of_a_page_exist(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_part_of_the_benchmarks_is_a_module_that_the_page_names():
    page = (DOCS / "05-benchmarks.md").read_text()
    for part in PARTS:
        assert importlib.util.find_spec(f"benchmarks.{part}"), part
        assert f"benchmarks.{part}`" in page, part


def test_the_readme_has_exactly_the_two_set_up_commands():
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"^make \w+.*$", re.search(r"## Set up\n(.*?)\n## ", text, re.DOTALL)[1], re.MULTILINE)
    assert [c.split("#")[0].strip() for c in commands] == ["make run", "make test"]


def test_no_page_names_a_path_of_a_machine():
    for page in PAGES:
        assert not re.search(r"(^|[\s`(])/(home|root|work|tmp)/", page.read_text()), page


def test_the_operators_guide_lists_every_setting_with_its_default_and_meaning():
    import settings

    guide = (DOCS / "06-operators-guide.md").read_text()
    for row in settings.settings_table():
        line = next((x for x in guide.splitlines() if x.startswith(f"| `{row['variable']}` ")), "")
        assert row["help"] in line, row["variable"]
        assert row["default"] in line, row["variable"]
