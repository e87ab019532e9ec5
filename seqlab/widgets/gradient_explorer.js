import { change, choice, make, mount, points, presets, redraw, report, scale, signed, slider, steady, svg, toggle } from "./shared.js";

// --- the net of one unit, and its gradient ----------------------------------------------------------------------------

const STEPS = 100;      // the net runs so many steps; lags are counted back from the last

/** The input's irregular signal at step t, between -1 and 1. */
export const wave = (t) => (Math.sin(2.3 * t) + Math.sin(5.1 * t + 1)) / 2;

/**
 * Run h_t = f(weight h_{t-1} + level + swing wave(t)) for 100 steps from 0 and go back `lag` steps from the last:
 * slopes f'(z) and factors weight * f'(z) of each step, gradients dh_T / dh_{T-k} for k = 0 to lag, and the scale by which
 * clipping at `threshold` multiplies them all. states[k] is h_{T-k}.
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

// --- in words ---------------------------------------------------------------------------------------------------------

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
  const what = size === 0 ? "cut" : size < 0.01 ? "vanishes" : size > 100 ? "explodes" : Math.abs(each - 1) < 0.02 ? "holds" : each < 1 ? "fades" : "grows";
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
    return `${at + 1} step${at ? "s" : ""} back the slope of ${nonlinearity === "relu" ? "the ReLU" : "tanh"} is 0, and one 0 makes the whole product 0.`;
  }
  if (what === "holds") return `${mean} Level is the exception: move the weight a little, or the lag.`;
  if (what === "fades" || what === "grows") return `${mean} A longer lag shows where that leads.`;
  if (what === "vanishes") {
    if (Math.abs(weight) < 1) return `${mean} A weight between −1 and 1 is enough for that.`;
    if (Math.abs(weight) === 1) return `${mean} A weight of this size alone would hold, but the slopes of tanh take a little at each step.`;
    return `${mean} The weight alone would give ${sized(Math.abs(weight) ** lag)}; the slopes of tanh take it all back, and more.`;
  }
  if (nonlinearity === "relu") return `${mean} The ReLU is active at every step, and its slope 1 takes nothing back.`;
  if (nonlinearity === "linear") return `${mean} Nothing takes back what the weight gives.`;
  return slopes.every((slope) => slope === 1)
    ? `${mean} The state sits at exactly 0, the one place where tanh takes nothing. Give it a little input.`
    : `${mean} The slopes of tanh take back less than the weight gives.`;
}

function clipped({ scale: by, norm }, threshold, size) {
  if (by === 1) return `Clipping does nothing: the norm, ${sized(norm)}, is below the limit, ${sized(threshold)}.`;
  return `Clipping multiplies everything by ${sized(by)}, so that the norm is ${sized(threshold)}. The whole line moves down; near and far differ as before`
    + (size < 0.01 ? ", and what has vanished stays vanished." : ".");
}

export const STORIES = [
  ["Fades", { nonlinearity: "tanh", weight: 0.9, level: 0, swing: 0.5, lag: 40, clip: false }],
  ["Holds", { nonlinearity: "linear", weight: 1, level: 0, swing: 0.5, lag: 40, clip: false }],
  ["Explodes", { nonlinearity: "relu", weight: 1.2, level: 0.5, swing: 0.25, lag: 60, clip: false }],
  ["Saturated", { nonlinearity: "tanh", weight: 2.5, level: 0.5, swing: 0.5, lag: 28, clip: false }],
  ["On the edge", { nonlinearity: "tanh", weight: 1.5, level: 0, swing: 0, lag: 28, clip: false }],
];

// --- the drawing ------------------------------------------------------------------------------------------------------

const put = (element, values) => {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
};
const hidden = (element, yes) => { element.style.display = yes ? "none" : ""; };

const LEFT = 50;
const ABOVE = { first: 30, last: 250 };        // the gradient
const BELOW = { first: 298, last: 398 };       // its factors
const ENDS = [4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 320];

/** The next round number of powers of ten that holds them all. */
const room = (powers) => ENDS.find((end) => end * 0.96 >= Math.max(0, ...powers.filter(Number.isFinite))) ?? ENDS.at(-1);

