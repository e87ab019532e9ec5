import { brush, change, choice, draggable, fold, make, mount, presets, quiet, redraw, report, scale, signed, slider, steady, svg } from "./shared.js";

// --- the cells, as PyTorch computes them ------------------------------------------------------------------------------

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

export const GATES = { lstm: ["f", "i", "o"], gru: ["r", "z"] };
const CANDIDATE = { lstm: "g", gru: "n" };
const WEIGHTS = { lstm: ["i", "f", "g", "o"].flatMap((gate) => [`w_x${gate}`, `w_h${gate}`, `b_${gate}`]),
  gru: [...["r", "z"].flatMap((gate) => [`w_x${gate}`, `w_h${gate}`, `b_${gate}`]), "w_xn", "w_hn", "b_xn", "b_hn"] };
const OPENINGS = ["f", "i", "o", "r", "z"];
const SETTINGS = ["kind", "mode", "inputs", ...OPENINGS, ...WEIGHTS.lstm, ...WEIGHTS.gru];

/** How far a gate is open: as set by hand, or computed from the input and the last state. */
const opening = (s, gate, x, h) => (s.mode === "openings" ? s[gate] : sigmoid(s[`w_x${gate}`] * x + s[`w_h${gate}`] * h + s[`b_${gate}`]));

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
  return { h: each("h"), c: s.kind === "lstm" ? each("c") : [], gates: Object.fromEntries(letters.map((name) => [name, each(name)])) };
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
  const steps = run(s), one = steps[at], keep = s.kind === "lstm" ? "f" : "z";
  const first = steps.findIndex(({ written }) => Math.abs(written) > 0.05);
  const wrote = Math.abs(one.written) > 0.05, kept = one[keep], [name, where] = s.kind === "lstm" ? ["the belt", "on the belt"] : ["the state", "in the state"];
  const was = Math.abs(one.before) > 0.05;
  let now = `At step ${at + 1}, `;
  if (was && kept < 0.1) now += `${name} is wiped${wrote ? " and something new is written" : ""}.`;
  else if (s.kind === "lstm" && Math.abs(one.c) > 2) now += `c is ${signed(one.c)}, but h shows ${signed(one.h)}: after the tanh, large numbers look alike.`;
  else if (wrote) now += `${signed(one.written)} is written ${where}.`;
  else if (was && s.kind === "lstm" && Math.abs(one.h) < 0.1 * Math.abs(Math.tanh(one.c))) now += "the belt carries its number, but the shut output gate shows nothing of it.";
  else if (was) now += `${name} carries ${signed(one.belt)}${s.kind === "lstm" ? ` and shows ${figures(one.h)}` : ""}.`;
  else now += `${name} is all but empty.`;
  if (first < 0) return `${now} Nothing is written at any step.`;
  const rest = steps.length - 1 - first;
  return `${now} Of what step ${first + 1} wrote, ${percent(left(s, steps, first))} is ${where} ${rest} steps later: the product of every ${keep} between.`;
}

// --- stories ----------------------------------------------------------------------------------------------------------

const pulses = (length, values) => Array.from({ length }, (_, t) => values[t] ?? 0);
const zeros = (names) => Object.fromEntries(names.map((name) => [name, 0]));
const LSTM = { ...zeros(WEIGHTS.lstm), kind: "lstm", mode: "weights", gate: "f", f: 1, i: 1, o: 1 };
const GRU = { ...zeros(WEIGHTS.gru), kind: "gru", mode: "weights", gate: "z", r: 1, z: 0.9 };
const COUNTER = { ...LSTM, b_f: 12, w_xi: 16, b_i: -8, w_xg: 4, b_o: 12 };

