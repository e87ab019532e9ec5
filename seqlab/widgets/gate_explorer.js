import {
  brush, change, choice, draggable, fold, hatching, make, mount, player, points, presets,
  put, quiet, redraw, report, scale, signed, slider, svg, values,
} from "./shared.js";

// --- the cells, as PyTorch computes them ----------------------------------------------------------------------------

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

export const GATES = { lstm: ["f", "i", "o"], gru: ["r", "z"] };
const CANDIDATE = { lstm: "g", gru: "n" };
const WEIGHTS = { lstm: ["i", "f", "g", "o"].flatMap((gate) => [`w_x${gate}`, `w_h${gate}`, `b_${gate}`]),
  gru: [...["r", "z"].flatMap((gate) => [`w_x${gate}`, `w_h${gate}`, `b_${gate}`]), "w_xn", "w_hn", "b_xn", "b_hn"] };
const OPENINGS = ["f", "i", "o", "r", "z"];
const SETTINGS = ["kind", "mode", "inputs", ...OPENINGS, ...WEIGHTS.lstm, ...WEIGHTS.gru];

/** How far a gate is open: as set by hand, or computed from the input and the last state. */
function opening(s, gate, x, h) {
  return s.mode === "openings" ? s[gate] : sigmoid(s[`w_x${gate}`] * x + s[`w_h${gate}`] * h + s[`b_${gate}`]);
}

/** One step: what was there, every gate, what is kept, written and shown. */
export function step(s, x, h, c) {
  if (s.kind === "lstm") {
    const [f, i, o] = GATES.lstm.map((gate) => opening(s, gate, x, h));
    const g = Math.tanh(s.w_xg * x + s.w_hg * h + s.b_g);
    const kept = f * c, written = i * g, now = kept + written;
    return { x, before: c, hBefore: h, f, i, g, o, kept, written, belt: now, c: now, h: o * Math.tanh(now) };
  }
  const [r, z] = GATES.gru.map((gate) => opening(s, gate, x, h));
  const n = Math.tanh(s.w_xn * x + s.b_xn + r * (s.w_hn * h + s.b_hn));
  const kept = z * h, written = (1 - z) * n, now = written + kept;
  return { x, before: h, hBefore: h, r, z, n, kept, written, belt: now, c: null, h: now };
}

/** All steps, from empty memories. */
export function run(s) {
  let h = 0, c = 0;
  return s.inputs.map((x) => {
    const one = step(s, x, h, c);
    [h, c] = [one.h, one.c];
    return one;
  });
}

/** What Python knows by the same names: the states after each step, and the values of each gate. */
export function results(s) {
  const steps = run(s), each = (name) => steps.map((one) => one[name]);
  const letters = s.kind === "lstm" ? ["i", "f", "g", "o"] : ["r", "z", "n"];
  const gates = Object.fromEntries(letters.map((letter) => [letter, each(letter)]));
  return { h: each("h"), c: s.kind === "lstm" ? each("c") : [], gates };
}

/** How much of what a step wrote is still there at the end: the product of the gates that keep, after it. */
export function left(s, steps, from) {
  const keep = s.kind === "lstm" ? "f" : "z";
  return steps.slice(from + 1).reduce((product, one) => product * one[keep], 1);
}

/** A number as text, without a minus sign before zeros. */
const figures = (value, digits = 2) => signed(Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value, digits);

const percent = (share) => {
  const value = 100 * share;
  return `${value > 99.95 && value < 100 ? "almost 100" : value.toFixed(1)} %`;
};

/** What is to be seen now: of the step under the cursor, and of what was written first. */
export function finding(s, at) {
  const steps = run(s), [keep, where] = s.kind === "lstm" ? ["f", "in the cell state"] : ["z", "in the state"];
  const now = `At step ${at + 1}, ${ofThisStep(s, steps[at])}`;
  const first = steps.findIndex(({ written }) => Math.abs(written) > 0.05);
  if (first < 0) return `${now} Nothing is written at any step.`;
  const rest = steps.length - 1 - first, still = percent(left(s, steps, first));
  return `${now} Of what step ${first + 1} wrote, ${still} is ${where} ${rest} steps later: the product of `
    + `every ${keep} between.`;
}

