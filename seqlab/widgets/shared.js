// What the figures share: a frame of their own on the page, controls bound to traits, and drawing.

const SVG = "http://www.w3.org/2000/svg";

// --- the frame ------------------------------------------------------------------------------------------------------

/**
 * Put a frame into `el` that no style of the page reaches and none leaves; return { root, leave }. `results()` gives
 * what follows from the settings, by the names that it has in Python: it is computed here and there, and never sent.
 */
export function mount({ model, el }, name, results = () => ({})) {
  const host = document.createElement("div");
  host.dataset.figure = name;
  Object.assign(host, { model, results });                    // for the browser's console, and for tests
  host.dataset.lmSuppressShortcuts = "true";                  // JupyterLab's single-letter commands stay out
  for (const kind of ["keydown", "keyup", "keypress"]) host.addEventListener(kind, (event) => event.stopPropagation());
  const frame = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = model.get("_styles");
  const root = make("div", { class: "figure", role: "group",
    "aria-label": `${name.replace(/(?<=[a-z])(?=[A-Z])|(?<=N)(?=P)/g, " ")}, interactive figure` });
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

/** How much larger than usual the reader wants letters: 1 where the browser's size of letters is left as it is. */
const lettersOf = (element) => parseFloat(getComputedStyle(element).fontSize) / 15 || 1;

/** How wide `element` is for letters of the usual size: half as wide for letters twice as large. */
export const roomIn = (element, otherwise) => Math.round((element?.clientWidth || otherwise) / lettersOf(element));

// --- elements -------------------------------------------------------------------------------------------------------

/** An HTML element: make("p", { class: "note" }, "some text", child). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  put(element, attributes);
  element.append(...children);
  return element;
}

/** An SVG element, put into `parent` if there is one: svg("circle", { r: 3 }, parent). */
export function svg(tag, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS(SVG, tag);
  put(element, attributes);
  if (text !== null) element.textContent = text;
  parent?.append(element);
  return element;
}

/** Give the element these attributes: true is one without a value; false, null and undefined are none. */
export function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = value === true ? "" : String(value);
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Draw into `parent` again and again with the nodes that are there already: paint(...) as svg(...), then done(). */
export function brush(parent) {
  let used = 0;
  return {
    paint(tag, attributes, text = null) {
      let node = parent.children[used++];
      if (node?.tagName !== tag) {
        const fresh = svg(tag);
        if (node) node.replaceWith(fresh); else parent.append(fresh);
        node = fresh;
      }
      for (const name of node.getAttributeNames()) if (!(name in attributes)) node.removeAttribute(name);
      put(node, attributes);
      if (node.textContent !== (text ?? "")) node.textContent = text ?? "";
      return node;
    },
    done() {
      while (parent.children.length > used) parent.lastChild.remove();
      used = 0;
    },
  };
}

export const hide = (element, hidden) => { element.style.display = hidden ? "none" : ""; };

let hatchings = 0;     // patterns of two figures on one page need names of their own

/** A hatching in the SVG element `drawing`, as what its shapes take for `fill`; `line` is the class of its lines. */
export function hatching(drawing, line, { spacing = 4, turn = 45 } = {}) {
  const id = `seqlab-${line.replaceAll(" ", "-")}-${hatchings++}`;
  const pattern = svg("pattern", { id, width: spacing, height: spacing, patternUnits: "userSpaceOnUse",
    patternTransform: `rotate(${turn})` }, svg("defs", {}, drawing));
  svg("line", { x1: 0, y1: 0, x2: 0, y2: spacing, class: line }, pattern);
  return `url(#${id})`;
}

// --- traits ---------------------------------------------------------------------------------------------------------

/** The traits of these names, by name. */
export const values = (model, names) => Object.fromEntries(names.map((name) => [name, model.get(name)]));

/** Change traits and tell the kernel, if there is one. */
export function change(model, news) {
  for (const [name, value] of Object.entries(news)) model.set(name, value);
  model.save_changes();
}

const MEASURED = "seqlab redraw", MANY = 1000;      // so many times are kept for who looks at them
let measured = 0;

/** Draw, and note in the browser's own list how long that took. */
function timed(draw) {
  const start = performance.now();
  draw();
  if (++measured % MANY === 0) performance.clearMeasures(MEASURED);
  performance.measure(MEASURED, { start });
}

const alike = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Call `draw` now and, at most once a frame, whenever one of the traits changes; return what stops it. */
export function redraw(model, names, draw) {
  let waiting = 0;
  const now = () => {
    waiting = 0;
    timed(draw);
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

/**
 * A finger that comes down on this part of a drawing drags it; in a drawing, `touch-action` alone does not keep the
 * page still.
 */
export function draggable(element) {
  element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
}

export const signed = (value, digits = 2) => (value < 0 ? "\u2212" : "") + Math.abs(value).toFixed(digits);

/**
 * A labelled slider; `label` may hold HTML (subscripts), `name` is what a screen reader says. `max` may be a function.
 * Where the slider stands is place(value), and what it then sets is value(place). It follows the trait and those in
 * `watch`; `show` and `say` are the value for eye and ear.
 */
export function slider(model, trait, { label, name, min, max, step = 0.05, show = signed, say = show, place = Number,
  value = Number, watch = [], enabled = () => true, set = (news) => change(model, { [trait]: news }) }) {
  const input = steady(make("input", { type: "range", min, step, "aria-label": name }));
  const shown = make("output", { "aria-live": "off" });        // the slider itself says it
  const caption = make("span", { "aria-hidden": "true" });
  caption.innerHTML = label;
  const follow = () => {
    const now = model.get(trait);
    input.max = typeof max === "function" ? max() : max;
    input.value = place(now);
    input.disabled = !enabled();
    shown.textContent = show(now);
    input.setAttribute("aria-valuetext", say(now));
  };
  input.addEventListener("input", () => set(value(Number(input.value))));
  for (const each of [trait, ...watch]) model.on(`change:${each}`, follow);
  follow();
  return make("label", { class: "slider" }, caption, input, shown);
}

/** Sliders by name; where the figure is narrow one of them shows, which `pick` or a button of its name chooses. */
export function oneOfSliders(all) {
  const names = Object.keys(all);
  const pick = (name) => names.forEach((one, k) => {
    put(all[one], { "data-active": one === name });
    put(chips[k], { "aria-pressed": String(one === name) });
  });
  const chips = names.map((name) => button("", () => pick(name), `${name}: show its slider`));
  chips.forEach((chip, k) => { chip.innerHTML = names[k].replace(/_(.)/, "<sub>$1</sub>"); });
  pick(names[0]);
  const element = make("div", {}, make("div", { class: "picks", role: "group", "aria-label": "slider" }, ...chips),
    make("div", { class: "controls" }, ...Object.values(all)));
  return { element, pick };
}

/** A button; `name` is what a screen reader says where that is more than its text. */
export function button(text, press, name = null) {
  const one = make("button", { type: "button", "aria-label": name }, text);
  one.addEventListener("click", press);
  return one;
}

/**
 * What plays a trait from `first` to last(), in whole steps: a button that plays and pauses, a slider as above, and
 * what moves `by` steps or stops. `words` are [text, name] of the button, at rest and playing; pace() gives the
 * milliseconds of a step; `prompt` takes the first step at once. Where the reader wants no motion, `calm` says what the
 * button does instead of playing: one "step", or all to the "end".
 */
export function player(model, trait, { first, last, words, pace, prompt = false, calm = null, ...looks }) {
  let timer = 0;
  const now = () => Math.min(model.get(trait), last());
  const go = (to) => change(model, { [trait]: Math.max(first, Math.min(last(), to)) });
  const advance = () => go(now() === last() ? first : now() + 1);
  const label = () => {
    const [text, name = null] = words[timer ? 1 : 0];
    if (play.textContent !== text) play.textContent = text;
    put(play, { "aria-label": name });
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    label();
  };
  const start = () => {
    if (prompt || now() === last()) advance();
    timer = setInterval(() => { if (now() === last()) stop(); else advance(); }, pace());
    label();
  };
  const instead = { step: advance, end: () => go(last()) }[calm];
  const play = button("", () => {
    if (timer) stop();
    else if (instead && quiet()) instead();
    else start();
  });
  label();
  const set = (to) => { stop(); go(to); };
  const track = slider(model, trait, { step: 1, max: last, set, ...looks });
  return { play, stop, step: (by) => set(now() + by), slider: track };
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
  return make("fieldset", { class: "choice" }, make("legend", {}, make("span", {}, name)), ...labels);
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
 * A row of buttons that each set several traits at once: presets are [text, { trait: value }] pairs. The one that holds
 * now is marked, wherever the traits in `looking` stand: they say where the reader looks, not what the figure is about.
 * The last button, named `reset`, sets all traits of `settings` as they are now.
 */
export function presets(model, { name, options, settings, looking = [], reset = "Reset", more = [] }) {
  const set = ([text, traits]) => button(text, () => change(model, traits));
  const buttons = options.map(set);
  const stories = options.map(([, traits]) => Object.entries(traits).filter(([trait]) => !looking.includes(trait)));
  const holds = (story) => story.every(([trait, value]) => alike(model.get(trait), value));
  let waiting = 0;
  const mark = () => {
    waiting = 0;
    const now = stories.findIndex(holds);
    buttons.forEach((each, k) => put(each, { "aria-current": k === now && "true" }));
  };
  for (const trait of new Set(stories.flat().map(([one]) => one))) {
    model.on(`change:${trait}`, () => { waiting ||= requestAnimationFrame(mark); });
  }
  mark();
  return make("div", { class: "presets", role: "group", "aria-label": name }, make("span", {}, name), ...buttons,
    ...more, set([reset, values(model, settings)]));
}

/** Parts under a line that folds and unfolds them; where the figure is narrow they start folded. */
export function fold(root, line, ...parts) {
  const open = roomIn(root, innerWidth) >= 576;
  return make("details", { class: "fold", open }, make("summary", {}, line), ...parts);
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
