"""Pages on a real database, their runs executed in this process."""

import pytest
from streamlit.testing.v1 import AppTest

from engine import desk as desks
from tests.engine.conftest import ROOT, add_model, bench, desk, run_now, sandbox

__all__ = ["add_model", "bench", "desk", "run_now", "sandbox"]


@pytest.fixture
def visit(desk):
    """Open a page of the application: `visit("run", id="...")`."""
    from streamlit import cache_data, cache_resource

    cache_data.clear()
    cache_resource.clear()
    desks.use(desk)

    def go(name, **query):
        app = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if name != "catalogue":
            app.switch_page(str(ROOT / "pages" / f"{name}.py"))
            for key, value in query.items():
                app.query_params[key] = value
            app.run()
        assert not app.exception, app.exception
        return app

    yield go
    desks.use(None)
