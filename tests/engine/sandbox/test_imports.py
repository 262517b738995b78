import pytest

from contract.run import Status
from engine.sandbox.imports import ALL, NUMPY, zygote_kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import numpy as np\nimport math, json\nfrom collections.abc import Mapping\n", NUMPY),
        ("def run(i):\n    import pandas as pd\n", ALL),
        ("from scipy.stats import norm\n", ALL),
        ("import math, scipy.special as s\n", ALL),
        ("from tables import life\nfrom . import tables\n", NUMPY),
        ("x = 'import pandas'\n# import scipy\n", NUMPY),
        ("def broken(:\n\0", NUMPY),
        ("import statsmodels\n", ALL),
        ("from actuarial import smith_wilson, soa_tables as t\n", NUMPY),
        ("from actuarial.standard_formula import aggregate\n", NUMPY),
        ("from actuarial import smith_wilson, layers\n", ALL),
        ("from actuarial.counts import poisson\nfrom actuarial.severities import Capped\n", NUMPY),
        ("from actuarial import (\n    smith_wilson,\n)\n", ALL),
        ("import actuarial.smith_wilson\n", ALL),
    ],
)
def test_a_model_needs_the_libraries_it_imports(model, code, kind):
    folder = model(code)
    (folder / "tables.py").write_text("import csv\n")
    assert zygote_kind(folder) == kind


def test_a_module_beside_the_function_counts(model):
    folder = model("import helper\n")
    (folder / "helper.py").write_text("import pandas\n")
    assert zygote_kind(folder) == ALL


def test_a_library_that_is_imported_indirectly_is_still_available(run):
    found = run(
        """
        def run(inputs):
            pandas = __import__("pan" + "das")
            return {"table": pandas.DataFrame({"a": [1, 2]}), "summary": {"when": pandas.NaT}}
        """
    )
    assert found.status is Status.SUCCESS, found.reason
    assert found.result == {"table": {"a": [1, 2]}, "summary": {"when": None}}


def test_dates_of_numpy_need_no_pandas(run):
    found = run(
        """
        import sys
        import numpy as np
        def run(inputs):
            days = np.array(["2026-01-31", "NaT", "2026-02-28T12:30:00.5"], "datetime64[ms]")
            return {"days": days, "loaded": "pandas" in sys.modules}
        """
    )
    assert found.result["days"] == ["2026-01-31T00:00:00", None, "2026-02-28T12:30:00.500000"]
    assert found.result["loaded"] is False
