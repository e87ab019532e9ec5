import {
  brush, change, choice, draggable, hatching, make, mount, player, points, presets, put, quiet, redraw, report, roomIn,
  scale, signed, slider, svg, values,
} from "./shared.js";

// --- the cells, as PyTorch computes them ----------------------------------------------------------------------------

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

export const GATES = { lstm: ["f", "i", "o"], gru: ["r", "z"] };
const ROWS = { lstm: ["f", "i", "g", "o"], gru: ["r", "z", "n"] };         // the gates and the candidate, as drawn
const CANDIDATE = { lstm: "g", gru: "n" };
const weightsOf = (name) => (name === "n" ? ["w_xn", "b_xn", "w_hn", "b_hn"]
  : [`w_x${name}`, `w_h${name}`, `b_${name}`]);
const WEIGHTS = { lstm: ROWS.lstm.flatMap(weightsOf), gru: ROWS.gru.flatMap(weightsOf) };
const OPENINGS = ["f", "i", "o", "r", "z"];
const SETTINGS = ["kind", "mode", "inputs", ...OPENINGS, ...WEIGHTS.lstm, ...WEIGHTS.gru];

/** How far a gate is open: as set by hand, or computed from the input and the last state. */
function opening(s, gate, x, h) {
  return s.mode === "openings" ? s[gate] : sigmoid(s[`w_x${gate}`] * x + s[`w_h${gate}`] * h + s[`b_${gate}`]);
}

/** One step: what was there, every gate, what is kept, written and shown; `forced` are gates that are open so far. */
export function step(s, x, h, c, forced = {}) {
  const gates = GATES[s.kind].map((gate) => forced[gate] ?? opening(s, gate, x, h));
  if (s.kind === "lstm") {
    const [f, i, o] = gates, g = Math.tanh(s.w_xg * x + s.w_hg * h + s.b_g);
    const kept = f * c, written = i * g, now = kept + written;
    return { x, before: c, hBefore: h, f, i, g, o, kept, written, belt: now, c: now, h: o * Math.tanh(now) };
  }
  const [r, z] = gates, n = Math.tanh(s.w_xn * x + s.b_xn + r * (s.w_hn * h + s.b_hn));
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
  const gates = Object.fromEntries(ROWS[s.kind].map((letter) => [letter, each(letter)]));
  return { h: each("h"), c: s.kind === "lstm" ? each("c") : [], gates };
}

/** How much of what a step wrote is still there at the end: the product of the gates that keep, after it. */
export function left(s, steps, from) {
  const keep = s.kind === "lstm" ? "f" : "z";
  return steps.slice(from + 1).reduce((product, one) => product * one[keep], 1);
}

const SEEN = 0.05;      // a smaller difference is none to speak of

/**
 * What the gates decide of the memory (c of an LSTM, h of a GRU) at a step, the one that decides most first. Each is
 * set to its other end, the one that is farther off, and all else at this step stays: where would the memory be?
 */
export function deciding(s, one) {
  const gates = s.kind === "lstm" ? ["f", "i"] : ["z", "r"];
  return gates.map((gate) => {
    const other = one[gate] < 0.5 ? 1 : 0;
    const would = step(s, one.x, one.hBefore, one.before, { [gate]: other }).belt;
    return { gate, other, would, difference: Math.abs(would - one.belt) };
  }).filter(({ difference }) => difference >= SEEN).toSorted((a, b) => b.difference - a.difference);
}

// --- in words -------------------------------------------------------------------------------------------------------

/** A number as text, without a minus sign before zeros. */
const figures = (value, digits = 2) => signed(Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value, digits);

const percent = (share) => {
  const value = 100 * share;
  return `${value > 99.95 && value < 100 ? "almost 100" : value.toFixed(1)} %`;
};
const stands = (open) => `${open > 0.9 ? "open" : open < 0.1 ? "shut" : "partly open"} (${open.toFixed(2)})`;