function ofThisStep(s, one) {
  const lstm = s.kind === "lstm", name = lstm ? "the cell state" : "the state";
  const wrote = Math.abs(one.written) > 0.05, was = Math.abs(one.before) > 0.05;
  if (was && one[lstm ? "f" : "z"] < 0.1) return `${name} is wiped${wrote ? " and something new is written" : ""}.`;
  if (lstm && Math.abs(one.c) > 2) {
    return `c is ${signed(one.c)}, but h shows ${signed(one.h)}: after the tanh, large numbers look alike.`;
  }
  if (wrote) return `${signed(one.written)} is written into ${name}.`;
  if (was && lstm && Math.abs(one.h) < 0.1 * Math.abs(Math.tanh(one.c))) {
    return "the cell state carries its number, but the shut output gate shows nothing of it.";
  }
  if (was) return `${name} carries ${signed(one.belt)}${lstm ? ` and shows ${figures(one.h)}` : ""}.`;
  return `${name} is all but empty.`;
}

// --- stories --------------------------------------------------------------------------------------------------------

const pulses = (length, values) => Array.from({ length }, (_, t) => values[t] ?? 0);
const zeros = (names) => Object.fromEntries(names.map((name) => [name, 0]));
const LSTM = { ...zeros(WEIGHTS.lstm), kind: "lstm", mode: "weights", gate: "f", f: 1, i: 1, o: 1 };
const GRU = { ...zeros(WEIGHTS.gru), kind: "gru", mode: "weights", gate: "z", r: 1, z: 0.9 };
const COUNTER = { ...LSTM, b_f: 12, w_xi: 16, b_i: -8, w_xg: 4, b_o: 12 };

export const stories = {
  lstm: {
    "remember for 50 steps": { ...LSTM, w_hf: -12, b_f: 10, w_xi: 16, b_i: -8, w_xg: 2, w_xo: -16, b_o: -8,
      inputs: pulses(51, { 0: 1, 50: -1 }), step: 50 },
    count: { ...COUNTER, inputs: pulses(40, { 3: 1, 7: 1, 9: 1, 16: 1, 21: 1, 22: 1, 30: 1, 35: 1 }), step: 35 },
    reset: { ...COUNTER, w_xf: 16, b_f: 8, inputs: pulses(40, { 3: 1, 7: 1, 9: 1, 16: 1, 22: -1, 28: 1, 33: 1 }),
      step: 22 },
    leak: { ...LSTM, mode: "openings", f: 0.99, w_xg: 4, inputs: pulses(51, { 0: 1 }), step: 50 },
  },
  gru: {
    "remember for 50 steps": { ...GRU, w_xz: -20, b_z: 10, w_xn: 2, inputs: pulses(51, { 0: 1 }), step: 50 },
    overwrite: { ...GRU, w_xz: -40, b_z: 10, w_xn: 1, inputs: pulses(40, { 3: 1, 15: 0.5, 27: 1.5 }), step: 15 },
    forget: { ...GRU, mode: "openings", w_xn: 2, inputs: pulses(40, Array(10).fill(1)), step: 39 },
  },
};

// --- drawing --------------------------------------------------------------------------------------------------------

const WORDS = { f: "keep", i: "write", o: "show", g: "candidate", r: "reset", z: "keep", n: "candidate" };
const NAMES = { f: "forget gate", i: "input gate", g: "candidate", o: "output gate",
  r: "reset gate", z: "update gate", n: "candidate" };
const LIMIT = 2;                               // inputs are dragged between -2 and 2
const ROW = { x: 76, gate: 38, belt: 150, gap: 12 };

/** Where everything stands in a chart of this width. */
function plan(s, steps, width) {
  const gutter = width < 480 ? 58 : 76, column = (width - gutter - 6) / steps.length;
  const names = GATES[s.kind], gates = {};
  let top = 6 + ROW.x + ROW.gap;
  for (const name of names) { gates[name] = top + ROW.gate - 6; top += ROW.gate; }
  top += ROW.gap;
  const all = steps.flatMap(({ kept, belt, h }) => [kept, belt, h]);
  const most = Math.max(1, ...all), least = Math.min(0, ...all);
  const belt = scale(most, Math.min(least, -0.04 * most), top + 8, top + ROW.belt);
  return { gutter, column, gates, belt, top, most, least: Math.min(least, 0), height: top + ROW.belt + 24, width,
    left: (t) => gutter + t * column, middle: (t) => gutter + (t + 0.5) * column,
    input: scale(LIMIT, -LIMIT, 10, 10 + ROW.x - 8) };
}

