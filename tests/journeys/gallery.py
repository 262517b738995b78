"""Draw the gallery: `python -m tests.journeys.gallery` writes docs/07-gallery.md and docs/gallery/.

Every model runs in the sandbox with its defaults; its first chart is drawn as on the pages and saved by Chromium. The
reference files beside the project, or in the folder given, are compared again for the page's counts.
Chosen: names, descriptions and counts come from the models; only the short texts on inputs and data are written here.
Left out: the dark theme.
"""

import io
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

from charting import figure, series_figure
from contract.fields import is_number
from contract.result import parse_result
from engine.sandbox.supervisor import Sandbox
from tests.journeys.test_main_job import CHROMIUM, FLAGS, ROOT
from tests.models.reference import Runner, adapter, case_inputs, case_name, compare_file, leaves

PAGE = ROOT / "docs" / "07-gallery.md"
IMAGES = ROOT / "docs" / "gallery"
FUNCTIONS = ROOT / "functions"
SIZE = {"width": 720, "height": 420}
COLOURS = 128  # of an image: charts have few, and a palette takes a third of the bytes
CATEGORIES = (
    "Life",
    "Mortality",
    "P&C reserving",
    "P&C pricing",
    "Solvency II",
    "IFRS 17",
    "Curves",
    "Market risk",
    "Portfolio",
)
# The inputs of each model and the source of its data; the README of each model says more.
WORDS = {
    "aggregate_loss": ("number and size of claims, layers", "none needed"),
    "benchmark_comparator": ("own probabilities of death, a tolerance", "SOA archive and AM92; own rates are made up"),
    "bscr": ("capital by module, balance sheet", "made up, with EIOPA's rates of June 2023"),
    "catastrophe_xl": ("an event or year loss table, layers", "made up"),
    "chain_ladder": ("a run-off triangle", "six published triangles"),
    "credibility": ("experience of several risks", "Hachemeister (1975)"),
    "csm": ("expected cash flows, claims paid, revisions", "examples of IFRS 17"),
    "eiopa_rfr": ("currency and date", "EIOPA, end of 2014 to February 2026"),
    "lapse_stress": ("lapse rates, duration, margin", "made up"),
    "large_loss": ("large losses, a threshold, layers", "Danish fire losses 1980 to 1990"),
    "life_pricing": ("contract, age, interest, mortality", "SOA tables and the Standard Ultimate Life Table"),
    "life_projection": ("policies, mortality, lapses, expenses, curve", "lifelib's sample, illustrative"),
    "market_risk": ("positions and a history of prices", "energy prices of the U.S. EIA, 2021 to 2025"),
    "mortality": ("age, shock, law or table", "SOA archive"),
    "mortality_forecast": ("deaths and exposures by age and year", "generated, of no real population"),
    "odp_bootstrap": ("a run-off triangle, number of resamples", "published triangles"),
    "optimiser": ("assets, correlations, views, bounds", "He and Litterman (1999)"),
    "options": ("contract, spot, strike, volatility", "none needed"),
    "paa": ("premiums, coverage and claims by period, revisions", "made up, and Example 10 of IFRS 17"),
    "pricer": ("assets, drift, volatility, correlation", "made up"),
    "pricing_glm": ("claims experience by factor", "motor claims, Baxter, Coutts and Ross (1980)"),
    "ruin": ("claims, waiting times, premium, capital", "none needed"),
    "scenarios": ("curve, parameters, options to test against", "EIOPA, end of 2014 to February 2026"),
    "scr_market": ("assets, bonds, cash flows, a curve", "the regulation's tables and EIOPA's curve of June 2023"),
    "portfolio_metrics": (
        "a metric, one holding, holdings, prices",
        "five American stocks, days between month ends made up",
    ),
    "stock_analysis": ("prices, holdings, one stock", "five American stocks, 2004 to 2010"),
    "yield_curve": ("market quotes", "EIOPA's euro rates of August 2023"),
}


def own_values(slug):
    """Return how many numbers the cases in a model's folder expect."""
    cases = json.loads((FUNCTIONS / slug / "cases.json").read_text())
    return sum(is_number(leaf) for case in cases for _, leaf in leaves(case.get("expect", {})))


