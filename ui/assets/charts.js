// Draws the charts of a result with plotly.js and updates them in place.
//
// One call draws a list of figures into one element. A chart is known by its key: the next figure of the same key is
// handed to Plotly.react, so that zoom, legend choices and camera stay as they are; a chart that is no longer in the
// list is taken away. Colours and fonts are the page's, read from Streamlit's CSS variables at each call, which
// Streamlit makes anew when the theme changes.

const STYLE = `
.tontine-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 1rem; }
.tontine-charts > [data-wide] { grid-column: 1 / -1; }
.tontine-chart { min-width: 0; position: relative; }
.tontine-chart:fullscreen { background: var(--st-background-color); display: flex; align-items: center; }
.tontine-chart .modebar { transition: opacity 0.15s; }
@media (max-width: 640px) {
  .tontine-chart[data-cells] { overflow-x: auto; }
  .tontine-chart[data-cells] > * { min-width: 46rem; }
}
`
const FULLSCREEN = {
  width: 24, height: 24,
  path: "M7 14H5v5h5v-2H7v-3zM5 10h2V7h3V5H5v5zm12 7h-3v2h5v-5h-2v3zM14 5v2h3v3h2V5h-5z",
}
const REPORT_AFTER = 250 // ms without another move before the range shown is reported
const LINE = 1.3 // of a font size
const views = new WeakMap() // element given by Streamlit -> what is drawn in it
let library

function loadPlotly(url) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      library = undefined
      script.remove()
      reject(new Error(`${url} did not load`))
    }
    document.head.append(script)
  })
  return library
}

/** Draw `component.data.charts`; returns what is called when the element leaves the page. */
export async function draw(component) {
  const { data, parentElement } = component
  const view = views.get(parentElement) ?? openView(parentElement)
  view.component = component
  // Streamlit also calls this for a call that the next one has overtaken: what is drawn stays then.
  const close = () => parentElement.isConnected || views.get(parentElement) !== view || closeView(view, parentElement)
  arrange(view, data.charts)
  if (!data.charts.length) {
    // Nothing to draw yet: the library comes while the reader sets the inputs.
    ;(window.requestIdleCallback ?? setTimeout)(() => loadPlotly(data.library).catch(() => {}))
    return close
  }
  try {
    view.plotly = await loadPlotly(data.library)
    view.notice.textContent = ""
  } catch {
    view.notice.textContent = "The charts cannot be drawn: their library did not load. Reload the page."
    return close
  }
  if (view.component === component) await paintAll(view)
  return close
}

function openView(parent) {
  if (!document.getElementById("tontine-charts-style")) {
    const style = document.createElement("style")
    style.id = "tontine-charts-style"
    style.textContent = STYLE
    document.head.append(style)
  }
  const grid = document.createElement("div")
  grid.className = "tontine-charts"
  const notice = document.createElement("div")
  notice.setAttribute("role", "status")
  parent.append(grid, notice)
  const view = { grid, notice, charts: new Map(), component: null, plotly: null, seen: {}, sent: "{}" }
  view.resized = new ResizeObserver(() => view.plotly && requestAnimationFrame(() => paintAll(view)))
  view.resized.observe(grid)
  views.set(parent, view)
  return view
}

function closeView(view, parent) {
  view.resized.disconnect()
  clearTimeout(view.timer)
  for (const chart of view.charts.values()) view.plotly?.purge(chart.plot)
  view.grid.remove()
  view.notice.remove()
  views.delete(parent)
}