/** Bars over all steps as path data, each from from(value, t) to to(value, t), `share` of its column wide. */
const bars = (p, heights, from, to, share) => heights.map((value, t) => {
  const x = p.left(t) + (p.column * (1 - share)) / 2, y = to(value, t), base = from(value, t);
  const wide = (p.column * share).toFixed(1), [low, high] = [base, y].map((each) => each.toFixed(1));
  return Math.abs(y - base) < 0.05 ? "" : `M${x.toFixed(1)} ${low}V${high}h${wide}V${low}Z`;
}).join("");

const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

function drawChart(paint, s, steps, at, p, hatch) {
  paint("rect", { x: p.left(at), y: 2, width: p.column, height: p.height - 24, class: "cursor", rx: 2 });
  drawInputs(paint, s.inputs, at, p);
  for (const name of GATES[s.kind]) drawGate(paint, name, steps.map((one) => one[name]), p);
  drawMemory(paint, s, steps, at, p, hatch);
  for (const t of [0, at, steps.length - 1]) {
    if (t !== at && Math.abs(t - at) * p.column < 34) continue;
    const now = t === at, x = Math.min(p.middle(t), p.width - (now ? 25 : 8));
    paint("text", { x, y: p.height - 6, class: now ? "tick now" : "tick soft" }, now ? `step ${t + 1}` : String(t + 1));
  }
}

const rule = (paint, p, y, kind) => paint("line", { x1: p.gutter, x2: p.width - 6, y1: y, y2: y, class: kind });

function label(paint, y, symbol, word, colour) {
  paint("text", { x: 2, y: y + 4, class: `symbol ${colour}` }, symbol);
  paint("text", { x: 20, y: y + 4, class: "soft word" }, word);
}

function drawInputs(paint, inputs, at, p) {
  const high = (value) => p.input(clamp(value, -LIMIT, LIMIT));
  label(paint, p.input(0), "x", "input", "x");
  rule(paint, p, p.input(0), "axis");
  paint("path", { d: bars(p, inputs, () => p.input(0), high, 0.4), class: "x" });
  inputs.forEach((value, t) => paint("circle", { cx: p.middle(t).toFixed(1), cy: high(value).toFixed(1),
    r: t === at ? 6 : Math.min(4, 0.42 * p.column), class: t === at ? "x knob" : "x" }));
}

function drawGate(paint, name, openings, p) {
  const base = p.gates[name], high = ROW.gate - 12;
  label(paint, base - high / 2, name, WORDS[name], name);
  paint("rect", { x: p.gutter, y: base - high, width: p.width - 6 - p.gutter, height: high, class: "passage" });
  paint("path", { d: bars(p, openings, () => base, (value) => base - high * value, 0.86), class: name });
}

/** What is kept and written at every step, and of an LSTM what is shown. */
function drawMemory(paint, s, steps, at, p, hatch) {
  const lstm = s.kind === "lstm", memory = lstm ? "c" : "h", zero = p.belt(0);
  label(paint, (p.belt(p.most) + zero) / 2, memory, lstm ? (p.width < 480 ? "cell" : "cell state") : "state", memory);
  for (const value of [p.most, p.least].filter((each) => each !== 0)) {
    rule(paint, p, p.belt(value), "grid");
    paint("text", { x: p.gutter - 5, y: p.belt(value) + 4, class: "soft end" }, signed(value, 1));
  }
  rule(paint, p, zero, "rail");
  const kept = bars(p, steps.map((one) => one.kept), () => zero, (value) => p.belt(value), 0.8);
  const wrote = bars(p, steps.map(({ belt }) => belt), (_, t) => p.belt(steps[t].kept), (value) => p.belt(value), 0.8);
  paint("path", { d: kept, class: `kept ${memory}` });
  paint("path", { d: wrote, class: `written ${lstm ? "i" : "n"}` });
  paint("path", { d: wrote, fill: hatch, class: "over" });
  if (!lstm) return;
  paint("polyline", { points: points(steps.map(({ h }, t) => [p.middle(t), p.belt(h)])), class: "shown" });
  paint("circle", { cx: p.middle(at).toFixed(1), cy: p.belt(steps[at].h).toFixed(1), r: 4.5, class: "h" });
}

