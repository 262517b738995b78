"""What a model may return, and how it reaches the supervisor."""

import pytest

from contract.run import Status


def test_a_plain_function_returns_its_result(run):
    found = run("def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n", {"n": 7})
    assert (found.status, found.reason, found.result) == (Status.SUCCESS, None, {"summary": {"n": 7}})


@pytest.mark.parametrize(
    "code",
    [
        "async def run(i):\n    return {'a': 1, 'b': 2}\n",
        "def run(i):\n    yield {'a': 1}\n    yield {'b': 2}\n",
        "async def run(i):\n    yield {'a': 1}\n    yield {'b': 2}\n",
        "def run(i):\n    yield {'a': 1}\n    return {'b': 2}\n",
        "async def run(i):\n    import asyncio\n    await asyncio.sleep(0)\n    def g():\n        yield {'a': 1}\n        yield {'b': 2}\n    return g()\n",
    ],
    ids=["async", "generator", "async generator", "generator with a return", "async that returns a generator"],
)
def test_each_form_of_run_gives_the_merged_result(run, code):
    assert run(code).result == {"a": 1, "b": 2}


def test_yields_merge_by_key_for_summary_and_tables_by_name_for_series_and_replace_the_rest(run):
    found = run(
        """
        def run(inputs):
            yield {"summary": {"a": 1, "b": 1}, "tables": {"x": [1]}, "series": [{"name": "s", "x": [1], "y": [1]}], "notes": "old"}
            yield {"summary": {"b": 2}, "tables": {"y": [2]}, "series": [{"name": "t", "x": [1], "y": [2]}], "notes": "new"}
            yield {"series": [{"name": "s", "x": [1], "y": [9]}]}
        """
    )
    assert found.result == {
        "summary": {"a": 1, "b": 2},
        "tables": {"x": [1], "y": [2]},
        "series": [{"name": "s", "x": [1], "y": [9]}, {"name": "t", "x": [1], "y": [2]}],
        "notes": "new",
    }


def test_a_series_of_points_without_names_is_replaced_whole(run):
    code = "def run(i):\n    yield {'series': [{'x': 1, 'y': 1}]}\n    yield {'series': [{'x': 2, 'y': 2}]}\n"
    assert run(code).result == {"series": [{"x": 2, "y": 2}]}


def test_what_a_model_yielded_stays_the_models_own(run):
    code = "def run(i):\n    first = {'a': 1}\n    yield {'summary': first}\n    yield {'summary': {'b': 2}}\n    print(first)\n"
    assert run(code).log == "{'a': 1}\n"


def test_setup_is_called_before_run(run):
    code = "seen = []\ndef setup():\n    seen.append('setup')\ndef run(i):\n    return {'seen': seen}\n"
    assert run(code).result == {"seen": ["setup"]}


def test_numpy_pandas_dates_and_decimals_become_json(run):
    found = run(
        """
        import datetime, decimal, fractions, enum
        import numpy as np, pandas as pd
        class Kind(enum.Enum):
            A = "a"
        def run(inputs):
            return {
                "int": np.int64(3), "float": np.float32(0.5), "bool": np.bool_(True), "array": np.eye(2),
                "date": datetime.date(2026, 1, 2), "stamp": pd.Timestamp("2026-01-02 03:04"), "nat": pd.NaT, "na": pd.NA,
                "days": np.array(["2026-01-02"], dtype="datetime64[D]"), "decimal": decimal.Decimal("1.25"),
                "half": fractions.Fraction(1, 2), "enum": Kind.A, "set": {1}, "tuple": (1, 2),
                "frame": pd.DataFrame({"a": [1, 2], "b": ["x", None]}), "column": pd.Series([1.5, 2.5]),
            }
        """
    )
    assert found.result == {
        "int": 3,
        "float": 0.5,
        "bool": True,
        "array": [[1.0, 0.0], [0.0, 1.0]],
        "date": "2026-01-02",
        "stamp": "2026-01-02T03:04:00",
        "nat": None,
        "na": None,
        "days": ["2026-01-02T00:00:00"],
        "decimal": 1.25,
        "half": 0.5,
        "enum": "a",
        "set": [1],
        "tuple": [1, 2],
        "frame": {"a": [1, 2], "b": ["x", None]},
        "column": [1.5, 2.5],
    }
    assert found.nulls == {}


