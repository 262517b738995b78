// Shows in the header how many runs are queued or running, with a link to the monitor.
//
// It asks every few seconds while the page is in sight, and not at all while it is not; no script of the page is run.

const EVERY = 5000 // ms
const STYLE = `
.tontine-live { display: inline-flex; align-items: center; gap: 0.4rem; padding: 0.25rem 0.6rem; border-radius: 999px;
  font-size: 0.875rem; line-height: 1.4; white-space: nowrap; text-decoration: none; color: var(--st-text-color);
  border: 1px solid var(--st-border-color); }
.tontine-live:hover { border-color: var(--st-primary-color); }
.tontine-live::before { content: ""; width: 0.5em; height: 0.5em; border-radius: 50%;
  background: color-mix(in srgb, currentColor 45%, transparent); }
.tontine-live[data-live]::before { background: var(--st-primary-color); }
`
const views = new WeakMap()

export function draw(component) {
  const { data, parentElement } = component
  if (!views.has(parentElement)) views.set(parentElement, begin(parentElement, data))
  const view = views.get(parentElement)
  view.data = data
  view.component = component
  // Streamlit also calls this for a call that the next one has overtaken: the view stays then.
  return () => parentElement.isConnected || end(view, parentElement)
}

function begin(parent, data) {
  if (!document.getElementById("tontine-live-style")) {
    const style = document.createElement("style")
    style.id = "tontine-live-style"
    style.textContent = STYLE
    document.head.append(style)
  }
  const link = document.createElement("a")
  link.className = "tontine-live"
  link.href = new URL(data.monitor, document.baseURI).href
  link.target = "_self"
  link.hidden = true
  parent.append(link)
  const view = { data, link, component: null, timer: 0 }
  view.look = () => look(view)
  document.addEventListener("visibilitychange", view.look)
  view.timer = setInterval(view.look, EVERY)
  look(view)
  return view
}

async function look(view) {
  if (document.visibilityState !== "visible") return
  try {
    const answer = await fetch(new URL(view.data.counts, document.baseURI), { cache: "no-store" })
    if (!answer.ok) throw new Error(answer.statusText)
    show(view.link, await answer.json())
  } catch {
    view.link.hidden = true // the page itself says that the server cannot be reached
  }
}

function show(link, { queued, running }) {
  const texts = [running && `${running.toLocaleString("en")} running`, queued && `${queued.toLocaleString("en")} queued`]
  const text = texts.filter(Boolean).join(", ") || "Idle"
  if (link.textContent !== text) link.textContent = text
  link.title = text === "Idle" ? "No runs are queued or running. Open the monitor" : "Open the monitor"
  link.toggleAttribute("data-live", text !== "Idle")
  link.hidden = false
}

function end(view, parent) {
  clearInterval(view.timer)
  document.removeEventListener("visibilitychange", view.look)
  view.link.remove()
  views.delete(parent)
}