/** What the belt is drawn with: things at a share of its width, blocks and doors with heights as numbers. */
function beltTools(paint, one, width, most) {
  const lowest = Math.min(one.before, one.kept, one.belt, one.h, one.kept + Math.min(0, one.written));
  const low = lowest < -0.02 * most, zero = low ? 108 : 142, reach = low ? 46 : 86, unit = reach / most;
  const block = Math.min(46, width * 0.085), at = (share) => 8 + share * (width - 16);
  const stand = (share, from, to, kind, fill) => paint("rect", { x: at(share) - block / 2, width: block,
    y: zero - Math.max(from, to) * unit, height: Math.abs(to - from) * unit, fill, class: kind });
  const words = (share, symbol, value, colour) => {
    paint("text", { x: at(share), y: 186, class: `symbol mid ${colour}` }, symbol);
    paint("text", { x: at(share), y: 204, class: "value mid" }, figures(value));
  };
  const sign = (x, text) => paint("text", { x, y: zero - 8, class: "sign mid" }, text);
  const door = (share, open, symbol, colour) => {
    const top = zero - reach - 10, high = 2 * reach > 100 ? reach + 10 : 2 * reach + 10, jaw = (high * (1 - open)) / 2;
    const board = { x: at(share) - 7, width: 14 };
    paint("rect", { ...board, y: top, height: high, class: "frame" });
    paint("rect", { ...board, y: top, height: jaw, class: `jaw ${colour}` });
    paint("rect", { ...board, y: top + high - jaw, height: jaw, class: `jaw ${colour}` });
    paint("text", { x: at(share), y: top - 20, class: `symbol mid ${colour}` }, symbol);
    paint("text", { x: at(share), y: top - 5, class: "value mid" }, open.toFixed(2));
  };
  return { zero, block, at, stand, words, sign, door };
}

const PLACES = {       // shares of the belt's width
  lstm: { before: 0.06, keep: 0.165, kept: 0.28, write: 0.41, written: 0.525, now: 0.675, show: 0.8, h: 0.93 },
  gru: { before: 0.08, keep: 0.21, kept: 0.36, write: 0.52, written: 0.68, now: 0.9 },
};

/** The step under the cursor, as a belt with blocks on it and doors that are open as far as the gates are. */
function drawBelt(paint, s, one, width, most, hatch) {
  const lstm = s.kind === "lstm", memory = lstm ? "c" : "h", colour = lstm ? "i" : "n", keep = lstm ? "f" : "z";
  const { zero, block, at, stand, words, sign, door } = beltTools(paint, one, width, most), places = PLACES[s.kind];
  paint("line", { x1: 0, x2: at(lstm ? 0.735 : 1), y1: zero + 4, y2: zero + 4, class: `belt ${memory}` });
  stand(places.before, 0, one.before, `kept ${memory}`);
  words(places.before, "before", one.before, memory);
  door(places.keep, one[keep], keep, keep);
  stand(places.kept, 0, one.kept, `kept ${memory}`);
  words(places.kept, lstm ? "f · c" : "z · h", one.kept, memory);
  door(places.write, lstm ? one.i : 1 - one.z, lstm ? "i" : "1 − z", lstm ? "i" : "z");
  stand(places.written, 0, one.written, `written ${colour}`);
  stand(places.written, 0, one.written, "over", hatch);
  sign((at(places.kept) + block / 2 + at(places.write) - 7) / 2, "+");
  sign(at((places.written + places.now) / 2), "=");
  words(places.written, lstm ? "i · g" : width < 480 ? "(1−z)·n" : "(1 − z) · n", one.written, colour);
  stand(places.now, 0, one.kept, `kept ${memory}`);
  stand(places.now, one.kept, one.belt, `written ${colour}`);
  stand(places.now, one.kept, one.belt, "over", hatch);
  words(places.now, memory, one.belt, memory);
  if (!lstm) return;
  door(places.show, one.o, "o", "o");
  stand(places.h, 0, one.h, "h solid");
  words(places.h, "h", one.h, "h");
}

// --- the arithmetic of one step, in words, symbols and numbers ------------------------------------------------------

const sub = (letter, index, colour) => `<var class="${colour}">${letter}<sub>${index}</sub></var>`;
const sym = (letter, colour = letter) => `<var class="${colour}">${letter}</var>`;
const num = (value) => figures(value, 4);
const inner = (value) => (num(value).startsWith("\u2212") ? `(${num(value)})` : num(value));