def test_a_frame_keeps_an_index_that_has_a_meaning_and_becomes_named_series_under_series(run):
    found = run(
        """
        import pandas as pd
        def run(inputs):
            frame = pd.DataFrame({"best": [1.0, 2.0]}, index=pd.Index([2024, 2025], name="year"))
            return {"table": frame, "series": frame}
        """
    )
    assert found.result == {
        "table": {"year": [2024, 2025], "best": [1.0, 2.0]},
        "series": [{"name": "best", "x": [2024, 2025], "y": [1.0, 2.0]}],
    }


def test_figures_that_are_not_finite_become_null_and_are_counted_with_their_places(run):
    code = "import numpy as np\ndef run(i):\n    return {'a': float('nan'), 'b': np.array([1.0, np.inf])}\n"
    found = run(code)
    assert found.result == {"a": None, "b": [1.0, None]}
    assert found.nulls == {"count": 2, "where": ["a", "b[1]"]}


def test_characters_that_cannot_be_stored_are_replaced_with_a_warning(run):
    found = run("def run(i):\n    return {'a': 'x\\x00y', 'b': '\\ud800'}\n")
    assert found.result == {"a": "x\ufffdy", "b": "\ufffd"}
    assert any("cannot be stored" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{'table': [{'a': object()}]}", "at table[0].a"),
        ("{'raw': b'x'}", "at raw, it is bytes"),
        ("None", "the model returned nothing"),
    ],
)
def test_what_cannot_be_converted_is_named_with_its_path(run, value, words):
    found = run(f"def run(i):\n    return {value}\n")
    assert found.status is Status.FAILED
    assert words in found.reason


def test_a_yield_that_is_not_a_dictionary_is_refused_and_earlier_ones_are_kept(run):
    found = run("def run(i):\n    yield {'a': 1}\n    yield 5\n")
    assert found.status is Status.FAILED
    assert "it is a int, not a dictionary" in found.reason
    assert found.result == {"a": 1}


def test_files_are_in_scratch_until_the_block_is_left(run):
    kept = {}

    def look(outcome):
        kept["text"] = outcome.files["report"].read_text()

    code = "def run(i):\n    open('r.txt', 'w').write('said')\n    return {'files': {'report': 'r.txt'}}\n"
    found = run(code, at_end=look)
    assert kept["text"] == "said"
    assert not found.files["report"].exists()
    assert not found.files["report"].parent.exists()


def test_a_file_input_has_the_name_of_the_uploaded_file(handle, model, tmp_path):
    from engine.sandbox.supervisor import CancelToken, SandboxJob

    source = tmp_path / "claims 2026.csv"
    source.write_text("a\n1\n")
    code = "import os\ndef run(i):\n    return {'name': os.path.basename(i['data']), 'text': open(i['data']).read()}\n"
    cancel = CancelToken()
    with handle.run(
        SandboxJob("f", model(code), {"data": "x"}, 1, files={"data": source}), lambda _e: None, cancel
    ) as found:
        assert found.result == {"name": "claims 2026.csv", "text": "a\n1\n"}
    cancel.close()


def test_the_runs_seed_is_set_for_both_generators(run):
    code = "import random, numpy as np\ndef run(i):\n    return {'a': random.random(), 'b': np.random.rand()}\n"
    first, again, other = run(code, seed=5), run(code, seed=5), run(code, seed=6)
    assert first.result == again.result
    assert first.result["a"] != other.result["a"]
    assert first.result["b"] != other.result["b"]


def test_modules_beside_the_function_can_be_imported(model, handle, run):
    folder = model("from helper import double\ndef run(i):\n    return {'n': double(i['n'])}\n")
    (folder / "helper.py").write_text("def double(n):\n    return 2 * n\n")
    from engine.sandbox.supervisor import CancelToken, SandboxJob

    cancel = CancelToken()
    with handle.run(SandboxJob("h", folder, {"n": 4}, 1), lambda _e: None, cancel) as found:
        assert found.result == {"n": 8}
    cancel.close()
