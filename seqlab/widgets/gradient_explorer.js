import {
  brush, button, change, choice, make, mount, oneOfSliders, points, presets, put, redraw, report, roomIn, scale, signed,
  slider, svg, toggle, values,
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

/** What arrives from `lag` steps back, clipped where clipping is on, with each of these weights. */
export function arriving(net, weights) {
  return weights.map((weight) => {
    const { gradient, scale: by } = gradientThroughTime({ ...net, weight });
    return gradient * by;
  });
}

const SLOPES = { tanh: "tanh", relu: "ReLU" };     // what has a slope other than 1
const LOW = -12, HIGH = 8;      // powers of ten: both charts end there, whatever the settings are

// --- in words -------------------------------------------------------------------------------------------------------

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const tens = (power) => `10${[...String(power)].map((sign) => RAISED[sign]).join("")}`;

/** A number of any size: 0.63, 12.1, or 4.2 × 10⁻⁹ (which does not break over lines). */
export function sized(value, digits = 2) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  const shown = size < 0.1 ? Math.max(3, digits) : size < 10 ? digits : 1;
  if (size >= 0.01 && size < 1000) return sign + size.toFixed(shown);
  const [front, power] = size.toExponential(1).split("e");
  return `${sign}${front}\u00a0×\u00a0${tens(Number(power))}`;
}

/** The size that the guess names: a power of ten, at the ends of the chart with all beyond it. */
export function guessed(power) {
  const size = power === 0 ? "1" : power === 1 ? "10" : tens(power);
  return power === LOW ? `${size} or less` : power === HIGH ? `${size} or more` : size;
}

/** How far the guess, [weight, power of ten], was off, where the weight is the one that it was about. */
function verdict(net, [weight, power]) {
  const size = Math.abs(arriving(net, [weight])[0]), off = power - Math.log10(size), far = Math.round(Math.abs(off));
  const right = far === 0 || (power === LOW && off > 0) || (power === HIGH && off < 0);
  const judged = right ? "your guess is right." : size === 0 ? "no power of ten is as small as that."
    : `your guess is ${far} power${far === 1 ? "" : "s"} of ten too ${off > 0 ? "high" : "low"}.`;
  return `You guessed ${guessed(power)} at weight ${signed(weight)}, and ${size ? sized(size) : "nothing"} arrives: `
    + judged;
}

/** What happens now, in one sentence: of the guess where there is one for this weight, else of the gradient. */
export function finding(net, guess = [], result = gradientThroughTime(net)) {
  if (guess[0] === net.weight) return verdict(net, guess);
  const { lag, clip } = net;
  const size = Math.abs(result.gradient);
  const back = `${lag} step${lag === 1 ? "" : "s"} back`;
  const each = size ** (1 / lag);
  const what = size === 0 ? "is cut off" : size < 0.01 ? "vanishes" : size > 100 ? "explodes"
    : Math.abs(each - 1) < 0.02 ? "holds" : each < 1 ? "fades" : "grows";
  if (clip) return `It ${what}, and ${clipped(result, net.threshold, size)}`;
  if (size === 0) return `It is cut off: ${cut(net, result)}`;
  return `It ${what}: ${size > 1 && what !== "holds" ? `a nudge ${back} arrives ${sized(size)} times as large`
    : `of a nudge ${back}, ${sized(size)} arrives`}, because ${why(net, result, what, each)}.`;
}

function cut({ weight, nonlinearity }, { factors }) {
  if (weight === 0) return "with weight 0 there is no past.";
  const at = factors.findIndex((factor) => factor === 0), whose = nonlinearity === "relu" ? "the ReLU" : "tanh";
  return at < 0 ? "the product is smaller than any number that the computer can hold."
    : `${at + 1} step${at ? "s" : ""} back the slope of ${whose} is 0, and one 0 makes the whole product 0.`;
}

