// Shows what a portfolio is worth as the market moves: total, the day's change, each holding with its recent prices, and
// how the value is spread. Messages come by the session's WebSocket; prices are painted here, and the page's fragment is
// run again only when an analysis or the holdings have changed.
//
// Where the server cannot be heard, the view says so and since when, and comes again with the number of its last message.

const STYLE = `
.tontine-portfolio { font-variant-numeric: tabular-nums; color: var(--st-text-color); line-height: 1.4; }
.tontine-portfolio .head { display: flex; flex-wrap: wrap; gap: 0.3rem 2rem; align-items: baseline; margin: 0 0 0.6rem; }
.tontine-portfolio .total { font-size: 2rem; font-weight: 600; }
.tontine-portfolio .market { font-size: 0.875rem; margin: 0 0 0.6rem; opacity: 0.85; }
.tontine-portfolio .market[data-problem] { opacity: 1; padding: 0.4rem 0.7rem; border-radius: 6px;
  border: 1px solid #D55E00; border-left-width: 4px; }
.tontine-portfolio .body { display: grid; grid-template-columns: minmax(0, 1fr) 13rem; gap: 1.5rem; align-items: start; }
.tontine-portfolio .scroll { overflow-x: auto; }
.tontine-portfolio table { border-collapse: collapse; width: 100%; font-size: 0.925rem; }
.tontine-portfolio th { font-weight: 400; opacity: 0.8; text-align: right; padding: 0.3rem 0.5rem; white-space: nowrap; }
.tontine-portfolio td { text-align: right; padding: 0.35rem 0.5rem; white-space: nowrap;
  border-top: 1px solid var(--st-border-color); }
.tontine-portfolio th:first-child, .tontine-portfolio td:first-child { text-align: left; padding-left: 0; font-weight: 600; }
.tontine-portfolio th:first-child { font-weight: 400; }
.tontine-portfolio td.spark { padding-top: 0.1rem; padding-bottom: 0.1rem; }
.tontine-portfolio svg { display: block; }
.tontine-portfolio .spark svg { width: 110px; height: 28px; margin-left: auto; }
.tontine-portfolio polyline { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.tontine-portfolio .up { color: color-mix(in srgb, #17A673 72%, var(--st-text-color)); }
.tontine-portfolio .down { color: color-mix(in srgb, #D55E00 80%, var(--st-text-color)); }
.tontine-portfolio .ring { width: 9rem; height: 9rem; margin: 0 auto 0.5rem; }
.tontine-portfolio ul { list-style: none; margin: 0; padding: 0; font-size: 0.85rem; }
.tontine-portfolio li { display: flex; gap: 0.5rem; align-items: center; margin: 0; padding: 0.1rem 0; }
.tontine-portfolio li b { font-weight: 400; margin-left: auto; }
.tontine-portfolio li::before { content: ""; width: 0.75em; height: 0.75em; border-radius: 2px; background: var(--color); }
.tontine-portfolio .flash { animation: tontine-flash 1s ease-out; }
@keyframes tontine-flash { from { background: color-mix(in srgb, var(--st-primary-color) 28%, transparent); } }
.tontine-waiting { display: flex; gap: 0.6rem; align-items: center; min-height: 6rem; }
.tontine-waiting::before { content: ""; width: 1em; height: 1em; border-radius: 50%; border: 2px solid var(--st-border-color, #8888);
  border-top-color: var(--st-primary-color, #38949C); animation: tontine-turn-once 0.9s linear infinite; }
@keyframes tontine-turn-once { to { transform: rotate(1turn); } }
@media (max-width: 640px) {
  .tontine-portfolio .body { grid-template-columns: minmax(0, 1fr); }
  .tontine-portfolio .total { font-size: 1.6rem; }
}
@media (prefers-reduced-motion: reduce) { .tontine-portfolio .flash { animation: none; } .tontine-waiting::before { animation-duration: 4s; } }
`
const RECONNECT = 1500 // ms
const LOST = 4000 // ms without a connection before the view says so
const PING = 60000 // ms between two signs of life, which keep the session
const POINTS = 60 // recent prices of a holding
const AGAIN = 3000 // ms after which the page is asked once more to draw what it has not drawn
const SVG = "http://www.w3.org/2000/svg"
const views = new WeakMap()