export const stories = {
  lstm: {
    "remember for 50 steps": { ...LSTM, w_hf: -12, b_f: 10, w_xi: 16, b_i: -8, w_xg: 2, w_xo: -16, b_o: -8, inputs: pulses(51, { 0: 1, 50: -1 }), step: 50 },
    count: { ...COUNTER, inputs: pulses(40, { 3: 1, 7: 1, 9: 1, 16: 1, 21: 1, 22: 1, 30: 1, 35: 1 }), step: 35 },
    reset: { ...COUNTER, w_xf: 16, b_f: 8, inputs: pulses(40, { 3: 1, 7: 1, 9: 1, 16: 1, 22: -1, 28: 1, 33: 1 }), step: 22 },
    leak: { ...LSTM, mode: "openings", f: 0.99, w_xg: 4, inputs: pulses(51, { 0: 1 }), step: 50 },
  },
  gru: {
    "remember for 50 steps": { ...GRU, w_xz: -20, b_z: 10, w_xn: 2, inputs: pulses(51, { 0: 1 }), step: 50 },
    overwrite: { ...GRU, w_xz: -40, b_z: 10, w_xn: 1, inputs: pulses(40, { 3: 1, 15: 0.5, 27: 1.5 }), step: 15 },
    forget: { ...GRU, mode: "openings", w_xn: 2, inputs: pulses(40, Object.fromEntries(Array.from({ length: 10 }, (_, t) => [t, 1]))), step: 39 },
  },
};

// --- drawing ----------------------------------------------------------------------------------------------------------

const WORDS = { f: "keep", i: "write", o: "show", g: "candidate", r: "reset", z: "keep", n: "candidate" };
const NAMES = { f: "forget gate", i: "input gate", g: "candidate", o: "output gate", r: "reset gate", z: "update gate", n: "candidate" };
const LIMIT = 2;                               // inputs are dragged between -2 and 2
const ROW = { x: 76, gate: 38, belt: 150, gap: 12 };

/** Where everything stands in a chart of this width. */
function plan(s, steps, width) {
  const gutter = width < 480 ? 58 : 76, column = (width - gutter - 6) / steps.length;
  const names = GATES[s.kind], gates = {};
  let top = 6 + ROW.x + ROW.gap;
  for (const name of names) { gates[name] = top + ROW.gate - 6; top += ROW.gate; }
  top += ROW.gap;
  const values = steps.flatMap(({ kept, belt, h }) => [kept, belt, h]);
  const most = Math.max(1, ...values), least = Math.min(0, ...values);
  const belt = scale(most, Math.min(least, -0.04 * most), top + 8, top + ROW.belt);
  return { gutter, column, gates, belt, top, most, least: Math.min(least, 0), height: top + ROW.belt + 24, width,
    left: (t) => gutter + t * column, middle: (t) => gutter + (t + 0.5) * column,
    input: scale(LIMIT, -LIMIT, 10, 10 + ROW.x - 8) };
}

const bars = (p, values, from, to, share = 0.66) => values.map((value, t) => {
  const x = p.left(t) + (p.column * (1 - share)) / 2, y = to(value, t), base = from(value, t);
  return Math.abs(y - base) < 0.05 ? "" : `M${x.toFixed(1)} ${base.toFixed(1)}V${y.toFixed(1)}h${(p.column * share).toFixed(1)}V${base.toFixed(1)}Z`;
}).join("");

