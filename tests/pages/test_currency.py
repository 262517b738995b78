"""The currency that an analyst sets, on every page."""

from engine.runs.submit import submit
from tests.actors import ADA

LOSS = """
def run(inputs):
    return {
        "summary": {"Total": inputs["n"] * 1000},
        "table": [{"Loss": 1.5}],
        "charts": [{"kind": "bar", "title": "C", "data": {"x": ["a"], "y": [1]}, "y_label": "Amount (currency)"}],
    }
"""
N = {"n": {"type": "number", "label": "Premium", "min": 0, "max": 50, "default": 7, "unit": "currency"}}
OUTPUTS = {"summary": {"Total": {"unit": "currency"}}, "columns": {"Loss": {"unit": "currency"}}}


def shown(app):
    """Return every text of a page that could hold a unit."""
    texts = [item.proto.body for item in app.get("html") if "<style" not in item.proto.body]
    texts += [str(i.value) for group in (app.markdown, app.caption) for i in group]
    texts += [c.proto.columns for c in app.dataframe]
    texts += [c.proto.json for c in app.get("bidi_component") if c.proto.component_name == "tontine_charts"]
    return " ".join(texts)


def test_without_a_currency_amounts_have_no_unit(visit, add_model, context, run_now):
    add_model(LOSS, N, outputs=OUTPUTS)
    run = submit(context, "probe", {"n": 9}, actor=ADA)
    run_now(run)
    text = shown(visit("run", id=str(run.id)))
    assert "(currency)" not in text
    assert "Premium 9 (starting" in text.replace("\\", "")


def test_the_chosen_currency_stands_on_forms_results_and_lists(visit, add_model, context, run_now):
    add_model(LOSS, N, outputs=OUTPUTS)
    run = submit(context, "probe", {"n": 9}, actor=ADA)
    run_now(run)
    app = visit("run", id=str(run.id))
    app.selectbox(key="currency").set_value("CHF").run()
    text = shown(app)
    assert "currency" not in text.replace("currency of amounts", "").replace("no currency", "")
    assert "Premium 9 CHF" in text
    assert "Amount (CHF)" in text
    assert "Loss (CHF)" in text
    assert "Total" in text


def test_the_history_and_the_form_follow_it(visit, add_model, context, run_now):
    add_model(LOSS, N, outputs=OUTPUTS)
    run_now(submit(context, "probe", {"n": 9}, actor=ADA))
    app = visit("history")
    app.selectbox(key="currency").set_value("CHF").run()
    row = app.dataframe[0].value.iloc[0]
    assert (row["Inputs"], row["Result"]) == ("Premium 9 CHF", "Total 9000 CHF")
    app = visit("model", app="probe")
    assert "Premium (currency)" not in shown(app)
    app.selectbox(key="currency").set_value("CHF").run()
    assert any("CHF" in m.value and "Premium" in m.value for m in app.markdown) or "Premium (CHF)" in str(app.main)


def test_a_comparison_follows_it(visit, add_model, context, run_now):
    add_model(LOSS, N, outputs=OUTPUTS)
    runs = [submit(context, "probe", {"n": n}, actor=ADA) for n in (9, 11)]
    for run in runs:
        run_now(run)
    app = visit("compare", runs=",".join(str(run.id) for run in runs))
    inputs, figures = (frame.value for frame in app.dataframe[:2])
    assert inputs.iloc[0].tolist() == ["Premium", "9", "11"]
    assert figures["Figure"].tolist() == ["Total"]
    app.selectbox(key="currency").set_value("CHF").run()
    inputs, figures = (frame.value for frame in app.dataframe[:2])
    assert inputs.iloc[0].tolist() == ["Premium", "9 CHF", "11 CHF"]
    assert figures["Figure"].tolist() == ["Total (CHF)"]
