// Shows a run that is going on: what it is doing, how long, how far. Events come by the application's WebSocket; the
// page's fragment is run again only when there is something new to draw, or when the run has ended.
//
// No script waits on the server meanwhile, so that stopping one stops nothing here. Where the server cannot be heard,
// the view says so and since when, and tries again.

const STYLE = `
.tontine-progress { display: flex; flex-direction: column; gap: 0.35rem; justify-content: center; min-height: 2.4rem; }
.tontine-progress p { margin: 0; display: flex; gap: 0.6rem; align-items: center; color: var(--st-text-color); }
.tontine-progress p::before { content: ""; flex: none; width: 0.9em; height: 0.9em; border-radius: 50%;
  border: 2px solid var(--st-border-color); border-top-color: var(--st-primary-color); animation: tontine-turn 0.9s linear infinite; }
.tontine-progress[data-lost] p::before { animation: none; }
.tontine-progress progress { width: 100%; height: 0.4rem; accent-color: var(--st-primary-color); }
.tontine-progress progress[hidden] { display: none; }
@keyframes tontine-turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .tontine-progress p::before { animation-duration: 4s; } }
`
const AGAIN = 3000 // ms after which the page is asked once more to draw what it has not drawn
const RECONNECT = 1500 // ms
const LOST = 4000 // ms without a connection before the view says so
const views = new WeakMap()

export function draw(component) {
  const { data, parentElement } = component
  let view = views.get(parentElement)
  if (view && view.run !== data.run) {
    end(view, parentElement)
    view = null
  }
  view ??= begin(parentElement, data)
  view.component = component
  view.asked = 0
  if (!view.news || view.news.seq <= data.news.seq) take(view, data.news)
  stale(view, data.stale)
  look(view)
  // Streamlit also calls this for a call that the next one has overtaken: the view stays then.
  return () => parentElement.isConnected || view.ended || end(view, parentElement)
}

function begin(parent, data) {
  if (!document.getElementById("tontine-progress-style")) {
    const style = document.createElement("style")
    style.id = "tontine-progress-style"
    style.textContent = STYLE
    document.head.append(style)
  }
  const box = document.createElement("div")
  box.className = "tontine-progress"
  const line = document.createElement("p")
  const text = document.createElement("span")
  text.setAttribute("role", "status")
  const time = document.createElement("span")
  time.setAttribute("aria-hidden", "true")
  line.append(text, time)
  const bar = document.createElement("progress")
  bar.max = 1
  bar.hidden = true
  box.append(line, bar)
  parent.append(box)
  const view = { run: data.run, box, text, time, bar, news: null, heard: Date.now(), asked: 0, ended: false }
  views.set(parent, view)
  view.clock = setInterval(() => { show(view); look(view); stale(view, view.component.data.stale) }, 1000)
  connect(view, data.follow)
  return view
}

function end(view, parent) {
  view.ended = true
  clearInterval(view.clock)
  clearTimeout(view.retry)
  view.socket?.close()
  stale(view, "")
  view.box.remove()
  views.delete(parent)
}

function connect(view, path) {
  const address = new URL(path, document.baseURI)
  address.protocol = address.protocol.replace("http", "ws")
  const socket = (view.socket = new WebSocket(address))
  socket.onopen = () => { view.heard = Date.now() }
  socket.onmessage = (message) => {
    view.heard = Date.now()
    take(view, JSON.parse(message.data))
    look(view)
  }
  socket.onclose = () => {
    if (!view.ended && !view.news?.final) view.retry = setTimeout(() => connect(view, path), RECONNECT)
  }
}

function take(view, news) {
  view.news = news
  view.since = Date.now() - (news.elapsed ?? 0) * 1000
  show(view)
}

function show(view) {
  const news = view.news
  if (!news) return
  const open = view.socket?.readyState === WebSocket.OPEN || news.final
  if (open) view.heard = Date.now()
  const lost = Date.now() - view.heard > LOST
  view.box.toggleAttribute("data-lost", lost)
  const said = lost
    ? `No word from the server since ${new Date(view.heard).toLocaleTimeString()}: what is shown may be old. Trying again.`
    : describe(news)
  if (view.text.textContent !== said) view.text.textContent = said
  view.time.textContent = lost ? "" : duration((Date.now() - view.since) / 1000)
  view.bar.hidden = news.progress === null || news.progress === undefined
  if (!view.bar.hidden) view.bar.value = Math.min(1, Math.max(0, news.progress))
}

function describe(news) {
  if (news.cancelling) return "Cancelling"
  if (news.status !== "PENDING") return news.message || "Running"
  if (!news.ahead) return "Queued, next in line"
  return `Queued, ${news.ahead} ${news.ahead === 1 ? "run" : "runs"} ahead`
}

/** Ask the page to draw what it has not drawn yet; again after a while, where that was stopped or lost. */
function look(view) {
  const drawn = view.component.data.news
  const wanted = view.news && (view.news.final || view.news.mark !== drawn.mark)
  if (!wanted || Date.now() - view.asked < AGAIN) return
  view.asked = Date.now()
  view.component.setTriggerValue("changed", view.news.seq)
}

/** Dim the result of the run before while this one has nothing to show. */
function stale(view, name) {
  if (view.staled && view.staled !== name) document.querySelector(`.st-key-${view.staled}`)?.removeAttribute("data-tontine-stale")
  view.staled = name
  if (name) document.querySelector(`.st-key-${name}`)?.setAttribute("data-tontine-stale", "")
}

function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
