import {
  button, change, draggable, hide, make, mount, oneOfSliders, player, points, presets, put, quiet, redraw, report,
  roomIn, scale, signed, slider, svg, values,
} from "./shared.js";

// --- the net of one number ------------------------------------------------------------------------------------------

/** The state after each step: h_t = tanh(w_x x_t + w_h h_{t-1} + b). */
export function states({ w_x, w_h, b, h_0, inputs }) {
  let h = h_0;
  return inputs.map((x) => { h = Math.tanh(w_x * x + w_h * h + b); return h; });
}

/**
 * Every h with tanh(w h + drive) = h, from low to high, as { h, slope, kind }: "attracts", "repels", or "slow" where
 * the slope is 1 or -1. Between two places where the curve is as steep as the diagonal there is at most one, so
 * bisection finds all.
 */
export function fixedPoints(w, drive) {
  const gap = (h) => Math.tanh(w * h + drive) - h;
  const turns = [];
  if (w > 1) {
    const bend = Math.atanh(Math.sqrt(1 - 1 / w));
    turns.push((-bend - drive) / w, (bend - drive) / w);
  }
  const ends = [-1.5, ...turns.filter((h) => Math.abs(h) < 1.5), 1.5];
  const found = turns.filter((h) => Math.abs(gap(h)) < 1e-13);          // the curve only touches the diagonal
  for (let k = 1; k < ends.length; k++) {
    let [low, high] = [ends[k - 1], ends[k]];
    if (gap(low) * gap(high) >= 0) continue;
    const rising = gap(high) > 0;
    for (let round = 0; round < 60; round++) {
      const middle = (low + high) / 2;
      if ((gap(middle) > 0) === rising) high = middle; else low = middle;
    }
    found.push((low + high) / 2);
  }
  return found.sort((a, c) => a - c).map((h) => {
    const slope = w * (1 - Math.tanh(w * h + drive) ** 2);
    const steep = Math.abs(slope) - 1;
    return { h, slope, kind: Math.abs(steep) < 1e-9 ? "slow" : steep < 0 ? "attracts" : "repels" };
  });
}

const round2 = (value) => signed(Math.abs(value) < 0.005 ? 0 : value);
const counted = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

/** What happens now, in words. */
export function finding(net) {
  const h = [net.h_0, ...states(net)];
  const steps = net.inputs.length;
  let last = steps;                                                      // the last step that an input moves
  while (last > 0 && net.w_x * net.inputs[last - 1] === 0) last--;
  return steps - last >= 4 ? inSilence(net, h, last) : underInput(net, h, last);
}

function inSilence({ w_h, b }, h, last) {
  const silent = h.length - 1 - last;
  const rest = fixedPoints(w_h, b);
  const away = (point) => Math.abs(h.at(-1) - point.h);
  const held = rest.find((point) => point.kind === "repels" && away(point) < 1e-6);
  if (held) {
    return `h sits on ${round2(held.h)}, a fixed point that repels. It stays only because nothing nudges it: `
      + "give it a small input.";
  }
  if (rest.length === 1 && rest[0].slope < -1) {
    const [one, other] = h.slice(-2).map(round2).sort();
    return `The state flips at every step and does not settle: it now swings between ${one} and ${other}. `
      + `The fixed point ${round2(rest[0].h)} repels.`;
  }
  let settled = h.at(-1);
  for (let k = 0; k < 2000; k++) settled = Math.tanh(w_h * settled + b);
  const goal = rest.reduce((best, one) => (Math.abs(one.h - settled) < Math.abs(best.h - settled) ? one : best));
  let near = silent;                                                     // silent steps until h stays within 0.01
  while (near >= 0 && Math.abs(h[last + near] - goal.h) < 0.01) near--;
  near++;
  const where = round2(goal.h);
  const flips = goal.slope < 0 ? " It flips from side to side on the way." : "";
  if (near > silent) {
    return `h is on its way to the fixed point ${where}, but slowly: after ${counted(silent, "silent step")} it is `
      + `still ${away(goal).toFixed(2)} away.${flips}`;
  }
  if (!last && !near) return `h starts on the fixed point ${where}, and there it stays.`;
  const when = `after ${counted(near, "silent step")} h is within 0.01 of the fixed point ${where}`;
  if (rest.length < 3) {
    const what = last ? "input" : "start";
    return `The ${what} is forgotten: ${when}, where every other ${what} ends too.${flips}`;
  }
  const other = rest.find((point) => point.kind !== "repels" && point !== goal);
  return `One bit is kept: ${when}. From the other side of ${round2(rest[1].h)} it would have ended at `
    + `${round2(other.h)}.`;
}

