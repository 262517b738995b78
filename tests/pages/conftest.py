"""Pages on a real database, their runs executed in this process."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.processes import context as contexts
from tests.engine.conftest import ROOT, add_model, context, run_now, sandbox, worker_context

__all__ = ["add_model", "context", "run_now", "sandbox", "worker_context"]


@pytest.fixture
def visit(context):
    """Open a page of the application: `visit("run", id="...")`."""
    from streamlit import cache_data, cache_resource

    cache_data.clear()
    cache_resource.clear()
    contexts.set_current(context)

    def go(name, **query):
        app = AppTest.from_file(str(ROOT / "ui" / "shell" / "main.py"), default_timeout=200)
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
    contexts.set_current(None)