function drawChart(put, s, steps, at, p, hatch) {
  const line = (y, kind = "axis") => put("line", { x1: p.gutter, x2: p.width - 6, y1: y, y2: y, class: kind });
  const label = (y, symbol, word, colour) => {
    put("text", { x: 2, y: y + 4, class: `symbol ${colour}` }, symbol);
    put("text", { x: 20, y: y + 4, class: "soft word" }, word);
  };
  put("rect", { x: p.left(at), y: 2, width: p.column, height: p.height - 24, class: "cursor", rx: 2 });
  label(p.input(0), "x", "input", "x");
  line(p.input(0));
  put("path", { d: bars(p, s.inputs, () => p.input(0), (value) => p.input(Math.max(-LIMIT, Math.min(LIMIT, value))), 0.4), class: "x" });
  s.inputs.forEach((value, t) => put("circle", { cx: p.middle(t).toFixed(1), cy: p.input(Math.max(-LIMIT, Math.min(LIMIT, value))).toFixed(1),
    r: t === at ? 6 : Math.min(4, 0.42 * p.column), class: t === at ? "x knob" : "x" }));
  for (const name of GATES[s.kind]) {
    const base = p.gates[name], high = ROW.gate - 12;
    label(base - high / 2, name, WORDS[name], name);
    put("rect", { x: p.gutter, y: base - high, width: p.width - 6 - p.gutter, height: high, class: "passage" });
    put("path", { d: bars(p, steps.map((one) => one[name]), () => base, (value) => base - high * value, 0.86), class: name });
  }
  const zero = p.belt(0), memory = s.kind === "lstm" ? "c" : "h", candidate = s.kind === "lstm" ? "i" : "n";
  label((p.belt(p.most) + zero) / 2, memory, s.kind === "lstm" ? "belt" : "state", memory);
  for (const value of [p.most, p.least]) {
    if (value !== 0) line(p.belt(value), "grid");
    if (value !== 0) put("text", { x: p.gutter - 5, y: p.belt(value) + 4, class: "soft end" }, signed(value, 1));
  }
  line(zero, "rail");
  put("path", { d: bars(p, steps.map(({ kept }) => kept), () => zero, (value) => p.belt(value), 0.8), class: `kept ${memory}` });
  const wrote = bars(p, steps.map(({ belt }) => belt), (_, t) => p.belt(steps[t].kept), (value) => p.belt(value), 0.8);
  put("path", { d: wrote, class: `written ${candidate}` });
  put("path", { d: wrote, fill: `url(#${hatch})`, class: "over" });
  if (s.kind === "lstm") {
    put("polyline", { points: steps.map(({ h }, t) => `${p.middle(t).toFixed(1)},${p.belt(h).toFixed(1)}`).join(" "), class: "shown" });
    put("circle", { cx: p.middle(at).toFixed(1), cy: p.belt(steps[at].h).toFixed(1), r: 4.5, class: "h" });
  }
  for (const t of [0, at, steps.length - 1]) {
    if (t !== at && Math.abs(t - at) * p.column < 34) continue;
    put("text", { x: Math.min(p.middle(t), p.width - (t === at ? 25 : 8)), y: p.height - 6, class: t === at ? "tick now" : "tick soft" }, t === at ? `step ${t + 1}` : String(t + 1));
  }
}