export function draw(component) {
  const { data, parentElement } = component
  let view = views.get(parentElement)
  if (view && view.session !== data.session) {
    end(view, parentElement)
    view = null
  }
  view ??= begin(parentElement, data)
  view.component = component
  view.language = data.language
  view.colors = data.colors
  view.drawn = data.number
  view.asked = 0
  if (data.number >= view.number) {
    view.number = data.number
    view.body = data.body
    view.history = copy(data.history)
  }
  if (!view.socket) connect(view, data.follow)
  show(view)
  look(view)
  // Streamlit also calls this for a call that the next one has overtaken: the view stays then.
  return () => parentElement.isConnected || view.ended || end(view, parentElement)
}

function begin(parent, data) {
  if (!document.getElementById("tontine-portfolio-style")) {
    const style = document.createElement("style")
    style.id = "tontine-portfolio-style"
    style.textContent = STYLE
    document.head.append(style)
  }
  const box = element("div", "tontine-portfolio")
  const head = element("div", "head")
  const total = element("span", "total")
  const change = element("span", "change")
  const cash = element("span", "cash")
  head.append(total, change, cash)
  const market = element("p", "market")
  market.setAttribute("role", "status")
  const body = element("div", "body")
  const scroll = element("div", "scroll")
  const table = element("table", "")
  const side = element("div", "side")
  scroll.append(table)
  body.append(scroll, side)
  box.append(head, market, body)
  parent.append(box)
  const view = { session: data.session, box, total, change, cash, market, table, side, rows: new Map(), socket: null,
    number: -1, wanted: 0, drawn: 0, asked: 0, body: null, history: {}, heard: Date.now(), ended: false, gone: "" }
  views.set(parent, view)
  view.clock = setInterval(() => { showMarket(view); look(view) }, 1000)
  view.pulse = setInterval(() => {
    if (view.socket?.readyState === WebSocket.OPEN) view.socket.send(JSON.stringify({ action: "ping" }))
  }, PING)
  return view
}

function end(view, parent) {
  view.ended = true
  clearInterval(view.clock)
  clearInterval(view.pulse)
  clearTimeout(view.retry)
  view.socket?.close()
  view.box.remove()
  views.delete(parent)
}

function connect(view, path) {
  const address = new URL(`${path}?after=${view.number}`, document.baseURI)
  address.protocol = address.protocol.replace("http", "ws")
  const socket = (view.socket = new WebSocket(address))
  socket.onopen = () => { view.heard = Date.now(); showMarket(view) }
  socket.onmessage = (event) => {
    view.heard = Date.now()
    take(view, JSON.parse(event.data))
  }
  socket.onclose = () => {
    if (!view.ended && !view.gone) view.retry = setTimeout(() => connect(view, path), RECONNECT)
  }
}

function take(view, message) {
  if (message.type === "error" && ["NOT_FOUND", "NOT_ALLOWED"].includes(message.code)) {
    const problem = message.body.problems[0]
    view.gone = `${problem.found}. ${problem.remedy}`
    showMarket(view)
    return
  }
  if (message.reply || message.number <= view.number) return
  view.number = message.number
  if (message.type === "market_update" || message.type === "portfolio") {
    const before = view.body?.market?.step
    view.body = message.body
    if (message.type === "market_update" && message.body.market?.step !== before) {
      for (const holding of message.body.holdings) {
        if (holding.price !== null) (view.history[holding.ticker] ??= []).push(holding.price)
      }
    }
    show(view)
  }
  if (message.type !== "market_update") {
    view.wanted = message.number
    look(view)
  }
}

/** Ask the page to draw what it has not drawn yet; again after a while, where that was stopped or lost. */
function look(view) {
  if (view.wanted <= view.drawn || Date.now() - view.asked < AGAIN) return
  view.asked = Date.now()
  view.component.setTriggerValue("changed", view.wanted)
}

