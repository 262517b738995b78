"""Every text on the pages can be read: its contrast on what lies behind it, as WCAG 2.2 AA (1.4.3) asks, in both themes."""

import json
import shutil

import pytest

from tests.journeys.test_main_job import CHROMIUM, ROOT, Server, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(900),
]
# Icons, which are no text; a slider's value, which floats above the handle that holds it (its colour on the page's is
# among the theme's pairs); what is switched off, which the guideline leaves out.
SKIPPED = (
    "canvas, style, script, noscript, [disabled], [aria-disabled=true], .modebar, [data-testid=stIconMaterial], "
    "[data-testid=stSliderThumbValue]"
)
# Returns what is below 4.5 to 1, or below 3 to 1 where the text is large, as [contrast, text, colour, ground].
# Text on a canvas (the grid) and of what is switched off is left out, as the guideline does with the latter.
LOW = """
() => {
  const parse = (color) => {
    const c = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    c.clearRect(0, 0, 1, 1); c.fillStyle = color; c.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = c.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1)
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
  const contrast = (a, b) => { const [low, high] = [light(a), light(b)].sort((x, y) => x - y); return (high + 0.05) / (low + 0.05) }
  const page = parse(getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor)
  const groundOf = (element) => {
    const layers = []
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor)
      if (color[3] > 0) layers.push(color)
      if (color[3] === 1) break
    }
    return layers.reverse().reduce((under, top) => over(top, under), page)
  }
  const found = []
  const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (seen.nextNode()) {
    const element = seen.currentNode.parentElement
    const text = seen.currentNode.textContent.trim()
    if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
    const box = element.getBoundingClientRect()
    if (box.width < 2 || box.height < 2 || element.closest(SKIPPED)) continue
    const style = getComputedStyle(element)
    if (/^[\\u2501]$/.test(text)) continue // the mark of a line in its colour, which is held to 3 to 1
    if (element.closest('.heatmaplayer, .heatmap-label')) continue // the cells' own test knows their colours
    const svg = element.closest('svg.main-svg')
    const ground = svg && !element.closest('.hoverlayer') ? groundOf(svg.parentElement).map((v) => v) : groundOf(element)
    let color = parse(svg ? style.fill : style.color)
    let opacity = 1
    for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity)
    color = over([color[0], color[1], color[2], color[3] * opacity], ground)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    const value = contrast(color, ground)
    if (value < (large ? 3 : 4.5)) found.push([value.toFixed(2), text.slice(0, 40), color.map(Math.round).join(), ground.map(Math.round).join(), element.className?.baseVal ?? element.className])
  }
  return found
}
""".replace("SKIPPED", json.dumps(SKIPPED))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    for slug in ("mortality", "chain_ladder"):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    running = Server(home).start()
    yield running
    running.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/", "/model?app=mortality", "/model?app=chain_ladder", "/history", "/monitor", "/register"]
)
def test_every_text_on_a_page_can_be_read(chromium, server, path, scheme):
    context = chromium.new_context(viewport={"width": 1400, "height": 3000}, base_url=server.url, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(path)
    settled(page)
    if path.startswith("/model"):
        page.locator(".st-key-run button").click()
        page.wait_for_selector("[data-drawn]")
        page.wait_for_function("[...document.querySelectorAll('.tontine-chart')].every((c) => c.dataset.drawn)")
        settled(page)
    _assert_readable(page)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_a_models_source_can_be_read(chromium, server, scheme):
    context = chromium.new_context(viewport={"width": 1400, "height": 3000}, base_url=server.url, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto("/model?app=mortality")
    page.get_by_role("tab", name="Versions").click()
    page.locator("[data-testid=stCode] .token.keyword").first.wait_for()
    settled(page)
    colours = "[...document.querySelectorAll('[data-testid=stCode] .token')].map((t) => getComputedStyle(t).color)"
    assert len(set(page.evaluate(colours))) >= 5  # it is highlighted all the same
    _assert_readable(page)
    context.close()


def _assert_readable(page):
    # What is drawn anew fades in.
    page.wait_for_function(
        "document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)"
    )
    low = page.evaluate(LOW)
    for _ in range(20):  # what is drawn a moment later fades in too; what stays low is a fault
        if not low:
            break
        page.wait_for_timeout(500)
        low = page.evaluate(LOW)
    assert low == []