function underInput(net, h, last) {
  const steps = net.inputs.length;
  const flat = h.slice(1).filter((value) => Math.abs(value) > 0.95).length;
  if (flat >= steps / 2) {
    const drive = net.w_x * net.inputs[steps - 1] + net.b;
    const apart = Math.abs(Math.tanh(net.w_h + drive) - Math.tanh(-net.w_h + drive));
    const apartBy = apart < 0.0005 ? "less than 0.001" : apart.toFixed(3);
    return `The input shouts: at ${flat} of ${steps} steps |h| is above 0.95, where tanh is flat. At the last step, `
      + `an old state of ${signed(-1, 0)} or of 1 gives new states ${apartBy} apart: the past is overwritten.`;
  }
  const first = net.inputs.findIndex((x) => x !== 0);
  const without = { ...net, inputs: net.inputs.map((x, k) => (k === first ? 0 : x)) };
  const trace = Math.abs(h.at(-1) - states(without).at(-1));
  const left = trace < 0.0005 ? "by less than 0.001: it is as good as forgotten" : `by ${trace.toFixed(3)}`;
  if (first < 0 || first === last - 1) return "Few silent steps follow the last input: too few to see what stays.";
  return `Inputs keep coming, and h mixes each with what is left of the past. Without the input of step ${first + 1}, `
    + `the last state would differ ${left}.`;
}

// --- stories --------------------------------------------------------------------------------------------------------

const silence = (n) => Array(n).fill(0);
export const STORIES = [
  ["Fade", { w_x: 0.8, w_h: 0.5, b: 0, h_0: 0, inputs: [1, ...silence(19)], step: 40 }],
  ["Keep", { w_x: 0.8, w_h: 1.5, b: 0, h_0: 0, inputs: [1, ...silence(9), -2, ...silence(9)], step: 40 }],
  ["Flip", { w_x: 0.8, w_h: -1.2, b: 0, h_0: 0, inputs: [1, ...silence(19)], step: 40 }],
  ["Saturate", { w_x: 2, w_h: 0.5, b: 0, h_0: 0,
    inputs: [3, 3, 2, -3, -2, 3, -3, 2, 2, -3, -3, 3, -2, 3, 2, -2, -3, 3, 3, -3], step: 40 }],
];

// --- handles: points and bars that pointer and keyboard move --------------------------------------------------------

const LARGE = { PageUp: 5, PageDown: -5 };
const SMALL = { ArrowUp: 1, ArrowDown: -1 };

/** The value that a key asks for, on a grid of `unit`; null for other keys. */
export function keyed(event, value, low, high, unit = 0.1) {
  const moves = (SMALL[event.key] ?? 0) * (event.shiftKey ? 5 : 1) + (LARGE[event.key] ?? 0);
  if (moves) return onGrid(value + moves * unit, low, high, unit);
  return { Home: low, End: high, 0: 0, Delete: 0 }[event.key] ?? null;
}

export function onGrid(value, low, high, unit = 0.1) {
  const rounded = Math.round(value / unit) * unit;
  return Number(Math.min(high, Math.max(low, rounded)).toFixed(4)) || 0;
}

/**
 * Follow a pointer from where it goes down on `element` until it goes up, in the units of `board`'s drawing; a finger
 * only where the element is drawn as something to drag, a `knob`: anywhere else it scrolls the page.
 */