function why({ weight, nonlinearity, lag }, { slopes }, what, each) {
  if (what === "vanishes") {
    if (Math.abs(weight) < 1) return "a weight between −1 and 1 takes something at each step";
    return Math.abs(weight) === 1 ? "the slopes of tanh take a little at each step"
      : `the slopes of tanh take back more than the weight gives, ${sized(Math.abs(weight) ** lag)}`;
  }
  if (what !== "explodes") return `each step multiplies by ${sized(each)} on average`;
  if (nonlinearity === "relu") return "the ReLU is active at every step and takes nothing back";
  if (nonlinearity === "linear") return "nothing takes back what the weight gives";
  return slopes.every((slope) => slope === 1) ? "the state sits at exactly 0, where tanh takes nothing back"
    : "the slopes of tanh take back less than the weight gives";
}

function clipped({ scale: by, norm }, threshold, size) {
  if (by === 1) return `clipping does nothing: the norm, ${sized(norm)}, is below the limit, ${sized(threshold)}.`;
  return `clipping multiplies everything by ${sized(by)}, so that the norm is ${sized(threshold)}: `
    + (size < 0.01 ? "what has vanished stays vanished." : "the line moves down, and near and far differ as before.");
}

export const STORIES = [
  ["Fades", { nonlinearity: "tanh", weight: 0.9, level: 0, swing: 0.5, lag: 40, clip: false }],
  ["Holds", { nonlinearity: "linear", weight: 1, level: 0, swing: 0.5, lag: 40, clip: false }],
  ["Explodes", { nonlinearity: "relu", weight: 1.2, level: 0.5, swing: 0.25, lag: 60, clip: false }],
  ["Saturated", { nonlinearity: "tanh", weight: 2.5, level: 0.5, swing: 0.5, lag: 28, clip: false }],
  ["On the edge", { nonlinearity: "tanh", weight: 1.5, level: 0, swing: 0, lag: 28, clip: false }],
];

// --- the trail: weights that were tried, and the guess at one that was not ------------------------------------------

const NOTCHES = Array.from({ length: 121 }, (_, k) => (k - 60) / 20);       // of the weight's slider
const MOST = 200;                                                           // dots of a trail

/** The weights whose dots show: those tried, and the one that is set. */
export const shownWeights = (tried, weight) => [...new Set([...tried, weight])].toSorted((a, b) => a - b);

/** The notch without a dot that is nearest to `from`, on one side of it (-1 or 1) or on any (0); or undefined. */
export function freeNotch(shown, from, side = 0) {
  return NOTCHES.filter((notch) => !shown.includes(notch) && (side === 0 || (notch - from) * side > 1e-9))
    .toSorted((a, b) => Math.abs(a - from) - Math.abs(b - from))[0];
}

/** Every weight that is set leaves a dot; a guess is about one net, so another net takes it away. */
function keepTrail(model) {
  let before = model.get("weight");
  const add = () => {
    const tried = model.get("tried"), now = model.get("weight");
    const news = [before, now].filter((weight, k, both) => !tried.includes(weight) && both.indexOf(weight) === k);
    before = now;
    if (news.length) change(model, { tried: [...tried, ...news].slice(-MOST) });
  };
  const drop = () => { if (model.get("guess").length) change(model, { guess: [] }); };
  const others = NET.filter((name) => name !== "weight");
  model.on("change:weight", add);
  for (const name of others) model.on(`change:${name}`, drop);
  return () => {
    model.off("change:weight", add);
    for (const name of others) model.off(`change:${name}`, drop);
  };
}

// --- what both charts have ------------------------------------------------------------------------------------------

const SIZES = {       // the charts' top and foot, and those of the bars; side by side, or one above the other
  wide: { first: 28, last: 232, bars: 272, foot: 340, left: 46, own: 8, gutter: 20 },
  narrow: { first: 24, last: 162, bars: 192, foot: 240, left: 44, own: 44, gutter: 0 },
};
const edge = (power) => Math.max(LOW, Math.min(HIGH, power));
const far = (power) => Math.max(-1000, Math.min(1000, power));          // beyond the chart, where it is cut off
const log10 = (value) => Math.log10(Math.abs(value));