/** Give every chart of the list its element, in order, and take away what is no longer in it. */
function arrange(view, wanted) {
  const keys = new Set(wanted.map((one) => one.key))
  for (const [key, chart] of view.charts) {
    if (keys.has(key)) continue
    view.plotly?.purge(chart.plot)
    chart.node.remove()
    view.charts.delete(key)
  }
  wanted.forEach((one, place) => {
    let chart = view.charts.get(one.key)
    if (!chart) {
      const node = document.createElement("div")
      node.className = "tontine-chart"
      const plot = document.createElement("div")
      node.append(plot)
      node.setAttribute("role", "figure")
      node.addEventListener("fullscreenchange", () => paint(view, chart))
      chart = { node, plot, key: one.key, drawn: "", count: 0 }
      view.charts.set(one.key, chart)
    }
    chart.wanted = one
    chart.node.setAttribute("aria-label", one.alt)
    chart.node.dataset.key = one.key
    chart.node.toggleAttribute("data-wide", one.wide)
    chart.node.toggleAttribute("data-cells", one.cells)
    // Room is kept before the first figure is drawn, so that nothing below jumps.
    if (!chart.count) chart.plot.style.minHeight = `${one.height}px`
    if (view.grid.children[place] !== chart.node) view.grid.insertBefore(chart.node, view.grid.children[place] ?? null)
  })
}

async function paintAll(view) {
  for (const chart of [...view.charts.values()]) await paint(view, chart)
}

async function paint(view, chart) {
  const width = Math.floor(chart.plot.clientWidth)
  if (!width || !view.plotly) return // in a closed tab; the observer calls again when it opens
  const full = document.fullscreenElement === chart.node
  const theme = readTheme(view.grid)
  const now = JSON.stringify([width, full && window.innerHeight, theme]) + chart.wanted.spec
  if (chart.drawn === now) return
  chart.drawn = now
  const figure = JSON.parse(chart.wanted.spec)
  const layout = (figure.layout ??= {})
  layout.template = applyTheme(layout.template ?? {}, theme)
  layout.width = width
  layout.autosize = false
  layout.height ??= chart.wanted.height
  wrapTitle(layout, width, theme)
  if (full) layout.height = window.innerHeight
  // Given once: react takes a chart with another configuration down and builds it anew, without the reader's zoom.
  const config = chart.count ? undefined : configure(view, chart)
  try {
    await view.plotly.react(chart.plot, { data: figure.data, layout, config, frames: figure.frames })
  } catch (error) {
    chart.drawn = ""
    chart.plot.textContent = `${chart.wanted.alt}: the browser cannot draw this chart.`
    console.error("chart", chart.key, error)
    return
  }
  chart.plot.style.minHeight = ""
  chart.count += 1
  chart.node.dataset.drawn = chart.count
  if (chart.count === 1) chart.plot.on("plotly_relayout", () => noteRange(view, chart))
}

/** Return plotly.js's configuration, its image button replaced by two that know the chart's name of the moment. */
function configure(view, chart) {
  const { toImageButtonOptions, ...config } = chart.wanted.config
  return {
    ...config,
    modeBarButtonsToRemove: [...(config.modeBarButtonsToRemove ?? []), "toImage"],
    modeBarButtonsToAdd: [
      imageButton(view, chart, "png", view.plotly.Icons.camera),
      imageButton(view, chart, "svg", view.plotly.Icons.disk),
      { name: "fullscreen", title: "Full screen", icon: FULLSCREEN, click: () => toggleFullscreen(chart) },
    ],
  }
}

function imageButton(view, chart, format, icon) {
  return {
    name: format, title: `Download as ${format.toUpperCase()}`, icon,
    click: () => view.plotly.downloadImage(chart.plot, { ...chart.wanted.config.toImageButtonOptions, format }),
  }
}

function toggleFullscreen(chart) {
  if (document.fullscreenElement) document.exitFullscreen()
  else chart.node.requestFullscreen?.()
}

/** Report the range of x that is shown, where the server has more points of it than were drawn. */
function noteRange(view, chart) {
  if (!chart.wanted.refine) return
  const axis = chart.plot._fullLayout?.xaxis
  if (!axis) return
  if (axis.autorange) delete view.seen[chart.key]
  else view.seen[chart.key] = [...axis.range]
  clearTimeout(view.timer)
  view.timer = setTimeout(() => {
    const text = JSON.stringify(view.seen)
    if (text === view.sent) return
    view.sent = text
    view.component.setStateValue("ranges", JSON.parse(text))
  }, REPORT_AFTER)
}