function follow(element, board, moved, knob = false) {
  const tell = (event) => {
    const box = board.getBoundingClientRect();
    const zoom = board.viewBox.baseVal.width / box.width;
    moved((event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom, event);
  };
  if (knob) draggable(element);
  element.addEventListener("pointerdown", (event) => {
    if (event.button || (event.pointerType === "touch" && !knob)) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    tell(event);
  });
  element.addEventListener("pointermove", (event) => { if (element.hasPointerCapture(event.pointerId)) tell(event); });
}

/** Text with a lowered part: symbol(parent, attributes, "h", "t-1", " rest"). */
function symbol(parent, attributes, letter, below, rest = "") {
  const text = svg("text", attributes, parent);
  svg("tspan", { class: "var" }, text, letter);
  svg("tspan", { dy: 4, "font-size": 12 }, text, below);
  if (rest) svg("tspan", { dy: -4 }, text, rest);
  return text;
}

/** The square that is h_0, by pointer and by keys; value(x, y) is h_0 at a place. It returns what moves the square. */
function startHandle(model, board, { half, value, keys = {}, ...attributes }) {
  const start = svg("g", { class: "handle start", tabindex: 0, role: "slider", "aria-valuemin": -1, "aria-valuemax": 1,
    ...attributes }, board);
  svg("rect", { class: "touch", x: -16, y: -16, width: 32, height: 32 }, start);
  svg("rect", { class: "mark", x: -half, y: -half, width: 2 * half, height: 2 * half }, start);
  follow(start, board, (x, y) => change(model, { h_0: onGrid(value(x, y), -1, 1, 0.05) }), true);
  start.addEventListener("keydown", (event) => {
    const { shiftKey } = event, key = keys[event.key] ?? event.key;
    const to = keyed({ key, shiftKey }, model.get("h_0"), -1, 1, 0.05);
    if (to === null) return;
    event.preventDefault();
    change(model, { h_0: to });
  });
  return (x, y, h_0) => put(start, { transform: `translate(${x} ${y})`, "aria-valuenow": h_0,
    "aria-valuetext": signed(h_0) });
}

// --- the states and the inputs over time ----------------------------------------------------------------------------

const LEFT = 34;

/** Where h and the inputs stand over time, in charts so high. */
function overTime(high, low) {
  const top = { first: 22, height: high }, bars = { first: high + 54, height: low };
  return { top, bars, stateAt: scale(-1, 1, top.first + top.height - 8, top.first + 8),
    inputAt: scale(-3, 3, bars.first + bars.height - 4, bars.first + 4) };
}

/** All of the timeline that is only looked at; what never moves is drawn at once. */
function timelineParts(picture, size) {
  const { bars, stateAt, inputAt } = size;
  const band = svg("rect", { class: "band", y: 4, height: bars.first + bars.height + 2 }, picture);
  const rule = (y, kind) => svg("line", { class: kind, y1: y, y2: y, x1: LEFT }, picture);
  const number = (value, y) => svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, picture, signed(value, 0));
  const grid = [-1, 0, 1].map((value) => rule(stateAt(value), value ? "grid" : "axis"));
  for (const value of [-1, 0, 1]) number(value, stateAt(value));
  symbol(picture, { x: 0, y: 13 }, "h", "t", "  state");
  const zero = rule(inputAt(0), "axis");
  for (const value of [-3, 0, 3]) number(value, inputAt(value));
  symbol(picture, { x: 0, y: bars.first - 8 }, "x", "t", "  input: drag or tap a bar");
  const rests = [0, 1, 2].map(() => {
    const group = svg("g", { class: "rest" }, picture);
    return { group, rule: svg("line", { x1: LEFT }, group), dot: svg("circle", { r: 4.5 }, group) };
  });
  const line = svg("polyline", { class: "states" }, picture);
  const dots = svg("g", {}, picture);
  const ticks = svg("g", { class: "ticks" }, picture);
  return { size, picture, band, rules: [...grid, zero], rests, line, dots, ticks,
    ring: svg("circle", { class: "ring", r: 7 }, picture) };
}

function newSteps({ dots, ticks, size: { bars } }, count) {
  dots.replaceChildren();
  ticks.replaceChildren();
  const y = bars.first + bars.height + 18, every = count > 24 ? 10 : count > 10 ? 5 : 1;
  for (let step = 1; step <= count; step++) {
    svg("circle", { class: "state", r: count > 24 ? 2.6 : 3.4 }, dots);
    const named = step % every === 0 || step === 1;
    if (named) svg("text", { y, "text-anchor": "middle", "data-step": step }, ticks, String(step));
  }
  svg("text", { x: LEFT - 8, y, "text-anchor": "end", class: "soft" }, ticks, "step");
}

