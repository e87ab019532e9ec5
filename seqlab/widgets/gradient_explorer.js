import {
  choice, hide, make, mount, points, presets, put, redraw, report, scale, signed, slider,
  svg, toggle, values,
} from "./shared.js";

// --- the net of one unit, and its gradient --------------------------------------------------------------------------

const STEPS = 100;      // the net runs so many steps; lags are counted back from the last

/** The input's irregular signal at step t, between -1 and 1. */
export const wave = (t) => (Math.sin(2.3 * t) + Math.sin(5.1 * t + 1)) / 2;

/**
 * Run h_t = f(weight h_{t-1} + level + swing wave(t)) for 100 steps from 0 and go back `lag` steps from the last:
 * slopes f'(z) and factors weight * f'(z) of each step, gradients dh_T / dh_{T-k} for k = 0 to lag, and the scale by
 * which clipping at `threshold` multiplies them all. states[k] is h_{T-k}.
 */
export function gradientThroughTime({ weight, nonlinearity, lag, level, swing, clip, threshold }) {
  let h = 0;
  const run = [];
  for (let t = 1; t <= STEPS; t++) {
    const z = weight * h + level + swing * wave(t);
    let slope = nonlinearity === "linear" || z > 0 ? 1 : 0;
    h = z * slope;
    if (nonlinearity === "tanh") {
      h = Math.tanh(z);
      slope = 1 - h * h;
    }
    run.push({ h, slope });
  }
  const back = run.reverse().slice(0, lag);
  const slopes = back.map((step) => step.slope);
  const factors = slopes.map((slope) => weight * slope);
  const gradients = [1];
  for (const factor of factors) gradients.push(gradients.at(-1) * factor);
  const norm = Math.hypot(...gradients);
  return { slopes, factors, gradients, gradient: gradients.at(-1), norm, states: back.map((step) => step.h),
    scale: clip ? Math.min(1, threshold / (norm + 1e-6)) : 1 };      // the 1e-6 is PyTorch's, against a norm of 0
}

// --- in words -------------------------------------------------------------------------------------------------------

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const tens = (power) => `10${[...String(power)].map((sign) => RAISED[sign]).join("")}`;

/** A number of any size: 0.63, 12.1, or 4.2 × 10⁻⁹ (which does not break over lines). */
export function sized(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size >= 0.01 && size < 1000) return sign + size.toFixed(size < 0.1 ? 3 : size < 10 ? 2 : 1);
  const [digits, power] = size.toExponential(1).split("e");
  return `${sign}${digits}\u00a0×\u00a0${tens(Number(power))}`;
}

/** What happens now, in words. */
export function finding(net, result = gradientThroughTime(net)) {
  const { lag, clip } = net;
  const size = Math.abs(result.gradient);
  const back = `${lag} step${lag === 1 ? "" : "s"} back`;
  const each = size ** (1 / lag);
  const what = size === 0 ? "cut" : size < 0.01 ? "vanishes" : size > 100 ? "explodes"
    : Math.abs(each - 1) < 0.02 ? "holds" : each < 1 ? "fades" : "grows";
  const first = {
    cut: "It is cut off: nothing arrives.",
    vanishes: `It vanishes: of a nudge ${back}, ${sized(size)} arrives.`,
    explodes: `It explodes: a nudge ${back} arrives ${sized(size)} times as large.`,
    holds: `It holds: of a nudge ${back}, ${sized(size)} arrives.`,
    fades: `It fades: of a nudge ${back}, ${sized(size)} arrives.`,
    grows: `It grows: a nudge ${back} arrives ${sized(size)} times as large.`,
  }[what];
  return clip ? `${first} ${clipped(result, net.threshold, size)}` : `${first} ${why(net, result, what, each)}`;
}