function readTheme(element) {
  const style = getComputedStyle(element)
  const get = (name, or) => style.getPropertyValue(`--st-${name}`).trim() || or
  return {
    text: get("text-color", "#1B2430"),
    heading: get("heading-color", get("text-color", "#1B2430")),
    ground: get("background-color", "#FFFFFF"),
    line: get("border-color", "#D8E0E8"),
    font: get("font", "sans-serif"),
    headingFont: get("heading-font", "sans-serif"),
    palette: get("chart-categorical-colors", "").split(/,(?![^(]*\))/).map((c) => c.trim()).filter(Boolean),
  }
}

/** Return the template with the page's colours and fonts over its own. */
function applyTheme(template, theme) {
  const soft = mix(theme.text, theme.ground, 0.82)
  const axis = {
    gridcolor: theme.line, linecolor: theme.line, zerolinecolor: mix(theme.line, theme.text, 0.6), tickcolor: theme.line,
    tickfont: { color: soft, size: 12 }, title: { font: { color: soft } }, minor: { gridcolor: theme.line },
    automargin: true,
  }
  const themed = {
    font: { color: theme.text, family: theme.font, size: 12 },
    title: { font: { color: theme.heading, family: theme.headingFont, size: 16, weight: 600 }, subtitle: { font: { color: soft } } },
    paper_bgcolor: theme.ground, plot_bgcolor: theme.ground,
    xaxis: axis, yaxis: axis,
    legend: { font: { color: theme.text, size: 12 }, bgcolor: "rgba(0,0,0,0)" },
    hoverlabel: { bgcolor: theme.ground, bordercolor: theme.line, font: { color: theme.text, family: theme.font } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: mix(theme.text, theme.ground, 0.6), activecolor: theme.text },
    coloraxis: { colorbar: { tickfont: { color: soft }, outlinewidth: 0 } },
    polar: { bgcolor: theme.ground, angularaxis: axis, radialaxis: axis },
    scene: { xaxis: axis3d(theme, soft), yaxis: axis3d(theme, soft), zaxis: axis3d(theme, soft), bgcolor: theme.ground },
    margin: { pad: 6 },
  }
  if (theme.palette.length) themed.colorway = theme.palette
  return { ...template, layout: merge(template.layout ?? {}, themed) }
}

function axis3d(theme, soft) {
  return { color: soft, gridcolor: theme.line, zerolinecolor: theme.line, backgroundcolor: theme.ground }
}

function merge(under, over) {
  const found = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const both = value && typeof value === "object" && !Array.isArray(value) && typeof found[key] === "object"
    found[key] = both ? merge(found[key], value) : value
  }
  return found
}

/** Return a colour between two, `share` of the first; the first where one cannot be read. */
function mix(first, second, share) {
  const [a, b] = [first, second].map((color) => color.match(/^#([0-9a-f]{6})$/i)?.[1])
  if (!a || !b) return first
  const parts = [0, 2, 4].map((i) => Math.round(parseInt(a.slice(i, i + 2), 16) * share + parseInt(b.slice(i, i + 2), 16) * (1 - share)))
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`
}

/** Break title and note into lines of the chart's width, and make room for them. */
function wrapTitle(layout, width, theme) {
  const title = typeof layout.title === "string" ? (layout.title = { text: layout.title }) : layout.title
  if (!title?.text) return
  const extra = wrapText(title, width - 20, `600 ${title.font?.size ?? 16}px ${theme.headingFont}`) * (title.font?.size ?? 16)
    + (title.subtitle?.text ? wrapText(title.subtitle, width - 20, `${title.subtitle.font?.size ?? 12}px ${theme.font}`) * 12 : 0)
  if (!extra) return
  layout.margin = { ...layout.margin, t: (layout.margin?.t ?? 60) + extra * LINE }
  layout.height += extra * LINE
}

const canvas = document.createElement("canvas").getContext("2d")

/** Break `holder.text` into lines; returns how many it has more than before. Marked-up text is left alone. */
function wrapText(holder, width, font) {
  const text = String(holder.text)
  if (text.includes("<")) return 0
  canvas.font = font
  const shown = (part) => canvas.measureText(part.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&")).width
  const lines = []
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word
    if (lines.length && shown(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  holder.text = lines.join("<br>")
  return lines.length - 1
}