function drawing(look) {
  const board = svg("svg", { class: "through-time", role: "group", "aria-label": "The gradient and its factors" });
  const picture = svg("g", { role: "img" }, board);
  const explodes = svg("rect", { class: "explodes", x: LEFT, y: ABOVE.first }, picture);
  const vanishes = svg("rect", { class: "vanishes", x: LEFT }, picture);
  const band = svg("rect", { class: "band", y: ABOVE.first, height: BELOW.last - ABOVE.first }, picture);
  const marks = [0, 1, 2, 3, 4, 5, 6].map(() => ({ rule: svg("line", { class: "grid", x1: LEFT }, picture), text: svg("text", { x: LEFT - 7, "text-anchor": "end" }, picture) }));
  const named = {
    title: svg("text", { x: 0, y: 14 }, picture),
    explodes: svg("text", { class: "zone", x: LEFT + 8, y: ABOVE.first + 17 }, picture),
    vanishes: svg("text", { class: "zone", x: LEFT + 8, y: ABOVE.last - 9 }, picture),
  };
  for (const [tag, text] of [["v", "∂h"], ["s", "T"], ["n", " / "], ["v", "∂h"], ["s", "T−k"], ["n", "  what arrives of a nudge k steps back"]]) {
    svg("tspan", tag === "v" ? { class: "var" } : tag === "s" ? { dy: 4, "font-size": "0.8em" } : { dy: -4 }, named.title, text);
  }
  const limit = svg("line", { class: "limit", x1: LEFT }, picture);
  const limitName = svg("text", { class: "halo soft-text", "text-anchor": "end" }, picture, "limit");
  const alone = svg("polyline", { class: "alone" }, picture);
  const before = svg("polyline", { class: "before" }, picture);
  const line = svg("polyline", { class: "line" }, picture);
  const dots = svg("g", { class: "dots" }, picture);
  const aloneName = svg("text", { class: "halo", "text-anchor": "end" }, picture, "weight alone");
  const beforeName = svg("text", { class: "halo", "text-anchor": "end" }, picture, "before clipping");
  const zero = svg("text", { class: "halo" }, picture, "0 from here");
  const ring = svg("circle", { class: "ring", r: 7 }, picture);
  const barsName = svg("text", { x: 0, y: BELOW.first - 12 }, picture);
  const sides = [0, 1, 2, 3].map((value) => ({ value, rule: svg("line", { class: value ? "grid" : "axis", x1: LEFT }, picture),
    text: svg("text", { x: LEFT - 7, "text-anchor": "end" }, picture, String(value)) }));
  const taken = svg("g", { class: "taken" }, picture);
  const bars = svg("g", { class: "bars" }, picture);
  const weightLine = svg("line", { class: "alone", x1: LEFT }, picture);
  const one = svg("line", { class: "one", x1: LEFT }, picture);
  const ticks = svg("g", {}, picture);
  const cover = svg("g", { class: "cover", tabindex: 0, role: "slider", "aria-label": "steps back that the line below the drawing is about", "aria-valuemin": 0 }, board);
  const area = svg("rect", { x: LEFT, y: ABOVE.first, height: BELOW.last - ABOVE.first }, cover);

  let width = 600;
  let x = scale(0, 1, 0, 1);
  let lag = 0;
  let looked = 0;

  const at = (event) => {
    const box = board.getBoundingClientRect();
    return Math.min(lag, Math.max(0, Math.round(x.back((event.clientX - box.left) * width / box.width))));
  };
  cover.addEventListener("pointerdown", (event) => look(at(event)));
  cover.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" || event.buttons) look(at(event)); });
  cover.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 }[event.key];
    const to = moves ? looked + moves * (event.shiftKey && Math.abs(moves) === 1 ? 10 : 1) : { Home: 0, End: lag }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    look(Math.min(lag, Math.max(0, to)));
  });

  function layOut() {
    width = Math.max(260, board.parentElement?.clientWidth || 600);
    put(board, { viewBox: `0 0 ${width} ${BELOW.last + 40}` });
  }

  function newDots(count) {
    dots.replaceChildren();
    bars.replaceChildren();
    taken.replaceChildren();
    ticks.replaceChildren();
    for (let k = 0; k <= count; k++) svg("circle", {}, dots);
    for (let k = 0; k < count; k++) { svg("rect", {}, taken); svg("rect", {}, bars); }
    const every = [1, 2, 5, 10, 20].find((step) => count / step <= (width < 480 ? 6 : 11));
    for (let k = 0; k <= count; k += every) svg("text", { y: BELOW.last + 17, "text-anchor": "middle", "data-k": k }, ticks, String(k));
    svg("text", { class: "name", y: BELOW.last + 35, "text-anchor": "middle" }, ticks, "steps back k");
  }

  function draw(net, result, k) {
    if (net.lag !== lag) { lag = net.lag; newDots(lag); }
    looked = k;
    x = scale(0, lag, LEFT + 14, width - 14);
    const gap = x(1) - x(0);
    const powers = result.gradients.map((value) => Math.log10(Math.abs(value)));
    const shift = Math.log10(result.scale);
    const weights = result.gradients.map((_, j) => j * Math.log10(Math.abs(net.weight)));
    const all = [...powers, ...powers.map((value) => value + shift), ...(net.nonlinearity === "linear" ? [] : weights)];
    const top = room(all);
    const bottom = -room(all.map((value) => -value));
    const y = scale(bottom, top, ABOVE.last, ABOVE.first);
    const low = (value) => (Number.isFinite(value) ? y(value) : ABOVE.last);
    put(explodes, { width: width - LEFT, height: y(2) - ABOVE.first });
    put(vanishes, { width: width - LEFT, y: y(-2), height: ABOVE.last - y(-2) });
    const step = [1, 2, 4, 8, 16, 32, 64, 128].find((size) => (top - bottom) / size <= 5) ?? 128;
    const from = Math.ceil(bottom / step);
    marks.forEach(({ rule, text }, j) => {
      const value = (from + j) * step;
      hidden(rule, value > top);
      hidden(text, value > top);
      put(rule, { x2: width, y1: y(value), y2: y(value), class: value === 0 ? "axis" : "grid" });
      put(text, { y: y(value) + 4 });
      text.textContent = value === 0 ? "1" : tens(value);
    });
    for (const rule of [limit, weightLine, one]) put(rule, { x2: width });
    const path = (values) => points(values.map((value, j) => [x(j), low(value)]));
    const plain = net.nonlinearity === "linear" || net.weight === 0;
    hidden(alone, plain);
    const near = (value) => Math.abs(low(weights.at(-1)) - low(value)) < 26;
    hidden(aloneName, plain || lag < 6 || near(powers.at(-1)) || near(powers.at(-1) + shift));
    if (!plain) {
      put(alone, { points: path(weights) });
      put(aloneName, { x: x(lag) - 4, y: Math.max(ABOVE.first + 30, Math.min(ABOVE.last - 26, low(weights.at(-1)) + (net.weight ** 2 > 1 ? 20 : -12))) });
    }
    const shifted = result.scale < 1;
    hidden(before, !shifted);
    hidden(beforeName, !shifted || Math.abs(y(0) - y(shift)) < 22);
    if (shifted) put(before, { points: path(powers) });
    if (shifted) put(beforeName, { x: x(lag * 0.6), y: low(powers[Math.round(lag * 0.6)]) - 10 });
    hidden(limit, !net.clip);
    hidden(limitName, !net.clip);
    const at10 = Math.log10(net.threshold);
    put(limit, { y1: y(at10), y2: y(at10) });
    put(limitName, { x: width - 4, y: y(at10) - 5 });
    const end = result.gradients.findIndex((value) => value === 0);
    put(line, { points: path(powers.slice(0, end < 0 ? undefined : end + 1).map((value) => value + shift)) });
    hidden(zero, end < 0);
    if (end >= 0) put(zero, { x: x(end) + (2 * end < lag ? 8 : -8), "text-anchor": 2 * end < lag ? "start" : "end", y: y(-1) + 4 });
    powers.forEach((value, j) => put(dots.children[j], { cx: x(j), cy: low(value + shift), r: gap > 9 ? 3.2 : gap > 5 ? 2.2 : 1.4 }));
    put(ring, { cx: x(k), cy: low(powers[k] + shift) });
    const wide = Math.min(26, Math.max(2, gap));
    put(band, { x: x(k) - wide / 2, width: wide });
    drawBars(net, result, gap);
    for (const tick of ticks.children) put(tick, { x: tick.dataset.k ? x(Number(tick.dataset.k)) : (LEFT + width) / 2 });
    put(area, { width: width - LEFT });
    put(cover, { "aria-valuemax": lag, "aria-valuenow": k, "aria-valuetext": `${k} steps back: ${sized(result.gradients[k] * result.scale)}` });
    picture.setAttribute("aria-label", `Size of the gradient on a logarithmic axis, from 1 at the last step to ${sized(Math.abs(result.gradient * result.scale))} `
      + `${lag} steps back, and the ${lag} factors as bars.`);
  }

  /** Each factor from 0 up, and above it, hollow, what the slope took from the weight. */
  function drawBars(net, { factors }, gap) {
    const weight = Math.abs(net.weight);
    const y = scale(0, Math.max(1.25, 1.08 * weight), BELOW.last, BELOW.first);
    named.explodes.textContent = width < 480 ? "explodes: over 100" : "explodes: more than a hundredfold";
    named.vanishes.textContent = width < 480 ? "vanishes: under 1/100" : "vanishes: less than a hundredth";
    barsName.textContent = width < 480 ? "factor of each step" : "factor of each step: solid, what is left of the weight; hollow, what the slope takes";
    for (const { value, rule, text } of sides) {
      hidden(rule, y(value) < BELOW.first - 4);
      hidden(text, y(value) < BELOW.first - 4);
      put(rule, { x2: width, y1: y(value), y2: y(value) });
      put(text, { y: y(value) + 4 });
    }
    put(one, { y1: y(1), y2: y(1) });
    put(weightLine, { y1: y(weight), y2: y(weight) });
    const thick = Math.min(22, 0.72 * gap);
    factors.forEach((factor, j) => {
      const place = { x: x(j + 1) - thick / 2, width: thick };
      const size = Math.abs(factor);
      put(bars.children[j], { ...place, y: y(size), height: y(0) - y(size), class: size > 1 ? "grows" : "shrinks" });
      put(taken.children[j], { ...place, y: y(weight), height: Math.max(0, y(size) - y(weight)) });
    });
  }
  return { board, layOut: () => { layOut(); lag = 0; }, draw };
}