function why({ weight, nonlinearity, lag }, { slopes, factors }, what, each) {
  const mean = `On average each step multiplies by ${sized(each)}.`;
  if (what === "cut") {
    const at = factors.findIndex((factor) => factor === 0);
    if (weight === 0) return "With weight 0 there is no past.";
    const whose = nonlinearity === "relu" ? "the ReLU" : "tanh";
    return `${at + 1} step${at ? "s" : ""} back the slope of ${whose} is 0, and one 0 makes the whole product 0.`;
  }
  if (what === "holds") return `${mean} Level is the exception: move the weight a little, or the lag.`;
  if (what === "fades" || what === "grows") return `${mean} A longer lag shows where that leads.`;
  if (what === "vanishes") {
    if (Math.abs(weight) < 1) return `${mean} A weight between −1 and 1 is enough for that.`;
    return Math.abs(weight) === 1
      ? `${mean} A weight of this size alone would hold, but the slopes of tanh take a little at each step.`
      : `${mean} The weight alone would give ${sized(Math.abs(weight) ** lag)}; the slopes of tanh take it all back, `
        + "and more.";
  }
  if (nonlinearity === "relu") return `${mean} The ReLU is active at every step, and its slope 1 takes nothing back.`;
  if (nonlinearity === "linear") return `${mean} Nothing takes back what the weight gives.`;
  return slopes.every((slope) => slope === 1)
    ? `${mean} The state sits at exactly 0, the one place where tanh takes nothing. Give it a little input.`
    : `${mean} The slopes of tanh take back less than the weight gives.`;
}

function clipped({ scale: by, norm }, threshold, size) {
  if (by === 1) return `Clipping does nothing: the norm, ${sized(norm)}, is below the limit, ${sized(threshold)}.`;
  return `Clipping multiplies everything by ${sized(by)}, so that the norm is ${sized(threshold)}. `
    + "The whole line moves down; near and far differ as before"
    + (size < 0.01 ? ", and what has vanished stays vanished." : ".");
}

export const STORIES = [
  ["Fades", { nonlinearity: "tanh", weight: 0.9, level: 0, swing: 0.5, lag: 40, clip: false }],
  ["Holds", { nonlinearity: "linear", weight: 1, level: 0, swing: 0.5, lag: 40, clip: false }],
  ["Explodes", { nonlinearity: "relu", weight: 1.2, level: 0.5, swing: 0.25, lag: 60, clip: false }],
  ["Saturated", { nonlinearity: "tanh", weight: 2.5, level: 0.5, swing: 0.5, lag: 28, clip: false }],
  ["On the edge", { nonlinearity: "tanh", weight: 1.5, level: 0, swing: 0, lag: 28, clip: false }],
];

// --- the drawing ----------------------------------------------------------------------------------------------------

const LEFT = 50;
const ABOVE = { first: 30, last: 250 };        // the gradient
const BELOW = { first: 298, last: 398 };       // its factors
const ENDS = [4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 320];

/** The next round number of powers of ten that holds them all. */
function room(powers) {
  const most = Math.max(0, ...powers.filter(Number.isFinite));
  return ENDS.find((end) => end * 0.96 >= most) ?? ENDS.at(-1);
}

/** All of the chart; what never moves is drawn at once. What comes later lies above. */
function chartParts(picture) {
  const add = (tag, attributes = {}, text = null) => svg(tag, attributes, picture, text);
  const end = (text = null) => add("text", { x: LEFT - 7, "text-anchor": "end" }, text);
  const explodes = add("rect", { class: "explodes", x: LEFT, y: ABOVE.first });
  const vanishes = add("rect", { class: "vanishes", x: LEFT });
  const band = add("rect", { class: "band", y: ABOVE.first, height: BELOW.last - ABOVE.first });
  const marks = [0, 1, 2, 3, 4, 5, 6].map(() => ({ rule: add("line", { class: "grid", x1: LEFT }), text: end() }));
  title(add("text", { x: 0, y: 14 }));
  return {
    explodes, vanishes, band, marks,
    explodesName: add("text", { class: "zone", x: LEFT + 8, y: ABOVE.first + 17 }),
    vanishesName: add("text", { class: "zone", x: LEFT + 8, y: ABOVE.last - 9 }),
    limit: add("line", { class: "limit", x1: LEFT }),
    limitName: add("text", { class: "halo soft-text", "text-anchor": "end" }, "limit"),
    alone: add("polyline", { class: "alone" }),
    before: add("polyline", { class: "before" }),
    line: add("polyline", { class: "line" }),
    dots: add("g", { class: "dots" }),
    aloneName: add("text", { class: "halo", "text-anchor": "end" }, "weight alone"),
    beforeName: add("text", { class: "halo", "text-anchor": "end" }, "before clipping"),
    zero: add("text", { class: "halo" }, "0 from here"),
    ring: add("circle", { class: "ring", r: 7 }),
    barsName: add("text", { x: 0, y: BELOW.first - 12 }),
    sides: [0, 1, 2, 3].map((value) => (
      { value, rule: add("line", { class: value ? "grid" : "axis", x1: LEFT }), text: end(String(value)) })),
    taken: add("g", { class: "taken" }),
    bars: add("g", { class: "bars" }),
    weightLine: add("line", { class: "alone", x1: LEFT }),
    one: add("line", { class: "one", x1: LEFT }),
    ticks: add("g"),
  };
}

