"""The packages of a version on its model's page."""

from dataclasses import replace

import pytest

from registry.interpreters import host_python
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from tests.registry.package_index import serve_index

pytestmark = pytest.mark.processes


@pytest.fixture
def context(context, tmp_path):
    with serve_index() as index:
        index.add("alpha", "2.0")
        yield replace(context, overlays=OverlayStore(tmp_path / "overlays", PackageIndex((index.url,))))


def test_about_and_versions_show_the_packages_that_a_version_was_locked_with(add_model, visit):
    add_model("def run(inputs):\n    return {'summary': {'n': 1}}\n", requirements=["alpha"])
    page = visit("model", app="probe")
    page.session_state["panel"] = "About this model"
    page.run()
    assert not page.exception
    assert "Packages" in [s.value for s in page.subheader]
    [table] = [d.value for d in page.dataframe if "Package" in d.value.columns]
    assert table.to_dict("records") == [{"Package": "alpha", "Version": "2.0"}]
    page.session_state["panel"] = "Versions"
    page.run()
    assert not page.exception
    assert "Packages: alpha 2.0" in [caption.value for caption in page.caption]


def test_a_model_without_packages_of_its_own_shows_none(add_model, visit):
    add_model("def run(inputs):\n    return {'summary': {'n': 1}}\n")
    page = visit("model", app="probe")
    page.session_state["panel"] = "About this model"
    page.run()
    assert "Packages" not in [s.value for s in page.subheader]


def test_about_and_versions_show_the_python_that_a_version_asks_for(add_model, visit):
    add_model("def run(inputs):\n    return {'summary': {'n': 1}}\n", python=host_python())
    page = visit("model", app="probe")
    page.session_state["panel"] = "About this model"
    page.run()
    assert not page.exception
    assert any(f"runs on Python {host_python()}" in caption.value for caption in page.caption)
    page.session_state["panel"] = "Versions"
    page.run()
    assert not page.exception
    assert f"Python {host_python()}" in [caption.value.replace("\\", "") for caption in page.caption]