function drawTimeline(parts, x, width, { net, h, step, rest }) {
  const { picture, band, rules, rests, line, dots, ticks, ring, size: { stateAt } } = parts;
  if (dots.children.length !== h.length) newSteps(parts, h.length);
  const gap = x(1) - x(0);
  for (const rule of rules) put(rule, { x2: width });
  rests.forEach(({ group, rule, dot }, k) => {
    hide(group, !rest[k]);
    if (!rest[k]) return;
    put(group, { transform: `translate(0 ${stateAt(rest[k].h)})`, "data-kind": rest[k].kind });
    put(rule, { x2: width - 6 });
    put(dot, { cx: width - 5 });
  });
  put(band, { x: x(step) - gap / 2, width: gap });
  put(line, { points: points([net.h_0, ...h].map((value, k) => [x(k), stateAt(value)])) });
  h.forEach((value, k) => put(dots.children[k], { cx: x(k + 1), cy: stateAt(value) }));
  put(ring, { cx: x(step), cy: stateAt(h[step - 1]) });
  for (const tick of ticks.querySelectorAll("[data-step]")) put(tick, { x: x(Number(tick.dataset.step)) });
  const start = signed(net.h_0), end = signed(h.at(-1));
  put(picture, { "aria-label": `State over ${h.length} steps: it starts at ${start} and ends at ${end}. `
    + `Step ${step} is marked: input ${signed(net.inputs[step - 1], 1)}, state ${signed(h[step - 1])}.` });
}

/**
 * The inputs as bars, by pointer and by keys; Tab reaches one of them. They are thinner than a finger: a tap chooses
 * the step, and the slider of its input sets it. It returns what draws them.
 */
function inputBars(model, board, { bars: place, inputAt }) {
  const bars = svg("g", { role: "group",
    "aria-label": "Inputs: left and right choose the step, up and down change its input" }, board);
  const set = (k, to) => change(model, { inputs: model.get("inputs").map((old, j) => (j === k ? to : old)) });
  let focused = 0;                                 // the bar that Tab reaches
  const focus = (k) => { focused = Math.min(bars.children.length - 1, Math.max(0, k)); };

  function newBar(k) {
    const bar = svg("g", { class: "handle bar", role: "slider", "aria-orientation": "vertical", "aria-valuemin": -3,
      "aria-valuemax": 3, "aria-label": `input of step ${k + 1}` }, bars);
    svg("rect", { class: "touch", y: place.first - 4, height: place.height + 8 }, bar);
    svg("rect", { class: "mark" }, bar);
    follow(bar, board, (_, y) => set(k, onGrid(inputAt.back(y), -3, 3)));
    bar.addEventListener("focus", () => { focus(k); change(model, { step: k + 1 }); });
    bar.addEventListener("dblclick", () => set(k, 0));
    bar.addEventListener("keydown", (event) => {
      const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const value = keyed(event, model.get("inputs")[k], -3, 3);
      if (!side && value === null) return;
      event.preventDefault();
      if (side) { focus(k + side); bars.children[focused].focus(); } else set(k, value);
    });
  }

  return (inputs, x) => {
    if (bars.children.length !== inputs.length) {
      bars.replaceChildren();
      inputs.forEach((_, k) => newBar(k));
    }
    focus(focused);
    const gap = x(1) - x(0), thick = Math.min(18, 0.72 * gap);
    inputs.forEach((value, k) => {
      const bar = bars.children[k], [touch, mark] = bar.children;
      const high = Math.min(inputAt(value), inputAt(0)), tall = Math.abs(inputAt(value) - inputAt(0));
      put(touch, { x: x(k + 1) - gap / 2, width: gap });
      put(mark, { x: x(k + 1) - thick / 2, width: thick, y: high - 1.5, height: tall + 3 });
      put(bar, { tabindex: k === focused ? 0 : -1, "aria-valuenow": value, "aria-valuetext": signed(value, 1) });
    });
  };
}