/** What is to be seen now: which gate decided at the step under the cursor, and what is left of the first writing. */
export function finding(s, at) {
  const steps = run(s), one = steps[at], memory = s.kind === "lstm" ? "c" : "h";
  const [most, ...more] = deciding(s, one), now = figures(one.belt);
  const otherwise = ({ gate, other, would }) => (
    `${stands(one[gate])}; if it were ${other ? "open" : "shut"}, ${memory} would be ${figures(would)}`);
  const decided = most ? `${most.gate} decides that ${memory} is ${now}: it is ${otherwise(most)}.`
    : `no gate decides: open or shut, ${memory} stays near ${now}.`;
  return [`At step ${at + 1}, ${decided}`, ...more.map((gate) => `And ${gate.gate} is ${otherwise(gate)}.`),
    ...shown(s, one), ...kept(s, steps)].join(" ");
}

/** What the output gate lets out. */
function shown(s, one) {
  if (s.kind === "gru" || Math.abs(Math.tanh(one.c)) < SEEN) return [];
  const flat = Math.abs(one.c) > 2 && one.o > 0.1 ? ": after the tanh, large numbers look alike" : "";
  return [`o is ${stands(one.o)}: h shows ${one.o < 0.1 ? "nothing of it" : figures(one.h)}${flat}.`];
}

function kept(s, steps) {
  const first = steps.findIndex(({ written }) => Math.abs(written) > SEEN), rest = steps.length - 1 - first;
  if (first < 0) return ["Nothing is written at any step."];
  if (!rest) return [];
  return [`Of what step ${first + 1} wrote, ${percent(left(s, steps, first))} is left ${rest} `
    + `step${rest > 1 ? "s" : ""} later${onAverage(s, left(s, steps, first), rest)}.`];
}

/** The gate that keeps, in so many digits that it is not 1: many steps together make what is left. */
function onAverage({ kind }, share, rest) {
  const each = share ** (1 / rest), digits = Math.max(2, Math.ceil(1 - Math.log10(1 - each)));
  return rest > 1 && share > 0.005 && digits < 9
    ? `, for ${kind === "lstm" ? "f" : "z"} is ${each.toFixed(digits)} on average` : "";
}

// --- stories --------------------------------------------------------------------------------------------------------

const pulses = (length, values) => Array.from({ length }, (_, t) => values[t] ?? 0);
const zeros = (names) => Object.fromEntries(names.map((name) => [name, 0]));
const LSTM = { ...zeros(WEIGHTS.lstm), kind: "lstm", mode: "weights", gate: "f", f: 1, i: 1, o: 1 };
const GRU = { ...zeros(WEIGHTS.gru), kind: "gru", mode: "weights", gate: "z", r: 1, z: 0.9 };
const COUNTER = { ...LSTM, b_f: 12, w_xi: 16, b_i: -8, w_xg: 4, b_o: 12 };