/** The step under the cursor, as a belt with blocks on it and doors that are open as far as the gates are. */
function drawBelt(put, s, one, width, most, hatch) {
  const lstm = s.kind === "lstm", memory = lstm ? "c" : "h";
  const low = Math.min(one.before, one.kept, one.belt, one.h, one.kept + Math.min(0, one.written)) < -0.02 * most;
  const zero = low ? 108 : 142, reach = low ? 46 : 86, unit = reach / most, block = Math.min(46, width * 0.085);
  const at = (share) => 8 + share * (width - 16);
  const places = lstm ? { before: 0.06, keep: 0.165, kept: 0.28, write: 0.41, written: 0.525, now: 0.675, show: 0.8, h: 0.93 }
    : { before: 0.08, keep: 0.21, kept: 0.36, write: 0.52, written: 0.68, now: 0.9 };
  put("line", { x1: 0, x2: at(lstm ? 0.735 : 1), y1: zero + 4, y2: zero + 4, class: `belt ${memory}` });
  const stand = (share, from, to, kind) => put("rect", { x: at(share) - block / 2, width: block, y: Math.min(zero - from * unit, zero - to * unit), height: Math.abs(to - from) * unit, class: kind });
  const words = (share, symbol, value, colour) => {
    put("text", { x: at(share), y: 186, class: `symbol mid ${colour}` }, symbol);
    put("text", { x: at(share), y: 204, class: "value mid" }, figures(value));
  };
  const door = (share, open, symbol, colour) => {
    const top = zero - reach - 10, high = 2 * reach > 100 ? reach + 10 : 2 * reach + 10, jaw = (high * (1 - open)) / 2;
    put("rect", { x: at(share) - 7, y: top, width: 14, height: high, class: "frame" });
    put("rect", { x: at(share) - 7, y: top, width: 14, height: jaw, class: `jaw ${colour}` });
    put("rect", { x: at(share) - 7, y: top + high - jaw, width: 14, height: jaw, class: `jaw ${colour}` });
    put("text", { x: at(share), y: top - 20, class: `symbol mid ${colour}` }, symbol);
    put("text", { x: at(share), y: top - 5, class: "value mid" }, open.toFixed(2));
  };
  stand(places.before, 0, one.before, `kept ${memory}`);
  words(places.before, "before", one.before, memory);
  door(places.keep, lstm ? one.f : one.z, lstm ? "f" : "z", lstm ? "f" : "z");
  stand(places.kept, 0, one.kept, `kept ${memory}`);
  words(places.kept, lstm ? "f · c" : "z · h", one.kept, memory);
  const colour = lstm ? "i" : "n";
  door(places.write, lstm ? one.i : 1 - one.z, lstm ? "i" : "1 − z", lstm ? "i" : "z");
  stand(places.written, 0, one.written, `written ${colour}`);
  put("rect", { x: at(places.written) - block / 2, width: block, y: zero - Math.max(0, one.written) * unit, height: Math.abs(one.written) * unit, fill: `url(#${hatch})`, class: "over" });
  put("text", { x: (at(places.kept) + block / 2 + at(places.write) - 7) / 2, y: zero - 8, class: "sign mid" }, "+");
  put("text", { x: at((places.written + places.now) / 2), y: zero - 8, class: "sign mid" }, "=");
  words(places.written, lstm ? "i · g" : width < 480 ? "(1−z)·n" : "(1 − z) · n", one.written, colour);
  stand(places.now, 0, one.kept, `kept ${memory}`);
  stand(places.now, one.kept, one.belt, `written ${colour}`);
  put("rect", { x: at(places.now) - block / 2, width: block, y: zero - Math.max(one.kept, one.belt) * unit, height: Math.abs(one.written) * unit, fill: `url(#${hatch})`, class: "over" });
  words(places.now, lstm ? "c" : "h", one.belt, memory);
  if (lstm) {
    door(places.show, one.o, "o", "o");
    stand(places.h, 0, one.h, "h solid");
    words(places.h, "h", one.h, "h");
  }
}

// --- the arithmetic of one step, in words, symbols and numbers --------------------------------------------------------

const sub = (letter, index, colour) => `<var class="${colour}">${letter}<sub>${index}</sub></var>`;
const sym = (letter, colour = letter) => `<var class="${colour}">${letter}</var>`;
const num = (value) => figures(value, 4);
const inner = (value) => (num(value).startsWith("\u2212") ? `(${num(value)})` : num(value));