function timeline(model, peek, size, tapped) {
  const board = svg("svg", { class: "timeline", role: "group", "aria-label": "States and inputs over time" });
  const parts = timelineParts(svg("g", { role: "img" }, board), size);
  const drawBars = inputBars(model, board, size), { bars, stateAt } = size;
  const moveStart = startHandle(model, board, { half: 6, value: (_, y) => stateAt.back(y),
    "aria-label": "start state h 0, over time", "aria-orientation": "vertical" });
  let width = 400;
  let x = scale(0, 1, 0, 1);

  const at = (event) => {
    const box = board.getBoundingClientRect();
    const k = Math.round(x.back((event.clientX - box.left) * width / box.width));
    return k >= 1 && k <= model.get("inputs").length ? k : 0;
  };
  board.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && !event.buttons) peek(at(event));
  });
  board.addEventListener("pointerleave", () => peek(0));
  board.addEventListener("click", (event) => {
    const k = at(event);
    if (!k || event.target.closest(".start")) return;
    change(model, { step: k });
    if (event.pointerType === "touch" && event.target.closest(".bar")) tapped();
  });

  function layOut() {
    width = Math.max(250, roomIn(board.parentElement, 400));
    put(board, { viewBox: `0 0 ${width} ${bars.first + bars.height + 24}` });
  }

  function draw(scene) {
    const { h_0, inputs } = scene.net;
    x = scale(0, inputs.length, LEFT + 12, width - 24);
    drawTimeline(parts, x, width, scene);
    drawBars(inputs, x);
    moveStart(x(0), stateAt(h_0), h_0);
  }
  return { board, layOut, draw };
}

// --- one step as a curve --------------------------------------------------------------------------------------------

const END = 1.12;                               // the map goes a little beyond -1 and 1
const LEAST = { left: 36, bottom: 38, top: 20, right: 8 };

/** Where old and new states stand on a map so wide. */
function onSquare(side) {
  const { left, bottom, top, right } = LEAST;
  const oldAt = scale(-END, END, left, side - right), newAt = scale(-END, END, side + top - bottom - right, top);
  return { oldAt, newAt, side, high: side + top - right,
    onMap: (pairs) => points(pairs.map(([before, after]) => [oldAt(before), newAt(after)])) };
}

const SIZES = { wide: [overTime(168, 110), onSquare(300)], narrow: [overTime(108, 80), onSquare(210)] };

/** The map of one step as pairs [old state, new state], near enough to each other to look like a curve. */
export function curve(w, drive) {
  return Array.from({ length: 113 }, (_, k) => -END + 0.02 * k).map((h) => [h, Math.tanh(w * h + drive)]);
}

/** All of the map that is only looked at; what never moves is drawn at once. */
function mapParts(picture, size) {
  const { oldAt, newAt } = size;
  for (const value of [-1, 0, 1]) {
    const x = oldAt(value), y = newAt(value);
    svg("line", { class: "grid", x1: x, x2: x, y1: newAt(-END), y2: newAt(END) }, picture);
    svg("line", { class: "grid", y1: y, y2: y, x1: oldAt(-END), x2: oldAt(END) }, picture);
    svg("text", { x, y: newAt(-END) + 16, "text-anchor": "middle" }, picture, signed(value, 0));
    svg("text", { x: LEAST.left - 7, y: y + 4, "text-anchor": "end" }, picture, signed(value, 0));
  }
  symbol(picture, { x: 0, y: 13 }, "h", "t", "  new state");
  const below = { x: (oldAt(-1) + oldAt(1)) / 2, y: newAt(-END) + 32, "text-anchor": "middle" };
  symbol(picture, below, "h", "t−1", "  old state");
  svg("line", { class: "diagonal", x1: oldAt(-END), y1: newAt(-END), x2: oldAt(END), y2: newAt(END) }, picture);
  const silent = svg("polyline", { class: "silent" }, picture);
  const loud = svg("polyline", { class: "curve" }, picture);
  const path = svg("g", { class: "path" }, picture);
  const now = svg("polyline", { class: "now" }, picture);
  const rests = [0, 1, 2].map(() => {
    const group = svg("g", { class: "rest" }, picture);
    svg("circle", { r: 6.5 }, group);
    return { group, half: svg("path", { d: "M0,-6.5 A6.5,6.5 0 0 0 0,6.5 Z" }, group),
      name: svg("text", { class: "halo", x: 11, y: 15 }, group) };
  });
  return { size, picture, silent, loud, path, now, rests, head: svg("circle", { class: "ring", r: 10 }, picture) };
}