/** Rows of [word, symbols, numbers], as HTML of our own. */
export function arithmetic(s, one) {
  const gates = GATES[s.kind].map((name) => gateRow(s, one, name));
  return [...gates, ...(s.kind === "lstm" ? lstmRows(s, one) : gruRows(s, one))];
}

function gateRow(s, { x, hBefore: h, ...one }, name) {
  if (s.mode === "openings") return ["by hand", sym(name), num(one[name])];
  const inside = `${sub("W", `x${name}`, name)}x + ${sub("W", `h${name}`, name)}h + ${sub("b", name, name)}`;
  const sum = s[`w_x${name}`] * x + s[`w_h${name}`] * h + s[`b_${name}`];
  return [WORDS[name], `${sym(name)} = σ(${inside})`, `σ(${num(sum)}) = ${num(one[name])}`];
}

const added = (one, result) => `${num(one.kept)} + ${inner(one.written)} = ${num(result)}`;

function lstmRows(s, { x, hBefore: h, ...one }) {
  const inside = `${sub("W", "xg", "g")}x + ${sub("W", "hg", "g")}h + ${sub("b", "g", "g")}`;
  return [
    ["candidate", `${sym("g")} = tanh(${inside})`, `tanh(${num(s.w_xg * x + s.w_hg * h + s.b_g)}) = ${num(one.g)}`],
    ["kept", `${sym("f")} · ${sub("c", "t−1", "c")}`, `${num(one.f)} · ${inner(one.before)} = ${num(one.kept)}`],
    ["written", `${sym("i")} · ${sym("g")}`, `${num(one.i)} · ${inner(one.g)} = ${num(one.written)}`],
    ["cell state", `${sub("c", "t", "c")} = kept + written`, added(one, one.c)],
    ["shown", `${sub("h", "t", "h")} = ${sym("o")} · tanh(${sub("c", "t", "c")})`,
      `${num(one.o)} · ${inner(Math.tanh(one.c))} = ${num(one.h)}`],
  ];
}

function gruRows(s, { x, hBefore: h, ...one }) {
  const first = `${sub("W", "xn", "n")}x + ${sub("b", "xn", "n")}`;
  const second = `${sym("r")}(${sub("W", "hn", "n")}h + ${sub("b", "hn", "n")})`;
  return [
    ["candidate", `${sym("n")} = tanh(${first} + ${second})`,
      `tanh(${num(s.w_xn * x + s.b_xn)} + ${num(one.r)} · ${inner(s.w_hn * h + s.b_hn)}) = ${num(one.n)}`],
    ["kept", `${sym("z")} · ${sub("h", "t−1", "h")}`, `${num(one.z)} · ${inner(one.before)} = ${num(one.kept)}`],
    ["written", `(1 − ${sym("z")}) · ${sym("n")}`, `${num(1 - one.z)} · ${inner(one.n)} = ${num(one.written)}`],
    ["kept and shown", `${sub("h", "t", "h")} = kept + written`, added(one, one.h)],
  ];
}

// --- the figure -----------------------------------------------------------------------------------------------------

function setInput(model, at, value) {
  const inputs = [...model.get("inputs")];
  inputs[at] = clamp(Math.round(value * 20) / 20, -LIMIT, LIMIT);
  change(model, { inputs, step: at });
}

const nearOne = (value) => Math.abs(Math.abs(value) - 1) < 0.12;
const snapped = (value) => (Math.abs(value) < 0.15 ? 0 : nearOne(value) ? Math.sign(value) : value);

/** The inputs by pointer; elsewhere in the chart the pointer moves the cursor. */
function handlePointer(model, drawing, strip, where) {
  let dragging = null;
  draggable(strip);
  const place = (event) => {
    const box = drawing.getBoundingClientRect(), p = where(), ratio = p.width / box.width;
    const x = (event.clientX - box.left) * ratio, y = (event.clientY - box.top) * ratio;
    const at = clamp(Math.floor((x - p.gutter) / p.column), 0, model.get("inputs").length - 1);
    return { at, value: p.input.back(y), x };
  };
  drawing.addEventListener("pointerdown", (event) => {
    const { at, value, x } = place(event);
    if (x < where().gutter - 8) return;
    drawing.setPointerCapture(event.pointerId);
    dragging = event.target === strip ? at : -1;
    if (dragging >= 0) { strip.focus(); setInput(model, at, snapped(value)); } else change(model, { step: at });
  });
  drawing.addEventListener("pointermove", (event) => {
    if (dragging === null) return;
    const { at, value } = place(event);
    if (dragging >= 0) setInput(model, dragging, snapped(value)); else change(model, { step: at });
  });
  for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, () => { dragging = null; });
}