/** Rows of [word, symbols, numbers], as HTML of our own. */
export function arithmetic(s, one) {
  const { x, hBefore: h } = one, rows = [];
  const gate = (name) => {
    const sum = s[`w_x${name}`] * x + s[`w_h${name}`] * h + s[`b_${name}`];
    return s.mode === "openings" ? ["by hand", sym(name), num(one[name])]
      : [WORDS[name], `${sym(name)} = σ(${sub("W", `x${name}`, name)}x + ${sub("W", `h${name}`, name)}h + ${sub("b", name, name)})`, `σ(${num(sum)}) = ${num(one[name])}`];
  };
  if (s.kind === "lstm") {
    rows.push(...GATES.lstm.map(gate));
    rows.push(["candidate", `${sym("g")} = tanh(${sub("W", "xg", "g")}x + ${sub("W", "hg", "g")}h + ${sub("b", "g", "g")})`, `tanh(${num(s.w_xg * x + s.w_hg * h + s.b_g)}) = ${num(one.g)}`]);
    rows.push(["kept", `${sym("f")} · ${sub("c", "t−1", "c")}`, `${num(one.f)} · ${inner(one.before)} = ${num(one.kept)}`]);
    rows.push(["written", `${sym("i")} · ${sym("g")}`, `${num(one.i)} · ${inner(one.g)} = ${num(one.written)}`]);
    rows.push(["on the belt", `${sub("c", "t", "c")} = kept + written`, `${num(one.kept)} + ${inner(one.written)} = ${num(one.c)}`]);
    rows.push(["shown", `${sub("h", "t", "h")} = ${sym("o")} · tanh(${sub("c", "t", "c")})`, `${num(one.o)} · ${inner(Math.tanh(one.c))} = ${num(one.h)}`]);
    return rows;
  }
  rows.push(...GATES.gru.map(gate));
  rows.push(["candidate", `${sym("n")} = tanh(${sub("W", "xn", "n")}x + ${sub("b", "xn", "n")} + ${sym("r")}(${sub("W", "hn", "n")}h + ${sub("b", "hn", "n")}))`,
    `tanh(${num(s.w_xn * x + s.b_xn)} + ${num(one.r)} · ${inner(s.w_hn * h + s.b_hn)}) = ${num(one.n)}`]);
  rows.push(["kept", `${sym("z")} · ${sub("h", "t−1", "h")}`, `${num(one.z)} · ${inner(one.before)} = ${num(one.kept)}`]);
  rows.push(["written", `(1 − ${sym("z")}) · ${sym("n")}`, `${num(1 - one.z)} · ${inner(one.n)} = ${num(one.written)}`]);
  rows.push(["kept and shown", `${sub("h", "t", "h")} = kept + written`, `${num(one.kept)} + ${inner(one.written)} = ${num(one.h)}`]);
  return rows;
}

// --- the figure -------------------------------------------------------------------------------------------------------

const settings = (model) => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

function setInput(model, at, value) {
  const inputs = [...model.get("inputs")];
  inputs[at] = clamp(Math.round(value * 20) / 20, -LIMIT, LIMIT);
  change(model, { inputs, step: at });
}

/** The inputs by pointer and by keys; elsewhere in the chart the pointer moves the cursor. */
function handleChart(model, drawing, strip, where) {
  let dragging = null;
  draggable(strip);
  const place = (event) => {
    const box = drawing.getBoundingClientRect(), p = where(), ratio = p.width / box.width;
    const x = (event.clientX - box.left) * ratio, y = (event.clientY - box.top) * ratio;
    return { at: clamp(Math.floor((x - p.gutter) / p.column), 0, model.get("inputs").length - 1), value: p.input.back(y), x };
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
  const moves = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 0.5, PageDown: -0.5 };
  strip.addEventListener("keydown", (event) => {
    const at = model.get("step"), value = model.get("inputs")[at], last = model.get("inputs").length - 1;
    if (event.key in moves) setInput(model, at, value + moves[event.key] * (event.shiftKey ? 5 : 1));
    else if (event.key === "Home" || event.key === "End") setInput(model, at, event.key === "Home" ? -LIMIT : LIMIT);
    else if (["Delete", "Backspace", "0"].includes(event.key)) setInput(model, at, 0);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") change(model, { step: clamp(at + (event.key === "ArrowLeft" ? -1 : 1), 0, last) });
    else return;
    event.preventDefault();
  });
}

const snapped = (value) => (Math.abs(value) < 0.15 ? 0 : Math.abs(Math.abs(value) - 1) < 0.12 ? Math.sign(value) : value);