/** The grid of powers of ten, and the two zones; the numbers stand where there is room on the left. */
function drawGround(paint, { width, left, first, last, y }) {
  const zone = { x: left, width: width - left };
  paint("rect", { class: "explodes", ...zone, y: first, height: y(2) - first });
  paint("rect", { class: "vanishes", ...zone, y: y(-2), height: last - y(-2) });
  for (let power = LOW; power <= HIGH; power += 4) {
    paint("line", { class: power ? "grid" : "axis", x1: left, x2: width, y1: y(power), y2: y(power) });
    if (left > 20) paint("text", { x: left - 6, y: y(power) + 4, "text-anchor": "end" }, power ? tens(power) : "1");
  }
}

let windows = 0;     // a clip path needs a name of its own on the page

/** An SVG with groups to paint in, one over the other: the ground, what is cut off at the chart's edge, the rest. */
function board(kind, name) {
  const element = svg("svg", { class: kind, role: "group", "aria-label": name });
  const picture = svg("g", { role: "img" }, element), id = `seqlab-window-${windows++}`;
  const frame = svg("rect", {}, svg("clipPath", { id }, svg("defs", {}, picture)));
  const [ground, inside, over] = [{}, { "clip-path": `url(#${id})` }, {}].map((one) => brush(svg("g", one, picture)));
  const width = () => Math.max(240, roomIn(element.parentElement, 360));
  const begin = ({ width: wide, left, first, last }, high) => {
    put(element, { viewBox: `0 0 ${wide} ${high}` });
    put(frame, { x: left, y: first, width: wide - left, height: last - first });
  };
  const done = () => { for (const one of [ground, inside, over]) one.done(); };
  return { element, picture, width, begin, done, ground: ground.paint, inside: inside.paint, over: over.paint };
}

/** The place of a pointer in the units of the drawing. */
function placeOf(event, element, width) {
  const box = element.getBoundingClientRect(), zoom = width / box.width;
  return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
}

// --- the first chart: what arrives by lag, and the factors ----------------------------------------------------------

/** Where everything stands: x of a lag, y of a power of ten, and the powers of what is drawn. */
function plan(net, result, width, size) {
  const powers = result.gradients.map(log10), shift = Math.log10(result.scale);
  const weights = result.gradients.map((_, k) => k * log10(net.weight) || 0);
  const x = scale(0, net.lag, size.left + 10, width - 12), y = scale(LOW, HIGH, size.last, size.first);
  return { ...size, width, powers, shift, weights, x, y, gap: x(1) - x(0),
    path: (some) => points(some.map((power, k) => [x(k), y(far(power))])) };
}

function title(element) {
  const text = svg("text", { x: 0, y: 13 }, element);
  const below = { dy: 4, "font-size": "12.5px" }, letter = { class: "var" }, back = { dy: -4 };
  for (const [attributes, part] of [[letter, "∂h"], [below, "T"], [back, " / "], [letter, "∂h"], [below, "T−k"],
    [back, "  by lag k: what arrives"]]) svg("tspan", attributes, text, part);
}

function drawZones({ ground }, { width, left, first, last }) {
  const brief = width < 360;
  ground("text", { x: left + 6, y: first + 15 }, brief ? "explodes: over 100" : "explodes: more than a hundredfold");
  ground("text", { x: left + 6, y: last - 7 }, brief ? "vanishes: under 1/100" : "vanishes: less than a hundredth");
}

/** What the gradient is compared with: the weight alone, the line before clipping, the limit. */
function drawOthers({ inside, over }, net, result, p) {
  const { width, powers, shift, weights, x, y, path } = p;
  const name = (at, power, text) => over("text", { class: "halo", "text-anchor": "end", x: at,
    y: Math.max(p.first + 30, Math.min(p.last - 22, y(edge(power)))) }, text);
  if (net.clip) {
    const most = y(Math.log10(net.threshold));
    inside("line", { class: "limit", x1: p.left, x2: width, y1: most, y2: most });
    over("text", { class: "halo", "text-anchor": "end", x: width - 3, y: most - 4 }, "limit");
  }
  const end = edge(weights.at(-1)), ends = [powers.at(-1), powers.at(-1) + shift].map(edge);
  if (net.nonlinearity !== "linear" && net.weight !== 0) {
    inside("polyline", { class: "alone", points: path(weights) });
    const leaves = weights.findIndex((power) => power !== edge(power)), at = x(leaves > 0 ? leaves : net.lag) - 8;
    const apart = ends.every((one) => Math.abs(one - end) > 2.5), lowest = Math.min(end, ...ends);
    if (apart) name(at, end + (end > 0 ? -1 : 1.4), "weight alone");
    else name(Math.max(at, p.left + 150), lowest > LOW + 4 ? lowest - 2 : end + 3, "dashed: weight alone");
  }
  if (shift >= 0) return;
  inside("polyline", { class: "before", points: path(powers) });
  const late = Math.round(net.lag * 0.6);
  if (shift < -2) over("text", { class: "halo", "text-anchor": "end", x: x(late), y: y(edge(powers[late])) - 8 },
    "before clipping");
}