/** The inputs by keys: up and down for the value, left and right for the step. */
function handleKeys(model, strip) {
  const moves = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 0.5, PageDown: -0.5 };
  const places = { Home: -LIMIT, End: LIMIT, Delete: 0, Backspace: 0, 0: 0 };
  const sides = { ArrowLeft: -1, ArrowRight: 1 };
  strip.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event;
    const at = model.get("step"), value = model.get("inputs")[at], last = model.get("inputs").length - 1;
    if (key in moves) setInput(model, at, value + moves[key] * (shiftKey ? 5 : 1));
    else if (key in places) setInput(model, at, places[key]);
    else if (key in sides) change(model, { step: clamp(at + sides[key], 0, last) });
    else return;
    event.preventDefault();
  });
}

/** A slider for the step, with a button that plays. */
function cursor(model) {
  const count = () => model.get("inputs").length;
  const which = (step) => `${step + 1} of ${count()}`;
  return player(model, "step", { first: 0, last: () => count() - 1, words: [["play"], ["pause"]],
    pace: () => (quiet() ? 900 : Math.min(350, 9000 / count())), label: "step", name: "step", min: 1, max: count,
    place: (step) => step + 1, value: (place) => place - 1, watch: ["inputs"], show: which,
    say: (step) => `step ${which(step)}` });
}

function openingSlider(model, name) {
  const label = `${sym(name)} ${NAMES[name].split(" ")[0]}`;
  return slider(model, name, { label, name: `opening of the ${NAMES[name]}`, min: 0, max: 1, step: 0.01 });
}

function weightSlider(model, name) {
  const [letter, index] = name.split("_"), gate = index.at(-1);
  const bias = { xn: "input bias", hn: "bias inside the reset bracket" }[index] ?? "bias";
  const says = letter === "b" ? bias : index[0] === "x" ? "weight of the input" : "weight of the state";
  const most = letter === "b" ? 15 : "gn".includes(gate) ? 8 : 40;    // tanh is flat long before a gate is shut
  return slider(model, name, { label: sub(letter === "b" ? "b" : "W", index, gate), name: `${says}, ${NAMES[gate]}`,
    min: -most, max: most, step: 0.5, show: (value) => signed(value, 1) });
}

const weightsOf = (model, gates) => choice(model, "gate", { name: "weights of",
  options: gates.map((name) => [name, `${name} ${WORDS[name]}`]) });

/** Sliders for everything that can be set; `show` hides those that do not matter now. */
function controls(model) {
  const openings = Object.fromEntries(OPENINGS.map((name) => [name, openingSlider(model, name)]));
  const names = [...WEIGHTS.lstm, ...WEIGHTS.gru];
  const weights = Object.fromEntries(names.map((name) => [name, weightSlider(model, name)]));
  const pick = { lstm: weightsOf(model, ["f", "i", "g", "o"]), gru: weightsOf(model, ["r", "z", "n"]) };
  const note = make("p", { class: "note" });
  const element = make("div", {}, make("div", { class: "controls" }, ...Object.values(openings)), pick.lstm, pick.gru,
    note, make("div", { class: "controls" }, ...Object.values(weights)));
  const show = (kind, mode, gate) => {
    const byHand = mode === "openings", own = byHand ? CANDIDATE[kind] : gate;
    for (const [name, one] of Object.entries(openings)) one.hidden = !byHand || !GATES[kind].includes(name);
    const matters = WEIGHTS[kind].filter((name) => name.at(-1) === own);
    for (const [name, one] of Object.entries(weights)) one.hidden = !matters.includes(name);
    for (const [name, one] of Object.entries(pick)) one.hidden = byHand || name !== kind;
    note.hidden = !byHand;
    note.textContent = `The candidate ${own} still comes from its weights:`;
  };
  return { element, show };
}