/** A slider for the step, with a button that plays. */
function cursor(model) {
  const input = steady(make("input", { type: "range", min: 1, step: 1, "aria-label": "step" }));
  const shown = make("output");
  const play = make("button", { type: "button" }, "play");
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "play"; };
  const follow = () => {
    input.max = model.get("inputs").length;
    input.value = model.get("step") + 1;
    shown.textContent = `${model.get("step") + 1} of ${model.get("inputs").length}`;
    input.setAttribute("aria-valuetext", `step ${shown.textContent}`);
  };
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (model.get("step") >= model.get("inputs").length - 1) change(model, { step: 0 });
    play.textContent = "pause";
    timer = setInterval(() => {
      if (model.get("step") >= model.get("inputs").length - 1) stop();
      else change(model, { step: model.get("step") + 1 });
    }, quiet() ? 900 : Math.min(350, 9000 / model.get("inputs").length));
    return undefined;
  });
  input.addEventListener("input", () => { stop(); change(model, { step: Number(input.value) - 1 }); });
  for (const name of ["step", "inputs"]) model.on(`change:${name}`, follow);
  follow();
  return { element: make("div", { class: "steps" }, play, make("label", { class: "slider" }, make("span", { "aria-hidden": "true" }, "step"), input, shown)), stop };
}

/** Sliders for everything that can be set; `show` hides those that do not matter now. */
function controls(model) {
  const open = (name) => slider(model, name, { label: `${sym(name)} ${NAMES[name].split(" ")[0]}`, name: `opening of the ${NAMES[name]}`, min: 0, max: 1, step: 0.01 });
  const shown = (value) => signed(value, 1);
  const weight = (name) => {
    const [letter, index] = name.split("_"), gate = index.at(-1);
    const says = letter === "b" ? { xn: "input bias", hn: "bias inside the reset bracket" }[index] ?? "bias" : index[0] === "x" ? "weight of the input" : "weight of the state";
    const most = letter === "b" ? 15 : "gn".includes(gate) ? 8 : 40;        // the tanh of a candidate is flat long before a gate is shut
    return slider(model, name, { label: sub(letter === "b" ? "b" : "W", index, gate), name: `${says}, ${NAMES[gate]}`, min: -most, max: most, step: 0.5, show: shown });
  };
  const openings = Object.fromEntries(OPENINGS.map((name) => [name, open(name)]));
  const weights = Object.fromEntries([...WEIGHTS.lstm, ...WEIGHTS.gru].map((name) => [name, weight(name)]));
  const pick = Object.fromEntries(["lstm", "gru"].map((kind) => [kind, choice(model, "gate", { name: "weights of",
    options: (kind === "lstm" ? ["f", "i", "g", "o"] : ["r", "z", "n"]).map((name) => [name, `${name} ${WORDS[name]}`]) })]));
  const note = make("p", { class: "note" });
  const element = make("div", {}, make("div", { class: "controls" }, ...Object.values(openings)), pick.lstm, pick.gru, note,
    make("div", { class: "controls" }, ...Object.values(weights)));
  const show = (kind, mode, gate) => {
    const byHand = mode === "openings", own = byHand ? CANDIDATE[kind] : gate;
    for (const [name, one] of Object.entries(openings)) one.hidden = !byHand || !GATES[kind].includes(name);
    for (const [name, one] of Object.entries(weights)) one.hidden = !WEIGHTS[kind].includes(name) || name.at(-1) !== own;
    for (const [name, one] of Object.entries(pick)) one.hidden = byHand || name !== kind;
    note.hidden = !byHand;
    note.textContent = `The candidate ${own} still comes from its weights:`;
  };
  return { element, show };
}

let copies = 0;     // patterns of two figures on one page need names of their own

