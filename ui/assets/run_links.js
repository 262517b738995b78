// Draws the runs around a run: a box for each, which is a link, and lines between them.
//
// The boxes are the items of one list, placed over a drawing of the lines. Where there is no room for columns the same
// list stands as a list, and each box says in words what it came from.

const STYLE = `
.tontine-links { position: relative; overflow-x: auto; padding: 4px; }
.tontine-links > div { position: relative; margin: 0 auto; }
.tontine-links svg { position: absolute; inset: 0; pointer-events: none; }
.tontine-links path { fill: none; stroke: color-mix(in srgb, var(--st-text-color) 45%, transparent); stroke-width: 1.5; }
.tontine-links path[data-reused] { stroke-dasharray: 5 4; }
.tontine-links ol { list-style: none; margin: 0; padding: 0; }
.tontine-links li { position: absolute; margin: 0; padding: 0; }
.tontine-links li > * { display: flex; flex-direction: column; justify-content: center; gap: 0.1rem; height: 100%;
  box-sizing: border-box; padding: 0.35rem 0.6rem; border: 1px solid var(--st-border-color); border-radius: 6px;
  background: var(--st-background-color); color: var(--st-text-color); text-decoration: none; font-size: 0.8rem;
  line-height: 1.35; }
.tontine-links li > a:hover { border-color: var(--st-primary-color); }
.tontine-links li > a:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.tontine-links li > [aria-current] { border: 2px solid var(--st-primary-color);
  background: var(--st-secondary-background-color); }
.tontine-links li > span { border-style: dashed; }
.tontine-links b { font-weight: 600; }
.tontine-links b::before { content: ""; display: inline-block; width: 0.6em; height: 0.6em; margin-right: 0.45em;
  border-radius: 50%; background: var(--tone); }
.tontine-links span > b::before { display: none; }
.tontine-links b, .tontine-links i { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tontine-links i { font-style: normal; }
.tontine-links i[data-quiet] { color: color-mix(in srgb, var(--st-text-color) 75%, transparent); }
.tontine-links [data-relation] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 640px) {
  .tontine-links > div { width: auto !important; height: auto !important; }
  .tontine-links svg { display: none; }
  .tontine-links li { position: static; width: auto !important; height: auto !important; margin-bottom: 0.4rem;
    margin-left: calc(var(--column) * 0.6rem); }
  .tontine-links b, .tontine-links i { white-space: normal; overflow-wrap: anywhere; }
  .tontine-links [data-relation] { position: static; width: auto; height: auto; clip-path: none; }
}
`
const SVG = "http://www.w3.org/2000/svg"
const shown = new WeakMap() // element given by Streamlit -> what is drawn in it

export function draw(component) {
  const { data, parentElement } = component
  const view = shown.get(parentElement) ?? open(parentElement)
  view.component = component
  const drawn = JSON.stringify(data)
  if (view.drawn !== drawn) {
    view.drawn = drawn
    paint(view, data)
  }
  // Streamlit also calls this for a call that the next one has overtaken: what is drawn stays then.
  return () => parentElement.isConnected || close(view, parentElement)
}

function open(parent) {
  if (!document.getElementById("tontine-links-style")) {
    const style = document.createElement("style")
    style.id = "tontine-links-style"
    style.textContent = STYLE
    document.head.append(style)
  }
  const root = document.createElement("nav")
  root.className = "tontine-links"
  parent.append(root)
  const view = { root, component: null, drawn: "" }
  shown.set(parent, view)
  return view
}

function close(view, parent) {
  view.root.remove()
  shown.delete(parent)
}

function paint(view, data) {
  const sheet = document.createElement("div")
  sheet.style.width = `${data.width}px`
  sheet.style.height = `${data.height}px`
  const list = document.createElement("ol")
  list.append(...data.boxes.map((box) => item(view, data, box)))
  sheet.append(lines(data), list)
  view.root.setAttribute("aria-label", data.label)
  view.root.replaceChildren(sheet)
  const current = data.boxes.find((box) => box.current)
  if (current) view.root.scrollLeft = current.x - (view.root.clientWidth - data.box[0]) / 2
}

function lines(data) {
  const drawing = document.createElementNS(SVG, "svg")
  drawing.setAttribute("width", data.width)
  drawing.setAttribute("height", data.height)
  drawing.setAttribute("aria-hidden", "true")
  for (const line of data.lines) {
    const path = document.createElementNS(SVG, "path")
    path.setAttribute("d", line.path)
    path.toggleAttribute("data-reused", line.reused)
    drawing.append(path)
  }
  return drawing
}

function item(view, data, box) {
  const node = document.createElement("li")
  node.style.cssText = `left: ${box.x}px; top: ${box.y}px; width: ${data.box[0]}px; height: ${data.box[1]}px;`
  node.style.setProperty("--column", Math.round(box.x / data.box[0]))
  node.style.setProperty("--tone", `var(--st-${box.tone}-color)`)
  const inside = document.createElement(box.href ? "a" : "span")
  if (box.href) {
    inside.href = new URL(box.href, document.baseURI).href
    inside.target = "_self"
    inside.addEventListener("click", (event) => walk(view, box, event))
  }
  if (box.current) inside.setAttribute("aria-current", "true")
  inside.title = [box.name, box.user, box.relation, box.what, box.about].filter(Boolean).join("\n")
  inside.append(...[part("b", box.name), part("i", box.what), part("i", box.about, true), part("i", box.more, true)].filter(Boolean))
  const relation = part("i", box.relation, true)
  if (relation) {
    relation.dataset.relation = ""
    inside.append(relation)
  }
  node.append(inside)
  return node
}

function part(name, text, quiet = false) {
  if (!text) return null
  const made = document.createElement(name)
  made.textContent = text
  if (quiet) made.dataset.quiet = ""
  return made
}

/** Open a run in the session; with a key held, or another button, the browser does what it does with any link. */
function walk(view, box, event) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  if (!box.current) view.component.setTriggerValue("walk", box.key)
}
