// What the figures share: a frame of their own on the page, controls bound to traits, and drawing.

const SVG = "http://www.w3.org/2000/svg";

// --- the frame ------------------------------------------------------------------------------------------------------

/**
 * Put a frame into `el` that no style of the page reaches and none leaves; return { root, leave }. `results()` gives what
 * follows from the settings, by the names that it has in Python: it is computed here and there, and never sent.
 */
export function mount({ model, el }, name, results = () => ({})) {
  const host = document.createElement("div");
  host.dataset.figure = name;
  Object.assign(host, { model, results });                    // for the curious at the browser's console, and for tests
  host.dataset.lmSuppressShortcuts = "true";                  // JupyterLab's single-letter commands stay out
  for (const kind of ["keydown", "keyup", "keypress"]) host.addEventListener(kind, (event) => event.stopPropagation());
  const frame = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = model.get("_styles");
  const root = make("div", { class: "figure", role: "group" });
  frame.append(style, root);
  el.append(host);
  return { root, leave: followTheme(host, root) };
}

/** Keep root's data-theme in step with the page, whatever the page is: light text means a dark page. */
function followTheme(host, root) {
  let waiting = 0;
  const look = () => {
    cancelAnimationFrame(waiting);
    if (!host.isConnected) {                                  // JupyterLab may draw first and put into the page later
      if (root.dataset.theme === undefined) waiting = requestAnimationFrame(look);
      return;
    }
    const [red, green, blue] = getComputedStyle(host).color.match(/[\d.]+/g).map(Number);
    root.dataset.theme = 0.3 * red + 0.6 * green + 0.1 * blue > 128 ? "dark" : "light";
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const page = new MutationObserver(look);
  page.observe(document.documentElement, { attributes: true });
  page.observe(document.body, { attributes: true });
  system.addEventListener("change", look);
  look();
  return () => { cancelAnimationFrame(waiting); page.disconnect(); system.removeEventListener("change", look); };
}

export const quiet = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// --- elements -------------------------------------------------------------------------------------------------------

/** An HTML element: make("p", { class: "note" }, "some text", child). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children);
  return element;
}

/** An SVG element, put into `parent` if there is one: svg("circle", { r: 3 }, parent). */
export function svg(tag, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  if (text !== null) element.textContent = text;
  parent?.append(element);
  return element;
}

/** Draw into `parent` again and again with the nodes that are there already. */
export function brush(parent) {
  let used = 0;
  return {
    put(tag, attributes, text = null) {
      let node = parent.children[used++];
      if (node?.tagName !== tag) {
        const fresh = svg(tag);
        if (node) node.replaceWith(fresh); else parent.append(fresh);
        node = fresh;
      }
      for (const name of node.getAttributeNames()) if (!(name in attributes)) node.removeAttribute(name);
      for (const [name, value] of Object.entries(attributes)) if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
      if (node.textContent !== (text ?? "")) node.textContent = text ?? "";
      return node;
    },
    done() {
      while (parent.children.length > used) parent.lastChild.remove();
      used = 0;
    },
  };
}

function set(element, key, value) {
  if (value === true) element.setAttribute(key, "");
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
}

// --- traits ---------------------------------------------------------------------------------------------------------

/** Change traits and tell the kernel, if there is one. */
export function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/** Call `draw` now and, at most once a frame, whenever one of the traits changes; return what stops it. */
export function redraw(model, names, draw) {
  let waiting = 0;
  const now = () => {
    waiting = 0;
    const start = performance.now();
    draw();
    performance.measure("seqlab redraw", { start });
  };
  const later = () => { waiting ||= requestAnimationFrame(now); };
  for (const name of names) model.on(`change:${name}`, later);
  now();
  return () => {
    cancelAnimationFrame(waiting);
    for (const name of names) model.off(`change:${name}`, later);
  };
}

// --- controls: each is bound to one trait ---------------------------------------------------------------------------

/** A finger that comes down on a slider and goes on to scroll the page leaves the slider as it was. */
export function steady(input) {
  let before = input.value;
  input.addEventListener("pointerdown", () => { before = input.value; });
  input.addEventListener("pointercancel", () => {
    input.value = before;
    input.dispatchEvent(new Event("input"));
  });
  return input;
}

/** A finger that comes down on this part of a drawing drags it; in a drawing, `touch-action` alone does not keep the page still. */
export const draggable = (element) => element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

export const signed = (value, digits = 2) => (value < 0 ? "\u2212" : "") + Math.abs(value).toFixed(digits);

/** A labelled slider; `label` may hold HTML (subscripts), `name` is what a screen reader says. */
export function slider(model, trait, { label, name, min, max, step = 0.05, show = signed }) {
  const input = steady(make("input", { type: "range", min, max, step, "aria-label": name }));
  const shown = make("output");
  const caption = make("span", { "aria-hidden": "true" });
  caption.innerHTML = label;
  const follow = () => {
    input.value = model.get(trait);
    shown.textContent = show(model.get(trait));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => change(model, { [trait]: Number(input.value) }));
  model.on(`change:${trait}`, follow);
  follow();
  return make("label", { class: "slider" }, caption, input, shown);
}

let groups = 0;     // radio buttons of one group need a name of their own on the page

/** A row of radio buttons: options are [value, text] pairs. */
export function choice(model, trait, { name, options }) {
  const group = `seqlab-${trait}-${groups++}`;
  const inputs = options.map(([value]) => make("input", { type: "radio", name: group, value: String(value) }));
  const follow = () => inputs.forEach((input, k) => { input.checked = options[k][0] === model.get(trait); });
  inputs.forEach((input, k) => input.addEventListener("change", () => change(model, { [trait]: options[k][0] })));
  model.on(`change:${trait}`, follow);
  follow();
  const labels = options.map(([, text], k) => make("label", {}, inputs[k], make("span", {}, text)));
  return make("fieldset", { class: "choice" }, make("legend", {}, name), ...labels);
}

/** A check box. */
export function toggle(model, trait, { name }) {
  const input = make("input", { type: "checkbox" });
  const follow = () => { input.checked = model.get(trait); };
  input.addEventListener("change", () => change(model, { [trait]: input.checked }));
  model.on(`change:${trait}`, follow);
  follow();
  return make("label", { class: "toggle" }, input, make("span", {}, name));
}

/**
 * A row of buttons that each set several traits at once: presets are [text, { trait: value }] pairs. The one that holds now is
 * marked, wherever the traits in `looking` stand: they say where the reader looks, not what the figure is about. `reset` is such
 * a pair too, and is never marked.
 */
export function presets(model, { name, options, looking = [], reset = null }) {
  const buttons = [...options, ...(reset ? [reset] : [])].map(([text, values]) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => change(model, values));
    return button;
  });
  const stories = options.map(([, values]) => Object.entries(values).filter(([trait]) => !looking.includes(trait)));
  const holds = (story) => story.every(([trait, value]) => JSON.stringify(model.get(trait)) === JSON.stringify(value));
  let waiting = 0;
  const mark = () => {
    waiting = 0;
    const now = stories.findIndex(holds);
    buttons.forEach((button, k) => { if (k === now) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current"); });
  };
  for (const trait of new Set(stories.flat().map(([trait]) => trait))) {
    model.on(`change:${trait}`, () => { waiting ||= requestAnimationFrame(mark); });
  }
  mark();
  return make("div", { class: "presets", role: "group", "aria-label": name }, make("span", {}, name), ...buttons);
}

/** Parts under a line that folds and unfolds them; where the figure is narrow they start folded. */
export function fold(root, line, ...parts) {
  return make("details", { class: "fold", open: (root.clientWidth || innerWidth) >= 576 }, make("summary", {}, line), ...parts);
}

/** A line of words for everyone, read out by a screen reader when the reader pauses. */
export function report() {
  const shown = make("p", { class: "report" });
  const spoken = make("p", { class: "spoken", role: "status" });
  let timer = 0;
  const say = (text) => {
    if (shown.textContent === text) return;
    shown.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { spoken.textContent = text; }, 600);
  };
  return { element: make("div", {}, shown, spoken), say };
}

// --- charts ---------------------------------------------------------------------------------------------------------

/** A linear scale from [from, to] to pixels, with its inverse. */
export function scale(from, to, first, last) {
  const there = (value) => first + (value - from) / (to - from) * (last - first);
  there.back = (pixel) => from + (pixel - first) / (last - first) * (to - from);
  return there;
}

/** Points as the text that SVG's polyline wants. */
export const points = (pairs) => pairs.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