function hatching(drawing, id) {
  const pattern = svg("pattern", { id, width: 4, height: 4, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, drawing));
  svg("line", { x1: 0, y1: 0, x2: 0, y2: 4, class: "hatch" }, pattern);
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "GateExplorer", () => results(settings(model)));
  const names = [...SETTINGS, "step", "gate"];
  const start = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const number = copies++, hatch = `seqlab-written-${number}`, hatchBelt = `seqlab-dropped-${number}`;
  const tellers = Object.fromEntries(Object.entries(stories).map(([kind, told]) => [kind, presets(model, { name: "Stories", options: Object.entries(told), reset: ["reset figure", start], looking: ["step", "gate"] })]));
  const setting = controls(model), steps = cursor(model), finds = report();

  const chart = svg("svg", { role: "group", "aria-label": "Inputs, gates and memory over time", class: "chart" });
  hatching(chart, hatch);
  const chartBrush = brush(svg("g", { "aria-hidden": "true" }, chart));
  const strip = svg("rect", { class: "strip", tabindex: 0, role: "slider", "aria-orientation": "vertical", "aria-valuemin": -LIMIT, "aria-valuemax": LIMIT, "aria-label": "input at the step of the cursor" }, chart);
  const belt = svg("svg", { role: "img", class: "closeup" });
  hatching(belt, hatchBelt);
  const beltBrush = brush(svg("g", {}, belt));
  const sums = make("div", { class: "sums", role: "group", "aria-label": "the arithmetic of this step" });
  const key = make("p", { class: "key" });
  root.append(tellers.lstm, tellers.gru,
    make("div", { class: "controls" },
      choice(model, "kind", { name: "cell", options: [["gru", "GRU"], ["lstm", "LSTM"]] }),
      choice(model, "mode", { name: "gates", options: [["openings", "by hand"], ["weights", "from weights"]] })),
    setting.element, chart, key, steps.element, finds.element, make("div", { class: "two" }, belt, fold(root, "The arithmetic of this step", sums)));

  let p = null;
  handleChart(model, chart, strip, () => p);
  const draw = () => {
    const s = settings(model), all = run(s), at = clamp(model.get("step"), 0, all.length - 1), one = all[at];
    const gate = [...GATES[s.kind], CANDIDATE[s.kind]].includes(model.get("gate")) ? model.get("gate") : GATES[s.kind].at(-1);
    const width = Math.max(280, Math.round(chart.clientWidth || chart.getBoundingClientRect().width) || 680);
    for (const [kind, row] of Object.entries(tellers)) row.hidden = kind !== s.kind;
    setting.show(s.kind, s.mode, gate);
    p = plan(s, all, width);
    drawChart(chartBrush.put, s, all, at, p, hatch);
    chartBrush.done();
    chart.setAttribute("viewBox", `0 0 ${width} ${p.height}`);
    for (const [name, value] of Object.entries({ x: p.gutter, y: 2, width: width - p.gutter - 6, height: ROW.x + 10, "aria-valuenow": one.x, "aria-valuetext": `step ${at + 1}: ${signed(one.x)}` })) strip.setAttribute(name, value);
    const room = Math.max(280, Math.round(belt.getBoundingClientRect().width) || width);
    drawBelt(beltBrush.put, s, one, room, Math.max(1, Math.abs(p.most), Math.abs(p.least)), hatchBelt);
    beltBrush.done();
    belt.setAttribute("viewBox", `0 0 ${room} 212`);
    belt.setAttribute("aria-label", `Step ${at + 1}: kept ${figures(one.kept)}, written ${figures(one.written)}${s.kind === "lstm" ? `, on the belt ${figures(one.c)}` : ""}, shown ${figures(one.h)}`);
    key.innerHTML = s.kind === "lstm"
      ? `<span><span class="chip c"></span> kept</span><span><span class="chip i hatched"></span> written</span><span><span class="chip line"></span> shown: ${sym("h")}</span>`
      : `<span><span class="chip h"></span> kept</span><span><span class="chip n hatched"></span> written</span><span>All of the state is shown: ${sym("h")}</span>`;
    sums.innerHTML = arithmetic(s, one).map(([word, symbols, numbers]) => `<span class="word">${word}</span><span>${symbols}</span><span class="numbers">${numbers}</span>`).join("");
    finds.say(finding(s, at));
  };
  const stop = redraw(model, names, draw);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); steps.stop(); stop(); leave(); };
}

export default { render };