function title(text) {
  const below = { dy: 4, "font-size": "0.8em" }, letter = { class: "var" }, back = { dy: -4 };
  for (const [attributes, part] of [[letter, "∂h"], [below, "T"], [back, " / "], [letter, "∂h"], [below, "T−k"],
    [back, "  what arrives of a nudge k steps back"]]) svg("tspan", attributes, text, part);
}

/** New dots, bars and ticks for another lag. */
function newSteps({ dots, bars, taken, ticks }, lag, narrow) {
  for (const group of [dots, bars, taken, ticks]) group.replaceChildren();
  for (let k = 0; k <= lag; k++) svg("circle", {}, dots);
  for (let k = 0; k < lag; k++) { svg("rect", {}, taken); svg("rect", {}, bars); }
  const every = [1, 2, 5, 10, 20].find((step) => lag / step <= (narrow ? 6 : 11));
  const tick = { y: BELOW.last + 17, "text-anchor": "middle" };
  for (let k = 0; k <= lag; k += every) svg("text", { ...tick, "data-k": k }, ticks, String(k));
  svg("text", { class: "name", y: BELOW.last + 35, "text-anchor": "middle" }, ticks, "steps back k");
}

/** Where everything stands: x of a lag, y of a power of ten, and the powers of what is drawn. */
function plan(net, result, width) {
  const powers = result.gradients.map((value) => Math.log10(Math.abs(value)));
  const shift = Math.log10(result.scale);
  const weights = result.gradients.map((_, k) => k * Math.log10(Math.abs(net.weight)));
  const all = [...powers, ...powers.map((value) => value + shift), ...(net.nonlinearity === "linear" ? [] : weights)];
  const top = room(all);
  const bottom = -room(all.map((value) => -value));
  const x = scale(0, net.lag, LEFT + 14, width - 14);
  const y = scale(bottom, top, ABOVE.last, ABOVE.first);
  const low = (value) => (Number.isFinite(value) ? y(value) : ABOVE.last);
  return { width, powers, shift, weights, top, bottom, x, y, low, gap: x(1) - x(0),
    path: (some) => points(some.map((value, k) => [x(k), low(value)])) };
}

/** The grid of powers of ten, and the two zones. */
function drawGrid({ explodes, vanishes, explodesName, vanishesName, marks }, { width, top, bottom, y }) {
  explodesName.textContent = width < 480 ? "explodes: over 100" : "explodes: more than a hundredfold";
  vanishesName.textContent = width < 480 ? "vanishes: under 1/100" : "vanishes: less than a hundredth";
  put(explodes, { width: width - LEFT, height: y(2) - ABOVE.first });
  put(vanishes, { width: width - LEFT, y: y(-2), height: ABOVE.last - y(-2) });
  const step = [1, 2, 4, 8, 16, 32, 64, 128].find((each) => (top - bottom) / each <= 5) ?? 128;
  const from = Math.ceil(bottom / step);
  marks.forEach(({ rule, text }, k) => {
    const value = (from + k) * step;
    hide(rule, value > top);
    hide(text, value > top);
    put(rule, { x2: width, y1: y(value), y2: y(value), class: value === 0 ? "axis" : "grid" });
    put(text, { y: y(value) + 4 });
    text.textContent = value === 0 ? "1" : tens(value);
  });
}

/** What the gradient is compared with: the weight alone, the line before clipping, the limit. */
function drawOthers({ alone, aloneName, before, beforeName, limit, limitName }, net, result, p) {
  const { width, powers, shift, weights, x, y, low, path } = p;
  const plain = net.nonlinearity === "linear" || net.weight === 0, end = low(weights.at(-1));
  const near = (value) => Math.abs(end - low(value)) < 26;
  hide(alone, plain);
  hide(aloneName, plain || net.lag < 6 || near(powers.at(-1)) || near(powers.at(-1) + shift));
  if (!plain) {
    const beside = end + (net.weight ** 2 > 1 ? 20 : -12);
    put(alone, { points: path(weights) });
    put(aloneName, { x: x(net.lag) - 4, y: Math.max(ABOVE.first + 30, Math.min(ABOVE.last - 26, beside)) });
  }
  const shifted = result.scale < 1, late = net.lag * 0.6;
  hide(before, !shifted);
  hide(beforeName, !shifted || Math.abs(y(0) - y(shift)) < 22);
  if (shifted) put(before, { points: path(powers) });
  if (shifted) put(beforeName, { x: x(late), y: low(powers[Math.round(late)]) - 10 });
  const most = y(Math.log10(net.threshold));
  hide(limit, !net.clip);
  hide(limitName, !net.clip);
  put(limit, { x2: width, y1: most, y2: most });
  put(limitName, { x: width - 4, y: most - 5 });
}