/** The path of the state, step after step: up to the curve, then across to the diagonal. */
function drawPath({ path, now, size: { onMap } }, { net, h, step }) {
  while (path.children.length < h.length) svg("polyline", {}, path);
  while (path.children.length > h.length) path.lastChild.remove();
  const before = [net.h_0, ...h];
  const walk = (k) => onMap([[before[k], before[k]], [before[k], before[k + 1]], [before[k + 1], before[k + 1]]]);
  h.forEach((_, k) => {
    const leg = path.children[k];
    hide(leg, k >= step - 1);
    const same = net.inputs[k] === net.inputs[step - 1];
    if (k < step - 1) put(leg, { points: walk(k), class: same ? "same" : "other" });
  });
  put(now, { points: walk(step - 1) });
}

function drawMap(parts, scene) {
  const { picture, silent, loud, rests, head, size } = parts, { net, h, step, rest, drive } = scene;
  const { onMap, oldAt, newAt } = size;
  put(loud, { points: onMap(curve(net.w_h, drive)) });
  const input = Math.abs(drive - net.b) > 1e-9;
  hide(silent, !input);
  if (input) put(silent, { points: onMap(curve(net.w_h, net.b)) });
  drawPath(parts, scene);
  put(head, { cx: oldAt(h[step - 1]), cy: newAt(h[step - 1]) });
  rests.forEach(({ group, half, name }, k) => {
    const point = rest[k];
    hide(group, !point);
    if (!point) return;
    put(group, { transform: `translate(${oldAt(point.h)} ${newAt(point.h)})`, "data-kind": point.kind });
    hide(half, point.kind !== "slow");
    name.textContent = round2(point.h);
    put(name, point.h > 0.7 ? { x: -11, y: -9, "text-anchor": "end" } : { x: 11, y: 15, "text-anchor": "start" });
  });
  const named = rest.map((point) => `${round2(point.h)} ${point.kind === "slow" ? "with slope 1" : point.kind}`);
  put(picture, { "aria-label": `The map from the old state to the new one with the input of step ${step}, `
    + `and the path of the state on it. Fixed points: ${named.join(", ")}.` });
}

function map(model, size) {
  const { oldAt, newAt, side, high } = size;
  const board = svg("svg", { class: "map", viewBox: `0 0 ${side} ${high}`, role: "group",
    "aria-label": "One step as a curve" });
  const parts = mapParts(svg("g", { role: "img" }, board), size);
  const moveStart = startHandle(model, board, { half: 10, value: (x, y) => (oldAt.back(x) + newAt.back(y)) / 2,
    keys: { ArrowLeft: "ArrowDown", ArrowRight: "ArrowUp" }, "aria-label": "start state h 0, on the map" });
  const draw = (scene) => {
    drawMap(parts, scene);
    moveStart(oldAt(scene.net.h_0), newAt(scene.net.h_0), scene.net.h_0);
  };
  return { board, draw };
}

// --- the figure -----------------------------------------------------------------------------------------------------

const NET = ["w_x", "w_h", "b", "h_0", "inputs"];

function stories(model) {
  const hush = button("Silence all inputs", () => change(model, { inputs: model.get("inputs").map(() => 0) }));
  return presets(model, { name: "Stories", options: STORIES, looking: ["step"], settings: [...NET, "step"],
    more: [hush] });
}