function show(view) {
  const body = view.body
  if (!body) return
  const money = (value) => write(view, value, 2)
  set(view.total, `${money(body.total)} ${body.currency}`)
  const share = body.day_change_share === null ? "" : ` (${sign(body.day_change)}${write(view, 100 * Math.abs(body.day_change_share), 2)} %)`
  set(view.change, body.holdings.length ? `${sign(body.day_change)}${money(Math.abs(body.day_change))}${share} on the day before` : "")
  view.change.className = `change ${side(body.day_change)}`
  set(view.cash, body.cash ? `of which cash ${money(body.cash)}` : "")
  showMarket(view)
  showTable(view, money)
  showRing(view)
}

function showMarket(view) {
  const market = view.body?.market
  const open = view.socket?.readyState === WebSocket.OPEN
  if (open) view.heard = Date.now()
  let text = ""
  let problem = false
  if (view.gone) {
    text = view.gone
    problem = true
  } else if (Date.now() - view.heard > LOST) {
    text = `No word from the server since ${new Date(view.heard).toLocaleTimeString(view.language)}: what is shown may be old. Trying again.`
    problem = true
  } else if (market?.problem) {
    const age = market.written_at ? ` Prices are ${duration(Date.now() - new Date(market.written_at))} old.` : " There are no prices yet."
    text = `${market.problem}${age}`
    problem = true
  } else if (!market || !market.written_at) {
    text = view.body?.holdings?.length ? "Waiting for the market's first prices." : ""
  } else {
    text = `${market.source} · prices of ${String(market.as_of).slice(0, 10)}, updated ${duration(Date.now() - new Date(market.written_at))} ago`
    if (view.body.unpriced.length) text += ` · no price of ${view.body.unpriced.join(", ")}`
  }
  set(view.market, text)
  view.market.hidden = !text
  view.market.toggleAttribute("data-problem", problem)
}

const COLUMNS = ["Ticker", "Quantity", "Price", "Day", "Value", "Gain", "Recent prices"]

function showTable(view, money) {
  const holdings = view.body.holdings
  view.table.hidden = !holdings.length
  if (!view.table.tHead) {
    const row = view.table.createTHead().insertRow()
    for (const name of COLUMNS) {
      const cell = document.createElement("th")
      cell.scope = "col"
      cell.textContent = name
      row.append(cell)
    }
    view.table.append(document.createElement("tbody"))
  }
  const tbody = view.table.tBodies[0]
  for (const [ticker, row] of view.rows) {
    if (!holdings.some((holding) => holding.ticker === ticker)) {
      row.remove()
      view.rows.delete(ticker)
    }
  }
  holdings.forEach((holding, place) => {
    let row = view.rows.get(holding.ticker)
    if (!row) {
      row = document.createElement("tr")
      row.dataset.ticker = holding.ticker
      for (const name of COLUMNS) row.insertCell().className = name === "Recent prices" ? "spark" : ""
      view.rows.set(holding.ticker, row)
    }
    if (tbody.rows[place] !== row) tbody.insertBefore(row, tbody.rows[place] ?? null)
    const [ticker, quantity, price, day, value, gain, spark] = row.cells
    set(ticker, holding.ticker)
    set(quantity, write(view, holding.quantity, 0, 6))
    flash(price, holding.price === null ? "no price" : money(holding.price))
    const share = holding.price && holding.previous ? holding.price / holding.previous - 1 : null
    set(day, share === null ? "" : `${sign(share)}${write(view, 100 * Math.abs(share), 2)} %`)
    day.className = side(share ?? 0)
    set(value, holding.value === null ? "" : money(holding.value))
    set(gain, holding.gain === null ? "" : `${sign(holding.gain)}${money(Math.abs(holding.gain))}`)
    gain.className = side(holding.gain ?? 0)
    showSpark(spark, (view.history[holding.ticker] ?? []).filter((one) => one !== null).slice(-POINTS), holding.ticker)
  })
}