def published(folder, runner):
    """Return, by model, how many values of the reference files it reproduces and how many there are."""
    good, all_of_them = Counter(), Counter()
    for path in sorted(folder.glob("*.json")):
        module = None if path.stem.startswith("data_") else adapter(path.stem)
        if module is None:
            continue
        cases = json.loads(path.read_text())["cases"]
        owner = {case_name(c): module.runs({**c, "inputs": case_inputs(c)}, path.parent)[0][0] for c in cases}
        for compared in compare_file(path, runner):
            good[owner[compared.case]] += compared.good
            all_of_them[owner[compared.case]] += 1
    return good, all_of_them


def first_chart(result):
    """Return the figure a reader sees first on the page: the series, or the first chart where there are none."""
    shown = parse_result(result[0], result[1])
    if shown.series:
        drawn = series_figure(shown.series, result[1], dark=False)
        if drawn.layout.title.text:
            return drawn, drawn.layout.title.text
    return figure(shown.charts[0], dark=False), shown.charts[0].title


def save_image(page, drawn, path):
    """Write a figure as an image with few colours."""
    page.evaluate(
        """async ([figure, size]) => {
            const node = document.getElementById('chart');
            await Plotly.newPlot(node, figure.data, {...figure.layout, ...size, autosize: false}, {staticPlot: true});
        }""",
        [json.loads(drawn.to_json()), SIZE],
    )
    page.wait_for_timeout(150)
    raw = Image.open(io.BytesIO(page.locator("#chart").screenshot())).convert("RGB")
    raw.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def section(slug, manifest, title, compared):
    """Return a model's part of the page."""
    inputs, data = WORDS[slug]
    values = f"{own_values(slug)} values in its own cases, each with its source"
    good, count = compared
    if count:
        values = f"{good} of {count} published values of the reference files; {values}"
    return (
        f"### {manifest.name}\n\n{manifest.description}\n\n"
        f"- Inputs: {inputs}. Data: {data}.\n- Reproduces: {values}.\n- Chart: {title}.\n\n"
        f"![{manifest.name}](gallery/{slug}.png)\n"
    )


def main(folder):
    """Run, draw and describe every model."""
    if not any(folder.glob("*.json")):
        sys.exit(f"{folder} holds no reference files, which the page counts. Give their folder as REFERENCE_DIR.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    manifests = {p.parent.name: json.loads(p.read_text()) for p in FUNCTIONS.glob("*/manifest.json")}
    slugs = sorted(slug for slug, m in manifests.items() if not m.get("gateway"))  # their answers would cost money
    parts = {category: [] for category in CATEGORIES}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        sandbox = Sandbox(Path(scratch))
        sandbox.start()
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            runner = Runner(sandbox)
            good, count = published(folder, runner)
            page = browser.new_page(viewport=SIZE)
            page.set_content("<body style='margin:0;background:#fff'><div id='chart'></div></body>")
            page.add_script_tag(content=get_plotlyjs())
            for slug in slugs:
                result = runner.run(slug, {})
                manifest = runner.models[slug]
                drawn, title = first_chart((result, manifest.outputs))
                save_image(page, drawn, IMAGES / f"{slug}.png")
                print(f"{slug}: {(IMAGES / f'{slug}.png').stat().st_size / 1000:.0f} kB")
                parts[manifest.category].append(section(slug, manifest, title, (good[slug], count[slug])))
        finally:
            browser.close()
            sandbox.close()
    for path in IMAGES.glob("*.png"):
        if path.stem not in slugs:
            path.unlink()
    about = (
        f"The {len(slugs)} models of the catalogue that compute something, with the first chart that each draws from its defaults. "
        "`make screenshots` draws this page and its images; `make reference` compares the published values again.\n"
    )
    text = ["# Gallery\n", about]
    for category, found in parts.items():
        if found:
            text += [f"## {category}\n", *found]
    PAGE.write_text("\n".join(text))


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REFERENCE_DIR", ROOT.parent / "shared" / "reference")
    main(Path(given))