/** The inputs, gates and memory over time. */
function chart(model) {
  const drawing = svg("svg", { role: "group", "aria-label": "Inputs, gates and memory over time", class: "chart" });
  const hatch = hatching(drawing, "hatch");
  const { paint, done } = brush(svg("g", { "aria-hidden": "true" }, drawing));
  const strip = svg("rect", { class: "strip", tabindex: 0, role: "slider", "aria-orientation": "vertical",
    "aria-valuemin": -LIMIT, "aria-valuemax": LIMIT, "aria-label": "input at the step of the cursor" }, drawing);
  let p = null;
  handlePointer(model, drawing, strip, () => p);
  handleKeys(model, strip);
  const draw = (s, all, at) => {
    const room = drawing.clientWidth || drawing.getBoundingClientRect().width;
    p = plan(s, all, Math.max(280, Math.round(room) || 680));
    drawChart(paint, s, all, at, p, hatch);
    done();
    put(drawing, { viewBox: `0 0 ${p.width} ${p.height}` });
    put(strip, { x: p.gutter, y: 2, width: p.width - p.gutter - 6, height: ROW.x + 10, "aria-valuenow": all[at].x,
      "aria-valuetext": `step ${at + 1}: ${signed(all[at].x)}` });
    return p;
  };
  return { drawing, draw };
}

/** The step of the cursor from near. */
function closeup() {
  const drawing = svg("svg", { role: "img", class: "closeup" });
  const hatch = hatching(drawing, "hatch");
  const { paint, done } = brush(svg("g", {}, drawing));
  const draw = (s, one, at, { width, most, least }) => {
    const room = Math.max(280, Math.round(drawing.getBoundingClientRect().width) || width);
    drawBelt(paint, s, one, room, Math.max(1, Math.abs(most), Math.abs(least)), hatch);
    done();
    const belt = s.kind === "lstm" ? `, cell state ${figures(one.c)}` : "";
    put(drawing, { viewBox: `0 0 ${room} 212`, "aria-label": `Step ${at + 1}: kept ${figures(one.kept)}, `
      + `written ${figures(one.written)}${belt}, shown ${figures(one.h)}` });
  };
  return { drawing, draw };
}

const KEYS = {
  lstm: '<span><span class="chip c"></span> kept</span><span><span class="chip i hatched"></span> written</span>'
    + `<span><span class="chip line"></span> shown: ${sym("h")}</span>`,
  gru: '<span><span class="chip h"></span> kept</span><span><span class="chip n hatched"></span> written</span>'
    + `<span>All of the state is shown: ${sym("h")}</span>`,
};

const sumLine = ([word, symbols, numbers]) =>
  `<span class="word">${word}</span><span>${symbols}</span><span class="numbers">${numbers}</span>`;

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "GateExplorer", () => results(values(model, SETTINGS)));
  const names = [...SETTINGS, "step", "gate"];
  const teller = (kind) => presets(model, { name: "Stories", options: Object.entries(stories[kind]), settings: names,
    reset: "reset figure", looking: ["step", "gate"] });
  const tellers = { lstm: teller("lstm"), gru: teller("gru") };
  const setting = controls(model), steps = cursor(model), finds = report(), over = chart(model), near = closeup();
  const sums = make("div", { class: "sums", role: "group", "aria-label": "the arithmetic of this step" });
  const key = make("p", { class: "key" });
  root.append(tellers.lstm, tellers.gru,
    make("div", { class: "controls" },
      choice(model, "kind", { name: "cell", options: [["gru", "GRU"], ["lstm", "LSTM"]] }),
      choice(model, "mode", { name: "gates", options: [["openings", "by hand"], ["weights", "from weights"]] })),
    setting.element, over.drawing, key, make("div", { class: "steps" }, steps.play, steps.slider), finds.element,
    make("div", { class: "two" }, near.drawing, fold(root, "The arithmetic of this step", sums)));

  const draw = () => {
    const s = values(model, SETTINGS), all = run(s), at = clamp(model.get("step"), 0, all.length - 1);
    const gates = [...GATES[s.kind], CANDIDATE[s.kind]], picked = model.get("gate");
    for (const [kind, row] of Object.entries(tellers)) row.hidden = kind !== s.kind;
    setting.show(s.kind, s.mode, gates.includes(picked) ? picked : GATES[s.kind].at(-1));
    near.draw(s, all[at], at, over.draw(s, all, at));
    key.innerHTML = KEYS[s.kind];
    sums.innerHTML = arithmetic(s, all[at]).map(sumLine).join("");
    finds.say(finding(s, at));
  };
  const stop = redraw(model, names, draw);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); steps.stop(); stop(); leave(); };
}

export default { render };
