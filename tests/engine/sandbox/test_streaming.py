"""Events of a run: merged, complete, and always including the last one."""

import time

from contract.run import Status


def test_partial_results_progress_and_log_arrive_while_the_model_runs(run):
    seen = []
    found = run(
        """
        import time
        def run(inputs):
            print("begun")
            yield {"progress": 0.5, "message": "half", "summary": {"a": 1}}
            time.sleep(60)
        """,
        events=seen,
        cancel_when=lambda event: bool(event.result),
    )
    assert found.status is Status.CANCELLED
    assert [(e.progress, e.message, e.result) for e in seen if e.result] == [(0.5, "half", {"summary": {"a": 1}})]
    assert found.result == {"summary": {"a": 1}}
    assert found.log == "begun\n"
    assert "".join(e.log for e in seen) == "begun\n"


def test_what_is_yielded_just_before_a_long_computation_is_shown_during_it(run):
    seen = []
    code = """
        import time
        def run(inputs):
            yield {"n": 1}
            yield {"n": 2}
            time.sleep(60)
    """
    found = run(code, events=seen, cancel_when=lambda event: event.result.get("n") == 2)
    assert found.result == {"n": 2}


def test_events_hold_only_the_keys_that_changed(run):
    seen = []
    code = """
        import time
        def run(inputs):
            yield {"a": 1}
            time.sleep(0.3)
            yield {"b": 2}
            time.sleep(0.3)
            yield {"b": 3}
    """
    found = run(code, events=seen)
    assert {"a", "b"} not in [set(e.result) for e in seen]
    shown = {}
    for event in seen:
        shown.update(event.result)
    assert shown | {"b": 3} == found.result == {"a": 1, "b": 3}


def test_a_hundred_thousand_yields_are_few_events_and_none_is_lost_from_the_result(run):
    seen = []
    begun = time.monotonic()
    found = run(
        "def run(i):\n    for n in range(100_000):\n        yield {'summary': {f'k{n % 100}': n}}\n", events=seen
    )
    assert found.result["summary"]["k99"] == 99_999
    assert len(found.result["summary"]) == 100
    assert len(seen) <= 25 * (time.monotonic() - begun) + 2


def test_a_model_that_changes_what_it_yielded_is_not_blamed_for_it(run):
    found = run(
        """
        import time
        def run(inputs):
            kept = {}
            yield {"more": kept}
            yield {"more": kept}
            end = time.monotonic() + 1.5
            n = 0
            while time.monotonic() < end:
                n += 1
                kept[n] = n
                if n % 20_000 == 0:
                    kept.clear()
            kept.clear()
            yield {"more": {"n": 1}}
        """
    )
    assert (found.status, found.reason) == (Status.SUCCESS, None)
    assert found.result == {"more": {"n": 1}}


def test_print_logging_warnings_and_raw_writes_are_the_log(run):
    found = run(
        """
        import logging, os, sys, warnings
        def run(inputs):
            print("printed")
            print("to stderr", file=sys.stderr)
            logging.info("logged")
            warnings.warn("warned")
            os.write(1, b"raw\\n")
            print("without an end", end="")
            return {"a": 1}
        """
    )
    for words in ("printed", "to stderr", "logged", "warned", "raw", "without an end"):
        assert words in found.log


def test_a_log_beyond_its_limit_is_cut_with_a_note_and_a_warning(run):
    found = run("def run(i):\n    for n in range(5_000):\n        print('x' * 99)\n    return {'a': 1}\n", log_kb=10)
    assert found.status is Status.SUCCESS
    assert 10_000 <= len(found.log) <= 10_100
    assert "the log is cut here" in found.log
    assert any("reached its limit of 10 kB" in w for w in found.warnings)


def test_concurrent_runs_on_one_zygote_do_not_mix(run):
    from concurrent.futures import ThreadPoolExecutor

    code = """
        import time
        def run(inputs):
            for n in range(5):
                print(inputs["n"])
                yield {"n": inputs["n"]}
                time.sleep(0.05)
    """
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda n: run(code, {"n": n}), range(12)))
    assert [f.result for f in found] == [{"n": n} for n in range(12)]
    assert [f.log for f in found] == [f"{n}\n" * 5 for n in range(12)]


def test_series_of_one_name_in_a_later_yield_replace_those_of_that_name_in_their_order(run):
    found = run(
        """
        def run(i):
            for step in range(3):
                yield {"series": [{"name": "a", "x": [0], "y": [step]}, {"name": "a", "x": [0], "y": [10 + step]}]}
            yield {"series": [{"name": "b", "x": [0], "y": [5]}]}
        """
    )
    assert [(s["name"], s["y"]) for s in found.result["series"]] == [("a", [2]), ("a", [12]), ("b", [5])]