export const stories = {
  lstm: {
    "remember for 50 steps": { ...LSTM, w_xf: -6, w_hf: -12, b_f: 10, w_xi: 16, b_i: -8, w_xg: 2, w_xo: -16, b_o: -8,
      inputs: pulses(51, { 0: 1, 49: -1, 50: -1 }), step: 50 },
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

// One polarity: a frame is as full as its gate is open, and open means that what the gate multiplies passes whole.

const WORDS = { f: "keep", i: "write", o: "show", g: "candidate", r: "reset", z: "keep", n: "candidate" };
const NAMES = { f: "forget gate", i: "input gate", g: "candidate", o: "output gate",
  r: "reset gate", z: "update gate", n: "candidate" };
const LIMIT = 2;                               // inputs are dragged between -2 and 2
const HIGH = { x: 42, row: 27, bar: 20, memory: 78, foot: 22, near: 118 };

// What lights together: `u` is 1 - z, which is the gate z and not its row's other half.
const LIGHT = { z: "z u", kept: { lstm: "f before kept", gru: "z before kept" },
  written: { lstm: "i g written", gru: "u n written" } };
const lights = (name) => LIGHT[name] ?? name;

/** Where everything stands in a chart of this width. */
function plan(s, steps, at, width) {
  const gutter = width < 480 ? 58 : 82, column = (width - gutter - 6) / steps.length;
  const first = 6 + HIGH.x + 8, rows = Object.fromEntries(ROWS[s.kind].map((name, k) => [name, first + k * HIGH.row]));
  const top = first + ROWS[s.kind].length * HIGH.row + 6, under = top + HIGH.memory;
  const all = steps.flatMap(({ kept, belt, h }) => [kept, belt, h]);
  const most = Math.max(1, ...all), least = Math.min(0, ...all), foot = under + 8 + HIGH.foot;
  const wide = Math.min(width - 2, 560), middle = gutter + (at + 0.5) * column;
  const near = { x: clamp(middle - wide / 2, 1, width - wide - 1), y: foot, width: wide };
  return { gutter, column, rows, belt: scale(most, Math.min(least, -0.04 * most), top + 6, under), most, least, under,
    near, width, height: foot + HIGH.near + 2, left: (t) => gutter + t * column,
    middle: (t) => gutter + (t + 0.5) * column, input: scale(LIMIT, -LIMIT, 8, 6 + HIGH.x) };
}

/** Bars over all steps as path data, each from from(value, t) to to(value, t), `share` of its column wide. */
const bars = (p, heights, from, to, share) => heights.map((value, t) => {
  const x = p.left(t) + (p.column * (1 - share)) / 2, y = to(value, t), base = from(value, t);
  const wide = (p.column * share).toFixed(1), [low, high] = [base, y].map((each) => each.toFixed(1));
  return Math.abs(y - base) < 0.05 ? "" : `M${x.toFixed(1)} ${low}V${high}h${wide}V${low}Z`;
}).join("");

const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

function drawChart(paint, s, steps, at, p, hatch) {
  const { near } = p, left = p.left(at), right = left + p.column;
  paint("path", { d: `M${left} ${p.under + 6}L${near.x} ${near.y}h${near.width}L${right} ${p.under + 6}Z`,
    class: "lens" });
  paint("rect", { x: left, y: 2, width: p.column, height: p.under + 4, class: "cursor", rx: 2 });
  drawInputs(paint, s.inputs, at, p);
  for (const name of ROWS[s.kind]) drawRow(paint, s, name, steps.map((one) => one[name]), p);
  drawMemory(paint, s, steps, at, p, hatch);
  for (const t of new Set([0, at, steps.length - 1])) {
    if (t !== at && Math.abs(t - at) * p.column < 44) continue;
    const now = t === at, x = Math.min(p.middle(t), p.width - (now ? 25 : 8));
    paint("text", { x, y: p.under + 21, class: now ? "tick now" : "tick soft" },
      now ? `step ${t + 1}` : String(t + 1));
  }
}

const rule = (paint, p, y, kind) => paint("line", { x1: p.gutter, x2: p.width - 6, y1: y, y2: y, class: kind });

function label(paint, y, symbol, word, colour, part = lights(symbol)) {
  paint("text", { x: 2, y: y + 4, class: `symbol ${colour}`, "data-part": part }, symbol);
  paint("text", { x: 18, y: y + 4, class: "soft word" }, word);
}

function drawInputs(paint, inputs, at, p) {
  const high = (value) => p.input(clamp(value, -LIMIT, LIMIT));
  label(paint, p.input(0), "x", "input", "x");
  rule(paint, p, p.input(0), "axis");
  paint("path", { d: bars(p, inputs, () => p.input(0), high, 0.4), class: "x", "data-part": "x" });
  inputs.forEach((value, t) => paint("circle", { cx: p.middle(t).toFixed(1), cy: high(value).toFixed(1),
    r: t === at ? (p.width < 480 ? 9 : 6) : Math.min(4, 0.42 * p.column), class: t === at ? "x knob" : "x" }));
}

/** A gate over time, from shut to open; or the candidate, from -1 to 1. */
function drawRow(paint, s, name, heights, p) {
  const top = p.rows[name], word = p.width < 480 && name === CANDIDATE[s.kind] ? "cand." : WORDS[name];
  const signs = name === CANDIDATE[s.kind], at = scale(1, signs ? -1 : 0, top, top + HIGH.bar), part = lights(name);
  label(paint, top + HIGH.bar / 2, name, word, name);
  paint("rect", { x: p.gutter, y: top, width: p.width - 6 - p.gutter, height: HIGH.bar,
    class: signs ? "range" : "passage", "data-part": part });
  if (signs) rule(paint, p, at(0), "axis");
  paint("path", { d: bars(p, heights, () => at(0), at, 0.86), class: name, "data-part": part });
}

/** What is kept and written at every step, and of an LSTM what is shown. */
function drawMemory(paint, s, steps, at, p, hatch) {
  const lstm = s.kind === "lstm", memory = lstm ? "c" : "h", zero = p.belt(0);
  label(paint, (p.belt(p.most) + p.under) / 2, memory, p.width < 480 || !lstm ? "state" : "cell state", memory,
    "kept written");
  for (const value of [p.most, p.least].filter((each) => each !== 0)) {
    rule(paint, p, p.belt(value), "grid");
    paint("text", { x: p.gutter - 5, y: p.belt(value) + 4, class: "soft end" }, signed(value, 1));
  }
  rule(paint, p, zero, "rail");
  const was = bars(p, steps.map((one) => one.kept), () => zero, (value) => p.belt(value), 0.8);
  const news = bars(p, steps.map(({ belt }) => belt), (_, t) => p.belt(steps[t].kept), (value) => p.belt(value), 0.8);
  paint("path", { d: was, class: `kept ${memory}`, "data-part": LIGHT.kept[s.kind] });
  paint("path", { d: news, class: `written ${lstm ? "i" : "n"}`, "data-part": LIGHT.written[s.kind] });
  paint("path", { d: news, fill: hatch, class: "over" });
  if (!lstm) return;
  label(paint, p.under - 15, "h", "line", "h", "o h");
  paint("polyline", { points: points(steps.map(({ h }, t) => [p.middle(t), p.belt(h)])), class: "shown",
    "data-part": "o h" });
  paint("circle", { cx: p.middle(at).toFixed(1), cy: p.belt(steps[at].h).toFixed(1), r: 4.5, class: "h" });
}

const PLACES = {       // shares of the close-up's width: of a gate and what it multiplies, twice; of their sum; of h
  lstm: { keep: [0.07, 0.19], write: [0.34, 0.46], now: 0.61, show: [0.78, 0.91] },
  gru: { keep: [0.1, 0.27], write: [0.49, 0.66], now: 0.89 },
};

/** The brushes of the close-up: a gate times a number, as a frame that is filled as far as it passes; and a sum. */
function nearTools(paint, s, steps, p, hatch) {
  const { x, y, width } = p.near, news = CANDIDATE[s.kind];
  const all = steps.flatMap((one) => [one.before, one[news], one.belt, one.kept]);
  const top = y + 42, bottom = y + HIGH.near - 26, block = Math.min(44, width * 0.09);
  const high = scale(Math.max(1, ...all), Math.min(0, ...all), top, bottom), at = (share) => x + share * width;
  const told = (share, symbol, value, colour, part) => {
    paint("text", { x: at(share), y: y + 18, class: `symbol mid ${colour}`, "data-part": part }, symbol);
    paint("text", { x: at(share), y: y + 34, class: "value mid" }, figures(value));
  };
  const piece = (share, from, to, more) => paint("rect", { x: at(share) - block / 2, width: block,
    y: Math.min(high(from), high(to)), height: Math.abs(high(to) - high(from)), ...more });
  return {
    sign: (share, text) => paint("text", { x: at(share), y: (top + bottom) / 2 + 5, class: "sign mid" }, text),
    product([gate, number], { open, whole, symbol, of, colours, fill, over = false, parts, word }) {
      told(gate, symbol, open, colours[0], parts[0]);
      told(number, of, whole, colours[1], parts[1]);
      paint("rect", { x: at(gate) - 8, y: top, width: 16, height: bottom - top, class: "passage",
        "data-part": parts[0] });
      paint("rect", { x: at(gate) - 8, y: bottom - open * (bottom - top), width: 16, height: open * (bottom - top),
        class: colours[0], "data-part": parts[0] });
      paint("text", { x: at((gate + number) / 2), y: y + 34, class: "value mid" }, "×");
      piece(number, 0, whole, { class: `frame ${colours[1]}`, "data-part": parts[1] });
      piece(number, 0, open * whole, { class: fill, "data-part": parts[2] });
      if (over) piece(number, 0, open * whole, { fill: hatch, class: "over" });
      paint("text", { x: at((gate + number) / 2), y: bottom + 18, class: "value mid" },
        `${word} ${figures(open * whole)}`);
    },
    sum(share, one, memory) {
      told(share, memory, one.belt, memory, "kept written");
      piece(share, 0, one.kept, { class: `kept ${memory}`, "data-part": LIGHT.kept[s.kind] });
      const news = { class: `written ${s.kind === "lstm" ? "i" : "n"}`, "data-part": LIGHT.written[s.kind] };
      piece(share, one.kept, one.belt, news);
      piece(share, one.kept, one.belt, { fill: hatch, class: "over" });
    },
    zero: () => paint("line", { x1: x + 8, x2: x + width - 8, y1: high(0), y2: high(0), class: "axis" }),
  };
}

/** The step under the cursor from near, hanging from it. */
function drawNear(paint, s, steps, at, p, hatch) {
  const one = steps[at], lstm = s.kind === "lstm", memory = lstm ? "c" : "h", news = CANDIDATE[s.kind];
  const { keep, write, now, show } = PLACES[s.kind], { x, y, width } = p.near;
  paint("rect", { x, y, width, height: HIGH.near, rx: 4, class: "near" });
  const { sign, product, sum, zero } = nearTools(paint, s, steps, p, hatch);
  zero();
  product(keep, { open: lstm ? one.f : one.z, whole: one.before, symbol: lstm ? "f" : "z", of: `last ${memory}`,
    colours: [lstm ? "f" : "z", memory], fill: `kept ${memory}`, word: "kept",
    parts: [lstm ? "f" : "z", "before", LIGHT.kept[s.kind]] });
  sign((keep[1] + write[0]) / 2, "+");
  product(write, { open: lstm ? one.i : 1 - one.z, whole: one[news], symbol: lstm ? "i" : "1 − z", of: news,
    colours: [lstm ? "i" : "z", news], fill: `written ${lstm ? "i" : "n"}`, over: true, word: "written",
    parts: [lstm ? "i" : "u", news, LIGHT.written[s.kind]] });
  sign((write[1] + now) / 2, "=");
  sum(now, one, memory);
  if (lstm) {
    product(show, { open: one.o, whole: Math.tanh(one.c), symbol: "o", of: "tanh c", colours: ["o", "c"],
      fill: "h", word: "h =", parts: ["o", "kept written", "o h"] });
  }
}

// --- the formulas of one step: each factor can be pressed ------------------------------------------------------------

const sub = (letter, index, colour) => `<var class="${colour}">${letter}<sub>${index}</sub></var>`;
const sym = (letter, colour = letter) => `<var class="${colour}">${letter}</var>`;
const num = (value) => figures(value, 4);
const added = (value) => figures(value).replace(/^(\u2212?)/, (_, minus) => ` ${minus || "+"} `);
const inner = (value) => (num(value).startsWith("\u2212") ? `(${num(value)})` : num(value));

/** A factor: what it looks like, what lights with it, what a screen reader says, and what it picks when pressed. */
const factor = (html, part, name, picks = "") => `<button type="button" data-part="${part}" aria-label="${name}"`
  + `${picks && ` data-${picks}`}>${html}</button>`;
const gateFactor = (name, part = lights(name), before = "") => (
  factor(before + sym(name), part, `${before && "1 minus "}${name}, ${NAMES[name]}`, `gate="${name}"`));
const weightFactor = (name) => {
  const [letter, index] = name.split("_");
  return factor(sub(letter === "b" ? "b" : "W", index, index.at(-1)), lights(index.at(-1)), weightName(name),
    `weight="${name}"`);
};

/** Rows of [symbols, numbers, result], the symbols as HTML of our own: of the gate that is looked at, then of all. */
export function arithmetic(s, one, gate) {
  const lstm = s.kind === "lstm", memory = lstm ? "c" : "h", news = CANDIDATE[s.kind];
  const was = factor(sub(memory, "t−1", memory), "before kept", lstm ? "cell state before" : "state before");
  const now = factor(sub(memory, "t", memory), "kept written", lstm ? "cell state" : "state");
  const [keep, write] = lstm ? ["f", gateFactor("i")] : ["z", `(${gateFactor("z", "u", "1 − ")})`];
  const rows = [gateRow(s, one, gate),
    [`${now} = ${gateFactor(keep, keep)} · ${was} + ${write} · ${gateFactor(news)}`, `${num(one[keep])} · `
      + `${inner(one.before)} + ${num(lstm ? one.i : 1 - one.z)} · ${inner(one[news])}`, num(one.belt)]];
  if (!lstm) return rows;
  return [...rows, [`${factor(sub("h", "t", "h"), "h", "state, shown")} = ${gateFactor("o")} · `
    + `${factor(`tanh ${sub("c", "t", "c")}`, "kept written", "tanh of the cell state")}`,
    `${num(one.o)} · ${inner(Math.tanh(one.c))}`, num(one.h)]];
}

function gateRow(s, { x, hBefore: h, ...one }, name) {
  const news = name === CANDIDATE[s.kind], says = gateFactor(name);
  if (s.mode === "openings" && !news) return [`${says}, by hand`, "", num(one[name])];
  const [w, v, b, last] = weightsOf(name).map((each) => s[each]), [W, V, B, L] = weightsOf(name).map(weightFactor);
  const X = factor(sym("x"), "x", "input"), made = num(one[name]);
  const H = factor(sub("h", "t−1", "h"), s.kind === "lstm" ? "h" : "before kept", "state before");
  if (name === "n") {
    return [`${says} = tanh(${W}${X} + ${V} + ${gateFactor("r")}(${B}${H} + ${L}))`,
      `tanh(${num(w * x + v)} + ${num(one.r)} · ${inner(b * h + last)})`, made];
  }
  const by = news ? "tanh" : "σ";
  return [`${says} = ${by}(${W}${X} + ${V}${H} + ${B})`,
    `${by}(${figures(w * x)} from x${added(v * h)} from h${added(b)})`, made];
}

// --- the figure -----------------------------------------------------------------------------------------------------

function setInput(model, at, value) {
  const inputs = [...model.get("inputs")];
  inputs[at] = clamp(Math.round(value * 20) / 20, -LIMIT, LIMIT);
  change(model, { inputs, step: at });
}

const nearOne = (value) => Math.abs(Math.abs(value) - 1) < 0.12;
const snapped = (value) => (Math.abs(value) < 0.15 ? 0 : nearOne(value) ? Math.sign(value) : value);

/**
 * The inputs by pointer; elsewhere in the chart the pointer moves the cursor. A finger drags the knob of the step under
 * the cursor; anywhere else a tap or a way across moves the cursor, and a way up or down scrolls the page.
 */
function handlePointer(model, drawing, strip, knob, where) {
  let dragging = null, from = null;
  draggable(knob);
  const place = (event) => {
    const box = drawing.getBoundingClientRect(), p = where(), ratio = p.width / box.width;
    const x = (event.clientX - box.left) * ratio, y = (event.clientY - box.top) * ratio;
    const at = clamp(Math.floor((x - p.gutter) / p.column), 0, model.get("inputs").length - 1);
    return { at, value: p.input.back(y), x };
  };
  drawing.addEventListener("pointerdown", (event) => {
    const { at, value, x } = place(event), finger = event.pointerType === "touch";
    const held = finger && event.target === knob;
    from = null;
    if (x < where().gutter - 2 && !held) return;
    if (!finger || held) drawing.setPointerCapture(event.pointerId);
    dragging = held ? model.get("step") : [strip, knob].includes(event.target) && !finger ? at : -1;
    if (finger && !held) from = event;
    if (finger) return;
    if (dragging >= 0) { strip.focus(); setInput(model, at, snapped(value)); } else change(model, { step: at });
  });
  drawing.addEventListener("pointermove", (event) => {
    if (dragging === null) return;
    const { at, value } = place(event);
    if (from && Math.abs(event.clientX - from.clientX) <= Math.abs(event.clientY - from.clientY)) return;
    if (dragging >= 0) setInput(model, dragging, snapped(value)); else change(model, { step: at });
  });
  drawing.addEventListener("click", (event) => { if (from) change(model, { step: place(event).at }); });
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

const MEANING = { x: "weight of the input", h: "weight of the state", xn: "input bias",
  hn: "bias inside the reset bracket" };

function weightName(name) {
  const [letter, index] = name.split("_");
  return `${letter === "b" ? MEANING[index] ?? "bias" : MEANING[index[0]]}, ${NAMES[index.at(-1)]}`;
}

function weightSlider(model, name) {
  const [letter, index] = name.split("_"), gate = index.at(-1);
  const most = letter === "b" ? 15 : "gn".includes(gate) ? 8 : 40;    // tanh is flat long before a gate is shut
  return slider(model, name, { label: sub(letter === "b" ? "b" : "W", index, gate), name: weightName(name),
    min: -most, max: most, step: 0.5, show: (value) => signed(value, 1) });
}

/** Sliders for what can be set of the gate that is looked at; where there is little room, only for one of them. */
function controls(model) {
  const all = Object.fromEntries([
    ...OPENINGS.map((name) => [name, openingSlider(model, name)]),
    ...[...WEIGHTS.lstm, ...WEIGHTS.gru].map((name) => [name, weightSlider(model, name)])]);
  for (const [name, one] of Object.entries(all)) one.dataset.part = lights(name.at(-1));
  let picked = "";
  const show = (kind, mode, gate) => {
    const news = gate === CANDIDATE[kind], own = mode === "openings" && !news ? GATES[kind] : weightsOf(gate);
    const usual = own.find((name) => name === gate) ?? own[news ? 0 : 2];
    for (const [name, one] of Object.entries(all)) {
      one.hidden = !own.includes(name);
      put(one, { "data-active": name === (own.includes(picked) ? picked : usual) });
    }
  };
  const pick = (name) => { picked = name; show(model.get("kind"), model.get("mode"), name.at(-1)); };
  const focus = (name) => { pick(name); all[name].querySelector("input").focus({ preventScroll: true }); };
  return { element: make("div", { class: "weights" }, ...Object.values(all)), show, focus };
}

/** The inputs, gates and memory over time, and the step of the cursor from near. */
function chart(model) {
  const drawing = svg("svg", { role: "group", "aria-label": "Inputs, gates and memory over time", class: "chart" });
  const hatch = hatching(drawing, "hatch"), { paint, done } = brush(svg("g", { "aria-hidden": "true" }, drawing));
  const near = svg("g", { role: "img" }, drawing), closeup = brush(near), rows = brush(svg("g", {}, drawing));
  const strip = svg("rect", { class: "strip", tabindex: 0, role: "slider", "aria-orientation": "vertical",
    "aria-valuemin": -LIMIT, "aria-valuemax": LIMIT, "aria-label": "input at the step of the cursor",
    "data-part": "x" }, drawing);
  const knob = svg("rect", { class: "held", width: 32, height: 32, "data-part": "x" }, drawing);
  let p = null;
  handlePointer(model, drawing, strip, knob, () => p);
  handleKeys(model, strip);
  const draw = (s, all, at, gate) => {
    const one = all[at];
    p = plan(s, all, at, Math.max(280, roomIn(drawing, 680)));
    drawChart(paint, s, all, at, p, hatch);
    done();
    drawNear(closeup.paint, s, all, at, p, hatch);
    closeup.done();
    for (const name of ROWS[s.kind]) {
      rows.paint("rect", { x: 0, y: p.rows[name] - 3, width: p.gutter - 2, height: HIGH.row - 1, rx: 4, class: "row",
        role: "button", tabindex: 0, "data-gate": name, "data-part": lights(name),
        "aria-pressed": String(name === gate), "aria-label": `${name}, ${NAMES[name]}, over time` });
    }
    rows.done();
    put(near, { "aria-label": `Step ${at + 1}: kept ${figures(one.kept)}, written ${figures(one.written)}`
      + `${s.kind === "lstm" ? `, cell state ${figures(one.c)}` : ""}, shown ${figures(one.h)}` });
    put(drawing, { viewBox: `0 0 ${p.width} ${p.height}` });
    put(strip, { x: p.gutter, y: 2, width: p.width - p.gutter - 6, height: HIGH.x + 6, "aria-valuenow": one.x,
      "aria-valuetext": `step ${at + 1}: ${signed(one.x)}` });
    put(knob, { x: p.middle(at) - 16, y: p.input(clamp(one.x, -LIMIT, LIMIT)) - 16 });
  };
  return { drawing, draw };
}

/** The formulas, of which only what has changed is made anew: a factor keeps the focus. */
function formulas() {
  const element = make("div", { class: "sums", role: "group", "aria-label": "the formulas of this step" });
  const lines = Array.from({ length: 3 }, () => {
    const symbols = make("span"), sum = make("span", { class: "sum" }), made = make("span");
    element.append(make("div", {}, symbols, make("span", { class: "numbers" }, sum, made)));
    return { symbols, sum, made, html: "" };
  });
  const show = (rows) => lines.forEach((line, k) => {
    const [html, sum, made] = rows[k] ?? ["", "", ""];
    if (html !== line.html) line.symbols.innerHTML = line.html = html;
    line.sum.textContent = sum && ` = ${sum}`;
    line.made.textContent = made && ` = ${made}`;
  });
  return { element, show };
}

/** Whatever the pointer or the focus is on lights, with all that has a part in common with it. */
function lighting(root) {
  let lit = "";
  const show = () => {
    const parts = lit.split(" ").filter(Boolean);
    for (const one of root.querySelectorAll("[data-part]")) {
      put(one, { "data-lit": parts.length > 0 && one.dataset.part.split(" ").some((part) => parts.includes(part)) });
    }
  };
  const partOf = (target) => target?.closest("[data-part]")?.dataset.part ?? "";
  const light = (target) => {
    if (partOf(target) === lit) return;
    lit = partOf(target);
    show();
  };
  for (const kind of ["pointerdown", "focusin"]) root.addEventListener(kind, ({ target }) => light(target));
  root.addEventListener("focusout", ({ target }) => { if (partOf(target) === lit) light(null); });
  root.addEventListener("pointerover", ({ target, pointerType }) => { if (pointerType !== "touch") light(target); });
  root.addEventListener("pointerleave", ({ pointerType }) => {      // a finger that was lifted leaves it lit
    if (pointerType !== "touch") light(root.getRootNode().activeElement);
  });
  return show;
}

/** Press a gate or a weight, in a formula or in the drawing: the controls are those of it. */
function picking(root, model, focus) {
  const pick = ({ target }) => {
    const one = target.closest?.("[data-gate], [data-weight]");
    if (one?.dataset.weight) focus(one.dataset.weight);
    else if (one) change(model, { gate: one.dataset.gate });
    return Boolean(one);
  };
  root.addEventListener("click", pick);
  root.addEventListener("keydown", (event) => {     // a button of HTML does this by itself
    if (event.target.localName === "rect" && ["Enter", " "].includes(event.key) && pick(event)) event.preventDefault();
  });
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "GateExplorer", () => results(values(model, SETTINGS)));
  const names = [...SETTINGS, "step", "gate"];
  const teller = (kind) => presets(model, { name: "Stories", options: Object.entries(stories[kind]), settings: names,
    reset: "First settings", looking: ["step", "gate"] });
  const tellers = { lstm: teller("lstm"), gru: teller("gru") };
  const setting = controls(model), steps = cursor(model), finds = report(), over = chart(model), sums = formulas();
  root.append(over.drawing, make("p", { class: "key" }, "A full frame is an open gate: all passes."), sums.element,
    make("div", { class: "dock" }, setting.element, make("div", { class: "steps" }, steps.play, steps.slider)),
    finds.element, tellers.lstm, tellers.gru,
    make("div", { class: "controls" },
      choice(model, "kind", { name: "cell", options: [["gru", "GRU"], ["lstm", "LSTM"]] }),
      choice(model, "mode", { name: "gates", options: [["openings", "by hand"], ["weights", "from weights"]] })));
  picking(root, model, setting.focus);
  const light = lighting(root);

  const draw = () => {
    const s = values(model, SETTINGS), all = run(s), at = clamp(model.get("step"), 0, all.length - 1);
    const picked = model.get("gate"), gate = ROWS[s.kind].includes(picked) ? picked : GATES[s.kind].at(-1);
    for (const [kind, row] of Object.entries(tellers)) row.hidden = kind !== s.kind;
    setting.show(s.kind, s.mode, gate);
    over.draw(s, all, at, gate);
    sums.show(arithmetic(s, all[at], gate));
    for (const one of root.querySelectorAll("button[data-gate]")) {
      put(one, { "aria-pressed": String(one.dataset.gate === gate) });
    }
    finds.say(finding(s, at));
    light();
  };
  const stop = redraw(model, names, draw);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); steps.stop(); stop(); leave(); };
}

export default { render };