function showSpark(cell, prices, ticker) {
  const low = Math.min(...prices), high = Math.max(...prices)
  const points = prices.length < 2 ? "" : prices
    .map((price, i) => `${(100 * i) / (prices.length - 1)},${high > low ? 26 - (24 * (price - low)) / (high - low) : 14}`)
    .join(" ")
  let line = cell.querySelector("polyline")
  if (!line) {
    const svg = document.createElementNS(SVG, "svg")
    svg.setAttribute("viewBox", "0 0 100 28")
    svg.setAttribute("preserveAspectRatio", "none")
    svg.setAttribute("role", "img")
    line = document.createElementNS(SVG, "polyline")
    svg.append(line)
    cell.append(svg)
  }
  line.setAttribute("points", points)
  line.parentElement.setAttribute("aria-label", `Recent prices of ${ticker}`)
  line.parentElement.setAttribute("class", side(prices.length > 1 ? prices.at(-1) - prices[0] : 0))
}

/** The value without its signs, as a ring with a legend; a holding sold short is named so. */
function showRing(view) {
  const priced = view.body.holdings.filter((holding) => holding.value)
  const parts = priced.map((holding) => ({ name: holding.value < 0 ? `${holding.ticker}, short` : holding.ticker, size: Math.abs(holding.value) }))
  if (view.body.cash > 0) parts.push({ name: "Cash", size: view.body.cash })
  const whole = parts.reduce((sum, part) => sum + part.size, 0)
  view.side.hidden = !whole
  if (!whole) return
  if (!view.ring) {
    view.ring = document.createElementNS(SVG, "svg")
    view.ring.setAttribute("viewBox", "0 0 42 42")
    view.ring.setAttribute("class", "ring")
    view.ring.setAttribute("role", "img")
    view.legend = document.createElement("ul")
    view.side.append(view.ring, view.legend)
  }
  view.ring.setAttribute("aria-label", `Allocation: ${parts.map((part) => `${part.name} ${Math.round((100 * part.size) / whole)} %`).join(", ")}`)
  let start = 25
  parts.forEach((part, i) => {
    const color = view.colors[i % view.colors.length]
    const share = (100 * part.size) / whole
    const arc = view.ring.children[i] ?? view.ring.appendChild(document.createElementNS(SVG, "circle"))
    for (const [name, value] of Object.entries({ cx: 21, cy: 21, r: 15.9155, fill: "none", stroke: color, "stroke-width": 6,
      "stroke-dasharray": `${share} ${100 - share}`, "stroke-dashoffset": start })) arc.setAttribute(name, value)
    start = (start - share + 100) % 100
    const item = view.legend.children[i] ?? view.legend.appendChild(document.createElement("li"))
    item.style.setProperty("--color", color)
    const label = item.firstElementChild ?? item.appendChild(document.createElement("span"))
    const figure = item.children[1] ?? item.appendChild(document.createElement("b"))
    set(label, part.name)
    set(figure, `${write(view, share, 1)} %`)
  })
  for (const list of [view.ring, view.legend]) while (list.children.length > parts.length) list.lastElementChild.remove()
}

function write(view, value, digits, most = digits) {
  return value.toLocaleString(view.language, { minimumFractionDigits: digits, maximumFractionDigits: most })
}

function sign(value) { return value > 0 ? "+" : value < 0 ? "-" : "" }

function side(value) { return value > 0 ? "up" : value < 0 ? "down" : "" }

function set(node, text) { if (node.textContent !== text) node.textContent = text }

function flash(node, text) {
  if (node.textContent === text) return
  const first = node.textContent === ""
  node.textContent = text
  if (first) return
  node.classList.remove("flash")
  void node.offsetWidth // so that the animation begins again
  node.classList.add("flash")
}

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

function element(name, className) {
  const made = document.createElement(name)
  made.className = className
  return made
}

function copy(history) { return Object.fromEntries(Object.entries(history).map(([ticker, prices]) => [ticker, [...prices]])) }
