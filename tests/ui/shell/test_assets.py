"""The files that the browser fetches: named by their content, so that it may keep them for ever."""

import gzip

import pytest

from ui.shell import assets


@pytest.mark.parametrize("name", assets.FILES)
def test_a_file_is_named_by_its_content_and_compressed_without_loss(name):
    asset = assets.load_asset(name)
    assert assets.asset_url(name) == f"/assets/{asset.digest}/{name}"
    assert gzip.decompress(assets.gzipped(name)) == asset.content


def test_another_content_has_another_address(tmp_path, monkeypatch):
    file = tmp_path / "a.js"
    monkeypatch.setitem(assets.FILES, "a.js", (file, assets.JAVASCRIPT))
    found = []
    for content in ("one", "two"):
        file.write_text(content)
        assets.load_asset.cache_clear()
        found.append(assets.load_asset("a.js").digest)
    assets.load_asset.cache_clear()
    assert len(set(found)) == 2


def test_the_plotly_library_is_the_one_of_the_installed_wheel():
    import plotly.offline

    head = assets.load_asset("plotly.min.js").content[:200].decode()
    assert f"plotly.js v{plotly.offline.get_plotlyjs_version()}" in head


def test_a_page_names_the_scripts_that_it_will_need_and_they_are_there():
    every, model = assets.preload_links("/history"), assets.preload_links("/model")
    assert every
    assert model.startswith(every)
    assert assets.asset_url("plotly.min.js") in model
    assert assets.asset_url("plotly.min.js") not in every
    for name in (*assets.ON_EVERY_PAGE, *assets.WITH_RESULTS):
        assert f"/{name}." in model, f"Streamlit has no script {name} any more: choose another"
    assert len(model) < 2_000  # proxies refuse large headers