// --- the figure -------------------------------------------------------------------------------------------------------

const NET = ["weight", "nonlinearity", "lag", "level", "swing", "clip", "threshold"];

/** A slider for the limit, whose steps are equal on a log axis. */
function limitSlider(model) {
  const input = steady(make("input", { type: "range", min: -1, max: 2, step: 0.1, "aria-label": "limit of the norm" }));
  const shown = make("output");
  const follow = () => {
    input.value = Math.log10(model.get("threshold"));
    shown.textContent = sized(model.get("threshold"));
    input.setAttribute("aria-valuetext", shown.textContent);
    input.disabled = !model.get("clip");
  };
  input.addEventListener("input", () => change(model, { threshold: Number((10 ** Number(input.value)).toPrecision(3)) }));
  for (const name of ["threshold", "clip"]) model.on(`change:${name}`, follow);
  follow();
  return make("label", { class: "slider" }, make("span", { "aria-hidden": "true" }, "limit"), input, shown);
}

function render({ model, el }) {
  const settings = () => Object.fromEntries(NET.map((name) => [name, model.get(name)]));
  const { root, leave } = mount({ model, el }, "GradientExplorer", () => gradientThroughTime(settings()));
  const first = Object.fromEntries(NET.map((name) => [name, model.get(name)]));
  let looked = Infinity;                       // beyond the lag: the farthest step
  const chart = drawing((k) => { if (k !== looked) { looked = k; draw(); } });
  const { element, say } = report();
  const reading = make("p", { class: "reading" });
  const reset = make("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => { looked = Infinity; change(model, first); });
  const stories = presets(model, { name: "Stories", options: STORIES });
  stories.append(reset);
  stories.addEventListener("click", () => { looked = Infinity; });

  root.append(
    stories,
    choice(model, "nonlinearity", { name: "Nonlinearity", options: [["tanh", "tanh"], ["relu", "ReLU"], ["linear", "none (linear)"]] }),
    make("div", { class: "controls" },
      slider(model, "weight", { label: "weight <var>W<sub>h</sub></var>", name: "recurrent weight", min: -3, max: 3 }),
      slider(model, "lag", { label: "lag", name: "lag, steps back", min: 1, max: STEPS, step: 1, show: String }),
      slider(model, "swing", { label: "input: swing", name: "input swing", min: 0, max: 1 }),
      slider(model, "level", { label: "input: level", name: "input level", min: 0, max: 2 })),
    make("div", { class: "chart" }, chart.board),
    make("div", { class: "controls" }, toggle(model, "clip", { name: "Clip the gradient" }), limitSlider(model)),
    reading,
    element,
  );

  function draw() {
    const net = settings();
    const result = gradientThroughTime(net);
    const k = Math.min(looked, net.lag);
    chart.draw(net, result, k);
    reading.innerHTML = k === 0
      ? "0 steps back: the last state itself, and 1 by definition."
      : `${k} step${k === 1 ? "" : "s"} back: state <var>h</var> = ${sized(result.states[k - 1])}, slope ${sized(result.slopes[k - 1])}, factor `
        + `${signed(net.weight)} · ${sized(result.slopes[k - 1])} = <b>${sized(result.factors[k - 1])}</b>. All ${k} multiplied: <b>${sized(result.gradients[k])}</b>`
        + `${result.scale < 1 ? `, clipped ${sized(result.gradients[k] * result.scale)}` : ""}.`;
    say(finding(net, result));
  }

  const sizes = new ResizeObserver(() => { chart.layOut(); draw(); });
  chart.layOut();
  const stop = redraw(model, NET, draw);
  sizes.observe(chart.board.parentElement);
  return () => { sizes.disconnect(); stop(); leave(); };
}

export default { render };