/** The gradient itself, with a ring around the step looked at. */
function drawLine({ band, line, dots, zero, ring }, { lag }, { gradients }, p, looked) {
  const { powers, shift, x, y, low, gap } = p;
  const end = gradients.findIndex((value) => value === 0);
  put(line, { points: p.path(powers.slice(0, end < 0 ? undefined : end + 1).map((value) => value + shift)) });
  hide(zero, end < 0);
  const early = 2 * end < lag;
  if (end >= 0) put(zero, { x: x(end) + (early ? 8 : -8), "text-anchor": early ? "start" : "end", y: y(-1) + 4 });
  const r = gap > 9 ? 3.2 : gap > 5 ? 2.2 : 1.4;
  powers.forEach((value, k) => put(dots.children[k], { cx: x(k), cy: low(value + shift), r }));
  put(ring, { cx: x(looked), cy: low(powers[looked] + shift) });
  const wide = Math.min(26, Math.max(2, gap));
  put(band, { x: x(looked) - wide / 2, width: wide });
}

/** Each factor from 0 up, and above it, hollow, what the slope took from the weight. */
function drawBars({ barsName, sides, one, weightLine, bars, taken }, net, { factors }, { width, x, gap }) {
  const weight = Math.abs(net.weight);
  const y = scale(0, Math.max(1.25, 1.08 * weight), BELOW.last, BELOW.first);
  barsName.textContent = width < 480 ? "factor of each step"
    : "factor of each step: solid, what is left of the weight; hollow, what the slope takes";
  for (const { value, rule, text } of sides) {
    hide(rule, y(value) < BELOW.first - 4);
    hide(text, y(value) < BELOW.first - 4);
    put(rule, { x2: width, y1: y(value), y2: y(value) });
    put(text, { y: y(value) + 4 });
  }
  put(one, { x2: width, y1: y(1), y2: y(1) });
  put(weightLine, { x2: width, y1: y(weight), y2: y(weight) });
  const thick = Math.min(22, 0.72 * gap);
  factors.forEach((factor, k) => {
    const place = { x: x(k + 1) - thick / 2, width: thick };
    const size = Math.abs(factor);
    put(bars.children[k], { ...place, y: y(size), height: y(0) - y(size), class: size > 1 ? "grows" : "shrinks" });
    put(taken.children[k], { ...place, y: y(weight), height: Math.max(0, y(size) - y(weight)) });
  });
}

/** What lies over the chart: by pointer and by keys it chooses the steps back, of `where().lag`, to look at. */
function lookingGlass(board, look, where) {
  const cover = svg("g", { class: "cover", tabindex: 0, role: "slider", "aria-valuemin": 0,
    "aria-label": "steps back that the line below the drawing is about" }, board);
  svg("rect", { x: LEFT, y: ABOVE.first, height: BELOW.last - ABOVE.first }, cover);
  const within = (k) => Math.min(where().lag, Math.max(0, k));
  const at = (event) => {
    const box = board.getBoundingClientRect(), { x, width } = where();
    return within(Math.round(x.back((event.clientX - box.left) * width / box.width)));
  };
  cover.addEventListener("pointerdown", (event) => look(at(event)));
  cover.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" || event.buttons) look(at(event));
  });
  cover.addEventListener("keydown", (event) => {
    const { looked, lag } = where();
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 }[event.key];
    const to = by ? looked + by * (event.shiftKey && Math.abs(by) === 1 ? 10 : 1) : { Home: 0, End: lag }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    look(within(to));
  });
  return cover;
}