/** The gradient itself, with a ring around the step looked at, and from its end on to the other chart. */
function drawLine({ inside, over }, { lag }, { gradients }, p, looked) {
  const { powers, shift, x, y, gap } = p, end = gradients.findIndex((value) => value === 0);
  const drawn = powers.slice(0, end < 0 ? undefined : end + 1).map((power) => power + shift);
  inside("polyline", { class: "line", points: p.path(drawn) });
  const r = gap > 9 ? 3.2 : gap > 5 ? 2.2 : 1.4, early = 2 * end < lag;
  powers.forEach((power, k) => inside("circle", { class: "dot", cx: x(k), cy: y(far(power + shift)), r }));
  if (end >= 0) {
    over("text", { class: "halo", x: x(end) + (early ? 8 : -8), "text-anchor": early ? "start" : "end",
      y: y(-1) + 4 }, "0 from here");
  }
  const last = y(edge(powers.at(-1) + shift));
  over("line", { class: "across", x1: x(lag), x2: p.gutter ? p.width + p.gutter : x(lag), y1: last, y2: last });
  over("circle", { class: "ring", r: 6.5, cx: x(looked), cy: y(edge(powers[looked] + shift)) });
}

/** Each factor from 0 up, and above it, hollow, what the slope took from the weight. */
function drawBars({ over }, net, { factors }, { width, left, bars: top, foot, x, gap }) {
  const weight = Math.abs(net.weight), y = scale(0, 3.1, foot, top);
  const whose = SLOPES[net.nonlinearity];
  over("text", { x: 0, y: top - 9 }, !whose ? "factor of each step"
    : `${width < 370 ? "factors: solid" : "each factor: solid, what is left"}; hollow, what ${whose} takes`);
  const thick = Math.min(20, 0.72 * gap);
  factors.forEach((factor, k) => {
    const place = { x: x(k + 1) - thick / 2, width: thick }, size = Math.abs(factor);
    over("rect", { ...place, y: y(weight), height: Math.max(0, y(size) - y(weight)), class: "taken" });
    over("rect", { ...place, y: y(size), height: y(0) - y(size), class: size > 1 ? "grows" : "shrinks" });
  });
  for (const value of [0, 1, 2, 3]) {
    const kind = ["axis", "one"][value] ?? "grid";
    over("line", { class: kind, x1: left, x2: width, y1: y(value), y2: y(value) });
    if (value !== 2) over("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value);
  }
  const every = [1, 2, 5, 10, 20].find((step) => factors.length / step <= (width < 480 ? 6 : 11));
  for (let k = 0; k <= factors.length; k += every) over("text", { x: x(k), y: foot + 16, "text-anchor": "middle" }, k);
  over("text", { x: (left + width) / 2, y: foot + 32, "text-anchor": "middle" }, "steps back k");
}

/** What lies over the chart: by pointer and by keys it chooses the steps back, of `where().lag`, to look at. */
function lookingGlass(element, look, where) {
  const cover = svg("rect", { class: "cover", tabindex: 0, role: "slider", "aria-valuemin": 0,
    "aria-label": "steps back that the line below the drawing is about" }, element);
  const within = (k) => Math.min(where().lag, Math.max(0, k));
  const at = (event) => within(Math.round(where().x.back(placeOf(event, element, where().width)[0])));
  let from = { clientX: 0, clientY: 0 };       // a finger that goes up or down scrolls the page, and looks nowhere
  const across = ({ clientX, clientY }) => Math.abs(clientX - from.clientX) > Math.abs(clientY - from.clientY);
  cover.addEventListener("pointerdown", (event) => { from = event; });
  cover.addEventListener("click", (event) => look(at(event)));
  cover.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" || (event.buttons && across(event))) look(at(event));
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

function lagChart(look) {
  const chart = board("through-time", "The gradient and its factors");
  title(chart.picture);
  let now = { lag: 0, looked: 0, width: 360, x: scale(0, 1, 0, 1) };
  const cover = lookingGlass(chart.element, look, () => now);
  const draw = (net, result, looked, size) => {
    const { lag } = net, p = plan(net, result, chart.width(), size), wide = Math.min(24, Math.max(2, p.gap));
    now = { lag, looked, width: p.width, x: p.x };
    chart.begin(p, size.foot + 36);
    drawGround(chart.ground, p);
    drawZones(chart, p);
    chart.over("rect", { class: "band", y: size.first, height: size.foot - size.first, x: p.x(looked) - wide / 2,
      width: wide });
    drawOthers(chart, net, result, p);
    drawLine(chart, net, result, p, looked);
    drawBars(chart, net, result, p);
    chart.done();
    put(cover, { x: p.left, y: size.first, width: p.width - p.left, height: size.foot - size.first,
      "aria-valuemax": lag, "aria-valuenow": looked,
      "aria-valuetext": `${looked} steps back: ${sized(result.gradients[looked] * result.scale)}` });
    put(chart.picture, { "aria-label": "Size of the gradient on a logarithmic axis, from 1 at the last step to "
      + `${sized(Math.abs(result.gradient * result.scale))} ${lag} steps back, and the ${lag} factors as bars.` });
  };
  return { element: chart.element, draw };
}

// --- the second chart: what arrives by weight -----------------------------------------------------------------------

/** A dot for each weight that shows; at the edge a tip points to what lies beyond it. */
function drawTrail({ over }, shown, sizes, p) {
  shown.forEach((weight, k) => {
    const power = log10(sizes[k]), x = p.x(weight), y = p.y(edge(power)), up = power > 0 ? -1 : 1;
    if (power === edge(power)) over("circle", { class: "tried", cx: x, cy: y, r: 3 });
    else over("path", { class: "tried", d: `M${x - 3.5} ${y - 4 * up}h7l-3.5 ${5 * up}z` });
  });
  const most = shown[sizes.indexOf(Math.max(...sizes))];
  if (shown.length > 2) {
    over("text", { class: "most", x: p.width, y: p.last + 50, "text-anchor": "end" },
      `most so far: ${sized(Math.max(...sizes))} at ${signed(most)}`);
  }
}

/** The weight that is set: its dot is where the first chart's line ends. */
function drawNow({ over }, weight, size, p) {
  const x = p.x(weight), y = p.y(edge(log10(size))), right = weight < 0;
  over("line", { class: "across", x1: p.gutter ? 0 : p.left, x2: x, y1: y, y2: y });
  over("line", { class: "across", x1: x, x2: x, y1: p.last, y2: y });
  over("circle", { class: "ring", cx: x, cy: y, r: 6.5 });
  over("text", { class: "halo now", x: x + (right ? 11 : -11), "text-anchor": right ? "start" : "end",
    y: Math.max(p.first + 30, Math.min(p.last - 24, y - 8)) }, size ? sized(size) : "0");
}

/** The guess, and how far the dot is from it. */
function drawGuess({ over }, [weight, power], answer, p) {
  const x = p.x(weight), y = p.y(power), dot = answer === undefined ? y : p.y(edge(log10(answer)));
  if (dot !== y) over("line", { class: "off", x1: x, x2: x, y1: y, y2: dot });
  over("path", { class: "guess", d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z` });
  const [left, below] = power > 6 ? [x - 32, 4] : [x, dot < y ? 20 : -11];           // where neither line nor title is
  over("text", { class: "halo", x: left, y: y + below, "text-anchor": "middle" }, "guess");
}

/** The guess by pointer and by keys: a press puts it, arrows move it, Enter tries it. */
function guessing(element, model, where) {
  const cover = svg("rect", { class: "cover", tabindex: 0, role: "slider", "aria-orientation": "vertical",
    "aria-valuemin": LOW, "aria-valuemax": HIGH,
    "aria-label": "your guess: left and right for a weight, up and down for what arrives, Enter to try it" }, element);
  const shown = () => shownWeights(model.get("tried"), model.get("weight"));
  const set = (weight, power) => {
    if (weight !== undefined) change(model, { guess: [weight, edge(Math.round(power))] });
  };
  cover.addEventListener("click", (event) => {
    const { x, y, width } = where(), [left, top] = placeOf(event, element, width);
    set(freeNotch(shown(), x.back(left)), y.back(top));
  });
  const up = { ArrowUp: 1, ArrowDown: -1, PageUp: 4, PageDown: -4, Home: LOW - HIGH, End: HIGH - LOW };
  const sides = { ArrowLeft: -1, ArrowRight: 1 };
  cover.addEventListener("keydown", (event) => {
    const { key } = event, guess = model.get("guess"), open = guess.length && !shown().includes(guess[0]);
    const [weight, power] = open ? guess : [freeNotch(shown(), model.get("weight"), sides[key] ?? 0), 0];
    if (key in up) set(weight, open ? power + up[key] : Math.sign(up[key]));
    else if (key in sides) set(open ? freeNotch(shown(), weight, sides[key]) : weight, power);
    else if (key === "Enter" && open) change(model, { weight });
    else if (["Delete", "Backspace"].includes(key)) change(model, { guess: [] });
    else return;
    event.preventDefault();
  });
  return cover;
}

function weightChart(model) {
  const chart = board("by-weight", "What arrives, by weight");
  let p = null;
  const cover = guessing(chart.element, model, () => p);
  const draw = (net, tried, guess, size) => {
    const shown = shownWeights(tried, net.weight), sizes = arriving(net, shown).map(Math.abs), width = chart.width();
    const of = (weight) => sizes[shown.indexOf(weight)];
    p = { ...size, width, left: size.own, x: scale(-3, 3, size.own + 9, width - 9),
      y: scale(LOW, HIGH, size.last, size.first) };
    chart.begin(p, size.last + 56);
    drawGround(chart.ground, p);
    chart.over("text", { x: 0, y: 13 }, `by weight: what arrives ${net.lag} step${net.lag > 1 ? "s" : ""} back`);
    for (const weight of [-3, -2, -1, 0, 1, 2, 3]) {
      chart.ground("line", { class: "grid", x1: p.x(weight), x2: p.x(weight), y1: p.first, y2: p.last });
      chart.over("text", { x: p.x(weight), y: p.last + 16, "text-anchor": "middle" }, signed(weight, 0));
    }
    chart.over("text", { x: (p.left + width) / 2, y: p.last + 32, "text-anchor": "middle" }, "weight");
    for (const [power, text] of [[HIGH, "explodes"], [-2, "vanishes"]]) {
      chart.ground("text", { x: p.left + 6, y: p.y(power) + 15 }, text);
    }
    drawTrail(chart, shown, sizes, p);
    drawNow(chart, net.weight, of(net.weight), p);
    if (guess.length) drawGuess(chart, guess, of(guess[0]), p);
    chart.done();
    put(cover, { x: p.left, y: p.first, width: width - p.left, height: p.last - p.first,
      "aria-valuenow": guess[1] ?? 0,
      "aria-valuetext": guess.length ? `${guessed(guess[1])} at weight ${signed(guess[0])}` : "no guess" });
    put(chart.picture, { "aria-label": `What arrives ${net.lag} steps back, with ${shown.length} `
      + `weight${shown.length > 1 ? "s" : ""} so far; at ${signed(net.weight)} it is ${sized(of(net.weight))}.` });
  };
  return { element: chart.element, draw };
}

// --- the figure -----------------------------------------------------------------------------------------------------

const NET = ["weight", "nonlinearity", "lag", "level", "swing", "clip", "threshold"];

const sliders = (model) => ({
  weight: slider(model, "weight", { label: "weight <var>W<sub>h</sub></var>", name: "recurrent weight",
    min: -3, max: 3 }),
  lag: slider(model, "lag", { label: "lag", name: "lag, steps back", min: 1, max: STEPS, step: 1, show: String }),
  swing: slider(model, "swing", { label: "input: swing", name: "input swing", min: 0, max: 1 }),
  level: slider(model, "level", { label: "input: level", name: "input level", min: 0, max: 2 }),
  limit: slider(model, "threshold", { label: "limit", name: "limit of the norm", min: -1, max: 2, step: 0.1,
    show: sized, place: Math.log10, value: (power) => Number((10 ** power).toPrecision(3)), watch: ["clip"],
    enabled: () => model.get("clip") }),      // equal steps on a log axis
});

/** The step looked at, k steps back, as HTML of our own. */
function reading({ weight, nonlinearity }, { states, slopes, factors, gradients, scale: by }, k) {
  if (k === 0) return "0 steps back: the last state itself, and 1 by definition.";
  const [h, slope, factor] = [[states, 2], [slopes, 4], [factors, 3]].map(
    ([each, digits]) => sized(each[k - 1], digits));
  const after = by < 1 ? `, clipped ${sized(gradients[k] * by)}` : "";
  return `${k} step${k === 1 ? "" : "s"} back: state <var>h</var> = ${h}, slope `
    + `${nonlinearity in SLOPES ? `of ${SLOPES[nonlinearity]} ` : ""}${slope}, factor `
    + `${signed(weight)} · ${slope} = <b>${factor}</b>. All ${k} multiplied: <b>${sized(gradients[k])}</b>${after}.`;
}

/** The line of the guess, and the button that tries its weight. */
function guessLine(model) {
  const told = make("span"), attempt = button("Try it", () => change(model, { weight: model.get("guess")[0] }));
  const show = ([weight, power], net, tried) => {
    const open = weight !== undefined && !shownWeights(tried, net.weight).includes(weight);
    attempt.disabled = !open;
    told.textContent = weight === undefined ? "Guess first: at a weight without a dot, press where its dot will be."
      : `Your guess: ${guessed(power)} at weight ${signed(weight)}.`;
  };
  return { element: make("div", { class: "guessing" }, told, attempt), show };
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "GradientExplorer", () => {
    const net = values(model, NET);
    return { ...gradientThroughTime(net), arrives: arriving(net, model.get("tried")) };
  });
  let looked = Infinity;                       // beyond the lag: the farthest step
  const byLag = lagChart((k) => { if (k !== looked) { looked = k; draw(); } }), byWeight = weightChart(model);
  const { element, say } = report(), line = make("p", { class: "reading" }), guesses = guessLine(model);
  const stories = presets(model, { name: "Stories", options: STORIES, settings: [...NET, "tried", "guess"] });
  stories.addEventListener("click", () => { looked = Infinity; });
  root.append(
    make("div", { class: "charts" }, make("div", {}, byLag.element, line),
      make("div", {}, byWeight.element, guesses.element)),
    make("div", { class: "dock" }, element, oneOfSliders(sliders(model)).element),
    stories,
    make("div", { class: "kinds" },
      choice(model, "nonlinearity", { name: "Nonlinearity",
        options: [["tanh", "tanh"], ["relu", "ReLU"], ["linear", "none (linear)"]] }),
      toggle(model, "clip", { name: "Clip the gradient" })));

  function draw() {
    const net = values(model, NET), { tried, guess } = values(model, ["tried", "guess"]);
    const result = gradientThroughTime(net), k = Math.min(looked, net.lag);
    const size = SIZES[roomIn(root, 640) < 640 ? "narrow" : "wide"];
    byLag.draw(net, result, k, size);
    byWeight.draw(net, tried, guess, size);
    guesses.show(guess, net, tried);
    line.innerHTML = reading(net, result, k);
    say(finding(net, guess, result));
  }

  const sizes = new ResizeObserver(draw), forget = keepTrail(model);
  const stop = redraw(model, [...NET, "tried", "guess"], draw);
  sizes.observe(root);
  return () => { sizes.disconnect(); stop(); forget(); leave(); };
}

export default { render };