/** The sliders; the last is of the input at the marked step. */
function sliders(model) {
  const at = () => Math.min(model.get("step"), model.get("inputs").length) - 1;
  const set = (to) => change(model, { inputs: model.get("inputs").map((old, k) => (k === at() ? to : old)) });
  return {
    W_h: slider(model, "w_h", { label: "<var>W<sub>h</sub></var> <small>weighs the old</small>",
      name: "recurrent weight W h", min: -3, max: 3 }),
    W_x: slider(model, "w_x", { label: "<var>W<sub>x</sub></var> <small>weighs the new</small>",
      name: "input weight W x", min: -3, max: 3 }),
    b: slider(model, "b", { label: "<var>b</var> <small>bias</small>", name: "bias b", min: -2, max: 2 }),
    h_0: slider(model, "h_0", { label: "<var>h</var><sub>0</sub> <small>start</small>", name: "start state h 0",
      min: -1, max: 1 }),
    x_t: slider(model, "inputs", { label: "<var>x<sub>t</sub></var> <small>this input</small>",
      name: "input of the marked step", min: -3, max: 3, step: 0.1, watch: ["step"], set,
      place: (inputs) => inputs[at()], show: (inputs) => signed(inputs[at()], 1) }),
  };
}

function walker(model) {
  const last = () => model.get("inputs").length;
  return player(model, "step", { first: 1, last, words: [[quiet() ? "Next step" : "Walk"], ["Stop"]], pace: () => 450,
    prompt: true, calm: "step", label: "step <var>t</var>", name: "step shown on the map", min: 1, watch: ["inputs"],
    show: (step) => String(Math.min(step, last())) });
}

function legend() {
  const line = make("p", { class: "legend" });
  line.innerHTML = '<span><i class="dot full"></i>attracts</span><span><i class="dot"></i>repels</span>'
    + '<span><i class="dash"></i>old = new</span><span><i class="walk"></i>path</span>'
    + '<span><i class="walk other"></i>path, other input</span>';
  return line;
}

/** What the step on the map does, in words. */
function inWords({ net, h, step, drive }) {
  const old = step > 1 ? h[step - 2] : net.h_0, input = signed(net.inputs[step - 1], 1);
  return `Step ${step}: <var>x</var> = ${input}, <var>h</var> goes from ${signed(old)} to ${signed(h[step - 1])}. `
    + (Math.abs(drive - net.b) > 1e-9 ? "The curve is the one of this input; thin: without input."
      : "The curve is the one without input.");
}

/** Both drawings, made anew where the figure becomes narrow or wide. */
function drawings(model, peek, tapped) {
  const left = make("div"), right = make("div", { class: "right" });
  const element = make("div", { class: "drawings" }, left, right);
  let over = null, across = null, now = "";
  return {
    element,
    layOut(root) {
      const size = roomIn(root, 640) < 640 ? "narrow" : "wide";
      if (size !== now) {
        [over, across] = [timeline(model, peek, SIZES[size][0], tapped), map(model, SIZES[size][1])];
        left.replaceChildren(over.board);
        right.replaceChildren(across.board, legend());
      }
      now = size;
      over.layOut();
    },
    draw(scene) { over.draw(scene); across.draw(scene); },
  };
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "ScalarRNN", () => ({ h: states(values(model, NET)) }));
  let peeked = 0;
  const setting = oneOfSliders(sliders(model)), { element, say } = report();
  const both = drawings(model, (step) => { if (step !== peeked) { peeked = step; draw(); } },
    () => setting.pick("x_t"));
  const caption = make("p", { class: "step" });
  const walk = walker(model);
  root.append(both.element, caption,
    make("div", { class: "dock" }, element, setting.element, make("div", { class: "walking" }, walk.play, walk.slider)),
    stories(model));

  function draw() {
    const net = values(model, NET);
    const h = states(net);
    const step = peeked && peeked <= h.length ? peeked : Math.min(model.get("step"), h.length);
    const drive = net.w_x * net.inputs[step - 1] + net.b;
    both.draw({ net, h, step, drive, rest: fixedPoints(net.w_h, drive) });
    caption.innerHTML = inWords({ net, h, step, drive });
    say(finding(net));
  }

  const sized = new ResizeObserver(() => { both.layOut(root); draw(); });
  both.layOut(root);
  const stop = redraw(model, [...NET, "step"], draw);
  sized.observe(root);
  return () => { walk.stop(); sized.disconnect(); stop(); leave(); };
}

export default { render };