function drawing(look) {
  const board = svg("svg", { class: "through-time", role: "group", "aria-label": "The gradient and its factors" });
  const picture = svg("g", { role: "img" }, board);
  const parts = chartParts(picture);
  let width = 600;
  let now = { lag: 0, looked: 0, width, x: scale(0, 1, 0, 1) };
  const cover = lookingGlass(board, look, () => now);

  function layOut() {
    width = Math.max(260, board.parentElement?.clientWidth || 600);
    put(board, { viewBox: `0 0 ${width} ${BELOW.last + 40}` });
    now.lag = 0;
  }

  function draw(net, result, looked) {
    const { lag } = net, p = plan(net, result, width);
    if (lag !== now.lag) newSteps(parts, lag, width < 480);
    now = { lag, looked, width, x: p.x };
    drawGrid(parts, p);
    drawOthers(parts, net, result, p);
    drawLine(parts, net, result, p, looked);
    drawBars(parts, net, result, p);
    for (const tick of parts.ticks.children) {
      put(tick, { x: tick.dataset.k ? p.x(Number(tick.dataset.k)) : (LEFT + width) / 2 });
    }
    put(cover.firstChild, { width: width - LEFT });
    const arrives = sized(result.gradients[looked] * result.scale);
    put(cover, { "aria-valuemax": lag, "aria-valuenow": looked,
      "aria-valuetext": `${looked} steps back: ${arrives}` });
    const end = sized(Math.abs(result.gradient * result.scale));
    put(picture, { "aria-label": `Size of the gradient on a logarithmic axis, from 1 at the last step to ${end} `
      + `${lag} steps back, and the ${lag} factors as bars.` });
  }
  return { board, layOut, draw };
}

// --- the figure -----------------------------------------------------------------------------------------------------

const NET = ["weight", "nonlinearity", "lag", "level", "swing", "clip", "threshold"];

const settings = (model) => [
  choice(model, "nonlinearity", { name: "Nonlinearity",
    options: [["tanh", "tanh"], ["relu", "ReLU"], ["linear", "none (linear)"]] }),
  make("div", { class: "controls" },
    slider(model, "weight", { label: "weight <var>W<sub>h</sub></var>", name: "recurrent weight", min: -3, max: 3 }),
    slider(model, "lag", { label: "lag", name: "lag, steps back", min: 1, max: STEPS, step: 1, show: String }),
    slider(model, "swing", { label: "input: swing", name: "input swing", min: 0, max: 1 }),
    slider(model, "level", { label: "input: level", name: "input level", min: 0, max: 2 })),
];

/** Clipping, with a slider for the limit whose steps are equal on a log axis. */
const clipping = (model) => make("div", { class: "controls" },
  toggle(model, "clip", { name: "Clip the gradient" }),
  slider(model, "threshold", { label: "limit", name: "limit of the norm", min: -1, max: 2, step: 0.1, show: sized,
    place: Math.log10, value: (power) => Number((10 ** power).toPrecision(3)), watch: ["clip"],
    enabled: () => model.get("clip") }));

/** The step looked at, k steps back, as HTML of our own. */
function reading({ weight }, { states, slopes, factors, gradients, scale: by }, k) {
  if (k === 0) return "0 steps back: the last state itself, and 1 by definition.";
  const [h, slope, factor] = [states, slopes, factors].map((each) => sized(each[k - 1]));
  const after = by < 1 ? `, clipped ${sized(gradients[k] * by)}` : "";
  return `${k} step${k === 1 ? "" : "s"} back: state <var>h</var> = ${h}, slope ${slope}, factor `
    + `${signed(weight)} · ${slope} = <b>${factor}</b>. All ${k} multiplied: <b>${sized(gradients[k])}</b>${after}.`;
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "GradientExplorer", () => gradientThroughTime(values(model, NET)));
  let looked = Infinity;                       // beyond the lag: the farthest step
  const chart = drawing((k) => { if (k !== looked) { looked = k; draw(); } });
  const { element, say } = report();
  const line = make("p", { class: "reading" });
  const stories = presets(model, { name: "Stories", options: STORIES, settings: NET });
  stories.addEventListener("click", () => { looked = Infinity; });
  root.append(stories, ...settings(model), make("div", { class: "chart" }, chart.board), clipping(model), line,
    element);

  function draw() {
    const net = values(model, NET);
    const result = gradientThroughTime(net);
    const k = Math.min(looked, net.lag);
    chart.draw(net, result, k);
    line.innerHTML = reading(net, result, k);
    say(finding(net, result));
  }

  const sizes = new ResizeObserver(() => { chart.layOut(); draw(); });
  chart.layOut();
  const stop = redraw(model, NET, draw);
  sizes.observe(chart.board.parentElement);
  return () => { sizes.disconnect(); stop(); leave(); };
}

export default { render };
