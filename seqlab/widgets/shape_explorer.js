import {
  brush, button, change, choice, fold, hatching, make, mount, presets, put, redraw, report,
  roomIn, slider, svg, toggle, values,
} from "./shared.js";
import { Wrong, READS, holder, parse, placeAt, rowByRow, taken } from "./indexing.js";

// --- what PyTorch does: checked against it over a grid of settings in tests/widgets/test_shape_explorer.py ----------

const BLOCKS = { rnn: 1, gru: 3, lstm: 4 };
const SETTINGS = ["kind", "batch", "seq_len", "input_size", "hidden_size", "num_layers",
  "bidirectional", "batch_first", "packed", "expression"];
const bracket = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;       // as Python writes it

const directions = (s) => (s.bidirectional ? 2 : 1);

/** True lengths of the sequences of a padded batch: they fall evenly, and the first fills all steps. */
export function lengths({ batch, seq_len }) {
  return Array.from({ length: batch }, (_, k) => Math.ceil((seq_len * (batch - k)) / batch));
}

/** Shapes of all that goes in and comes out, by name. */
export function shapes(s) {
  const D = directions(s);
  const order = (features) => [...(s.batch_first ? [s.batch, s.seq_len] : [s.seq_len, s.batch]), features];
  const state = [s.num_layers * D, s.batch, s.hidden_size];
  const total = lengths(s).reduce((sum, length) => sum + length, 0);
  return {
    x: order(s.input_size),
    ...(s.packed ? { packed: [total, s.input_size], packed_out: [total, D * s.hidden_size] } : {}),
    out: order(D * s.hidden_size),
    h_n: state,
    ...(s.kind === "lstm" ? { c_n: state } : {}),
  };
}

/** The number of parameters, and the sum that gives it. */
export function parameters(s) {
  const D = directions(s);
  const layer = (inputs) => BLOCKS[s.kind] * s.hidden_size * (inputs + s.hidden_size + 2);
  const text = (count, inputs) => [...[count, D].filter((factor) => factor > 1), BLOCKS[s.kind],
    s.hidden_size, `(${inputs} + ${s.hidden_size} + 2)`].join(" · ");
  const above = D * s.hidden_size;
  const formula = text(1, s.input_size) + (s.num_layers > 1 ? ` + ${text(s.num_layers - 1, above)}` : "");
  return { count: D * (layer(s.input_size) + (s.num_layers - 1) * layer(above)), formula };
}

/** The layer as one makes it. */
export function layerOf(s) {
  const options = [s.num_layers > 1 ? `num_layers=${s.num_layers}` : "", s.batch_first ? "batch_first=True" : "",
    s.bidirectional ? "bidirectional=True" : ""];
  return `nn.${s.kind.toUpperCase()}(${[s.input_size, s.hidden_size, ...options].filter(Boolean).join(", ")})`;
}

/** Lines of Python that make the layer and its input, and run it. */
export function code(s) {
  const first = s.batch_first ? ", batch_first=True" : "";
  const state = s.kind === "lstm" ? "(h_n, c_n)" : "h_n";
  const axes = s.batch_first ? "batch, seq_len" : "seq_len, batch";
  const { batch: B, seq_len: T } = s;
  const list = B <= 8 ? `[${lengths(s).join(", ")}]` : `[math.ceil(${T} * (${B} - k) / ${B}) for k in range(${B})]`;
  return [
    ...(s.packed && B > 8 ? ["import math"] : []),
    "import torch",
    "from torch import nn",
    ...(s.packed ? ["from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence"] : []),
    "",
    `x = torch.randn${bracket(shapes(s).x)}  # (${axes}, input_size)`,
    `layer = ${layerOf(s)}`,
    ...(s.packed ? [
      `lengths = torch.tensor(${list})`,
      `packed = pack_padded_sequence(x, lengths${first})`,
      `packed_out, ${state} = layer(packed)`,
      `out, _ = pad_packed_sequence(packed_out${first})`,
    ] : [`out, ${state} = layer(x)`]),
  ].join("\n");
}

/** The tensors by name: sizes and strides as PyTorch has them, what their axes are, and which axis runs which way. */
export function tensors(s) {
  const found = shapes(s), D = directions(s), many = (name) => (D > 1 ? `2 · ${name}` : name);
  const turned = (names) => (s.batch_first ? ["batch", "seq_len", ...names] : ["seq_len", "batch", ...names]);
  const read = s.batch_first ? { right: 1, deep: 0, up: 2 } : { right: 0, deep: 1, up: 2 };
  const tensor = (name, axes, way, strides = rowByRow(found[name])) => (
    { name, sizes: found[name], strides, axes, way });
  const F = found.out[2], steps = s.batch_first ? [F, s.batch * F, 1] : [s.batch * F, F, 1];   // step by step in memory
  const all = [tensor("x", turned(["input_size"]), read), tensor("out", turned([many("hidden_size")]), read, steps)];
  for (const name of ["h_n", "c_n"].filter((one) => found[one])) {
    all.push(tensor(name, [many("num_layers"), "batch", "hidden_size"], { right: 0, deep: 1, up: 2 }));
  }
  return Object.fromEntries(all.map((one) => [one.name, one]));
}

/** What the expression means: the view that it picks, or what is wrong with it. */
export function evaluate(s, text = s.expression) {
  const { batch, seq_len, input_size, hidden_size, num_layers } = s;
  const sizes = { batch, seq_len, input_size, hidden_size, num_layers, directions: directions(s) };
  try {
    return { view: parse(text)({ tensors: tensors(s), sizes }), error: "" };
  } catch (problem) {
    if (!(problem instanceof Wrong)) throw problem;
    return { view: null, error: problem.message };
  }
}

/** What Python knows by the same names. */
export function results(s) {
  const found = shapes(s), { view, error } = evaluate(s);
  return { x_shape: found.x, out_shape: found.out, h_n_shape: found.h_n, c_n_shape: found.c_n ?? [],
    packed_shape: found.packed ?? [], lengths: s.packed ? lengths(s) : [], parameters: parameters(s).count,
    code: code(s), picked_shape: view?.sizes ?? null, picked_error: error };
}

// --- which numbers are the same -------------------------------------------------------------------------------------

/** The step at which a direction, 0 or 1, ends for a sequence. */
const endOf = (s, sequence, direction) => (direction ? 0
  : (s.packed ? Math.ceil((s.seq_len * (s.batch - sequence)) / s.batch) : s.seq_len) - 1);

/** The place in h_n of a number of out, or in out of one of h_n, as [name, place]; null where there is none. */
export function twin(s, name, place) {
  const H = s.hidden_size, D = directions(s), top = (s.num_layers - 1) * D;
  const turned = (batch, step) => (s.batch_first ? [batch, step] : [step, batch]);
  if (name === "out") {
    const [batch, step] = turned(...place), direction = Math.floor(place[2] / H);
    return endOf(s, batch, direction) === step ? ["h_n", [top + direction, batch, place[2] % H]] : null;
  }
  const [row, batch, k] = place;
  if (name !== "h_n" || row < top) return null;
  return ["out", [...turned(batch, endOf(s, batch, row - top)), (row - top) * H + k]];
}

const few = (size) => (size <= 8 ? places(size) : [0, 1, 2, size >> 1, size - 2, size - 1]);
const places = (count) => Array.from({ length: count }, (_, k) => k);

/** Whether two views hold the same numbers in the same order, for whatever weights and inputs. */
function same(s, one, other) {
  if (bracket(one.sizes) !== bracket(other.sizes)) return false;
  const named = ({ base, offset, strides }, at) => {
    const place = placeAt(base, at.reduce((sum, k, axis) => sum + k * strides[axis], offset));
    return String((base.name === "out" && twin(s, "out", place)) || [base.name, place]);
  };
  const all = one.sizes.reduce((list, size) => list.flatMap((at) => few(size).map((k) => [...at, k])), [[]]);
  return all.length > 0 && all.every((at) => named(one, at) === named(other, at));
}

/** How one writes a step of out, whole or one half of it. */
export function stepOf(s, step, half = "") {
  const features = { forward: ":hidden_size", backward: "hidden_size:" }[s.bidirectional ? half : ""];
  return `out[${[...(s.batch_first ? [":", step] : features ? [step, ":"] : [step]), ...(features ? [features] : [])]
    .join(", ")}]`;
}

/** Other ways to write what the view holds. */
export function equals(s, view) {
  const { name } = view.base, rows = s.num_layers * directions(s), two = s.bidirectional;
  const own = (from) => places(rows).map((row) => `${from}[${row >= rows - 2 ? row - rows : row}]`).reverse();
  const ways = { x: [], out: own("h_n").slice(0, directions(s)), c_n: own("c_n"),
    h_n: [stepOf(s, -1, "forward"), ...(two ? [stepOf(s, 0, "backward")] : []), ...own("h_n")] }[name];
  const called = s.expression.includes("(");             // h_n[0] need not be told that it is h_n[-1]
  return ways.filter((way) => (called || !way.startsWith(name)) && same(s, view, evaluate(s, way).view)).slice(0, 2);
}

/** Which slices hold the same numbers, and which only look as if they did: Python expressions, after code(s). */
export function facts(s) {
  const rows = "torch.arange(batch)", half = s.bidirectional ? ", :hidden_size" : "";
  const own = `out[${s.batch_first ? `${rows}, lengths - 1` : `lengths - 1, ${rows}`}${half}]`;
  const padded = shorter(s), forward = s.bidirectional ? "h_n[-2]" : "h_n[-1]";
  const end = padded ? own : stepOf(s, -1, "forward"), found = [];
  const fact = (left, right, equal, why) => found.push({ left, right, equal, why });
  fact(end, forward, true, padded ? "each sequence at its own last step"
    : s.bidirectional ? "the forward reader ends at the last step" : "the last step of the last layer");
  if (s.bidirectional) fact(stepOf(s, 0, "backward"), "h_n[-1]", true, "the backward reader ends at step 0");
  if (padded) {
    fact(stepOf(s, -1, "forward"), forward, false, `the last step is padding for ${padded} of ${s.batch} sequences`);
  }
  if (s.bidirectional && s.seq_len > 1) {
    fact(stepOf(s, -1, "backward"), "h_n[-1]", false, padded ? "padding, or a backward reader that has read one step"
      : "there the backward reader has read one step");
  }
  if (!s.bidirectional && s.num_layers > 1) {
    fact(end, "h_n[0]", false, "layer 0 is the lowest, and out shows the last layer only");
  }
  if (s.kind === "lstm") {
    fact(end, forward.replace("h_n", "c_n"), false, "the cell state is carried inside and is not in out");
  }
  return found;
}

/** How many sequences are padded. */
const shorter = (s) => (s.packed ? lengths(s).filter((length) => length < s.seq_len).length : 0);

// --- in words -------------------------------------------------------------------------------------------------------

/** Some of `size` things in words: "step 4, the last,", "steps 1 to 3", "2 of 5 steps". */
function some(list, size, { thing, all, only }) {
  if (list.length === size) return size === 1 ? only : all;
  const [first] = list, last = list.at(-1);
  if (list.length === 1) {
    return `${thing} ${first}${last === size - 1 ? ", the last," : first === 0 ? ", the first," : ""}`;
  }
  return last - first === list.length - 1 ? `${thing}s ${first} to ${last}` : `${list.length} of ${size} ${thing}s`;
}

const SEQUENCES = { thing: "sequence", all: "every sequence", only: "the only sequence" };
const STEPS = { thing: "step", all: "all steps", only: "the only step" };
const NUMBERS = { thing: "number", all: "", only: "" };

function featuresInWords(s, list, name) {
  const size = name === "x" ? s.input_size : directions(s) * s.hidden_size, H = s.hidden_size;
  const half = name === "out" && s.bidirectional && list.length === H && list.at(-1) - list[0] === H - 1;
  if (half && list[0] % H === 0) return `the ${list[0] ? "backward" : "forward"} half of `;
  const words = some(list, size, NUMBERS);
  return words && `${words.replace(/,$/, "")} of `;
}

function endsInWords(s, list, name) {
  const D = directions(s), L = s.num_layers, rows = D * L;
  const noun = name === "c_n" ? "end of the cell state" : "end";
  if (list.length > 1) return list.length === rows ? `all ${rows} rows` : `${list.length} of ${rows} rows`;
  const layer = Math.floor(list[0] / D), way = D > 1 ? ["forward ", "backward "][list[0] % D] : "";
  return `the ${way}${noun}${L > 1 ? ` in layer ${layer}${layer === L - 1 ? ", the last," : ""}` : ""}`;
}

/** What a view holds: "step 4, the last, of every sequence"; "" where no words are short enough. */
export function holds(s, view) {
  const sets = taken(view), { name, way } = view.base;
  if (!sets) return "";
  if (!sets[0].length) return "nothing";
  const right = sets[way.right], sequences = some(sets[way.deep], s.batch, SEQUENCES), up = sets[way.up];
  if (name === "x" || name === "out") {
    return `${featuresInWords(s, up, name)}${some(right, s.seq_len, STEPS)} of ${sequences}`;
  }
  const part = some(up, s.hidden_size, NUMBERS);
  return `${part && `${part.replace(/,$/, "")} of `}${endsInWords(s, right, name)} for ${sequences}`;
}

/** What is worth knowing of a step of out, whole or in part, that is not an end as it stands. */
function aboutStep(s, step, half) {
  const padded = shorter(s), last = step === s.seq_len - 1, forward = s.bidirectional ? "h_n[-2]" : "h_n[-1]";
  if (last && padded && half !== "backward") {
    return `It is padding for ${padded} of ${s.batch} sequences; ${forward} took each at its own last step.`;
  }
  if (!s.bidirectional || !(last || step === 0)) return "";
  if (half === "backward") {
    return `There the backward reader has read one step; it ends at ${stepOf(s, 0, "backward")}, h_n[-1].`;
  }
  if (half === "forward") {
    return "There the forward reader has read one step; it ends "
      + `${padded ? "where each sequence does" : `at ${stepOf(s, -1, "forward")}`}, h_n[-2].`;
  }
  if (s.seq_len === 1) return "Its two halves are both ends, h_n[-2] and h_n[-1].";
  return last ? "Only its forward half is an end, h_n[-2]: there the backward reader has read one step."
    : "Only its backward half is an end, h_n[-1]: there the forward reader has read one step.";
}

function aboutOut(s, view, sets) {
  const { right, deep, up } = view.base.way, H = s.hidden_size;
  if (sets[deep].length !== s.batch || (s.batch > 1 && sets[right].length === s.seq_len && s.seq_len > 1)) {
    if (sets[deep].length !== 1 || sets[deep][0] !== s.batch - 1 || sets[right].length !== s.seq_len) return "";
    return `So this is a sequence, not a step${s.batch_first ? "" : ": axis 1 is the batch here"}. `
      + `The last step is ${stepOf(s, -1)}.`;
  }
  const whole = sets[up].length === directions(s) * H;
  const half = sets[up].length === H && sets[up][0] % H === 0 ? (sets[up][0] ? "backward" : "forward") : null;
  return sets[right].length === 1 && (whole || half) ? aboutStep(s, sets[right][0], whole ? "" : half) : "";
}

function aboutState(s, rows) {
  const D = directions(s), top = (s.num_layers - 1) * D, padded = shorter(s);
  if (rows.every((row) => row < top)) return "It is nowhere in out, which shows the last layer only.";
  if (rows.length > 1) return top ? "Only the rows of the last layer are in out." : "All of it is in out.";
  return padded && rows[0] === top ? "In out it is each sequence's own last step." : "";
}

/** What is worth knowing of what the expression picks, beside what it holds. */
export function relation(s, view) {
  const alike = equals(s, view), sets = taken(view), { name } = view.base;
  const empty = view.sizes.includes(0);
  if (alike.length) return `It equals ${alike.join(" and ")}.`;
  if (name === "x" || empty) return "";
  if (name === "c_n") return "It is not in out: the cell state is carried inside.";
  if (!sets) return "";
  return name === "out" ? aboutOut(s, view, sets) : aboutState(s, sets[0]);
}

/** The shape that is picked, what it holds and what it equals; or what PyTorch says to a wrong expression. */
export function finding(s) {
  const { view, error } = evaluate(s);
  if (error === READS) return error;
  if (error) {
    const who = error.startsWith("name '") ? "Python" : "PyTorch";
    return `${who} says: ${error}.${error.includes("c_n") ? " Only an LSTM has one." : ""}`.replace(/\.\.$/, ".");
  }
  const axes = view.axes.length ? bracket(view.axes) : "one number", inside = holds(s, view);
  const shape = `${s.expression.trim().replace(/\.shape$/, "")} has the shape ${bracket(view.sizes)}, ${axes}.`;
  return [shape, inside && `It holds ${inside.replace(/,$/, "")}.`, relation(s, view)].filter(Boolean).join(" ");
}

// --- the drawing ----------------------------------------------------------------------------------------------------

const TILT = { across: 0.42, up: 0.34 };       // one step into the picture goes this far right and up
const BREAK = 0.9;                             // how wide the place of what is left out is drawn, in numbers
const MOST = { right: [10, 6], deep: [6, 4], up: [8, 5] };   // so many are drawn; of more, so many of the first

/** The places that are drawn along an axis, with what is picked of them, and where they stand; breaks are between. */
export function drawnAxis(count, [most, head], keep = [], halves = 1) {
  const size = count / halves, shown = new Set(), tail = Math.max(1, most - head - 1);
  for (const half of places(halves)) {
    for (const k of places(size)) {
      if (size <= most || k < head || k >= size - tail) shown.add(half * size + k);
    }
  }
  if (keep.length) for (const k of [keep[0], keep.at(-1)]) shown.add(k);
  const cells = [], breaks = [];
  let at = 0;
  for (const index of [...shown].sort((one, other) => one - other)) {
    if (cells.length && cells.at(-1).index !== index - 1) { breaks.push(at); at += BREAK; }
    cells.push({ index, at });
    at += 1;
  }
  return { cells, breaks, long: at };
}

/** The boxes: which axis runs right, into the page and up, what is drawn of it, and what is picked. */
export function boxes(s) {
  const { view } = evaluate(s), picked = view ? holder(view) : () => false, sets = view && taken(view);
  const offset = ({ strides }, place) => place.reduce((sum, k, axis) => sum + k * strides[axis], 0);
  const all = tensors(s);
  const looks = (base, place) => {
    if (view?.base.name === base.name && picked(offset(base, place))) return "picked";
    const [other, there] = (view && twin(s, base.name, place)) || [];
    return other === view?.base.name && other && picked(offset(all[other], there)) ? "twin" : "";
  };
  return Object.values(all).map((base) => {
    const { name, way, sizes, axes } = base, state = "hc".includes(name[0]);
    const halves = name === "out" ? directions(s) : 1;
    const most = { ...MOST, ...(state ? { right: [8, 8] } : {}), ...(halves > 1 ? { up: [6, 3] } : {}) };
    const along = (side) => drawnAxis(sizes[way[side]], most[side], keepOf(s, base, view, sets, side),
      side === "up" ? halves : 1);
    const at = (right, deep, up) => {
      const place = [0, 0, 0];
      [place[way.right], place[way.deep], place[way.up]] = [right, deep, up];
      return place;
    };
    const pads = (step, sequence) => !state && s.packed && step > endOf(s, sequence, 0);
    const lines = axes.map((axis, k) => [{ [way.right]: "→", [way.deep]: "↗", [way.up]: "↑" }[k], axis, sizes[k]]);
    return { name, shape: sizes, lines, colour: { x: "x", out: "h", h_n: "h", c_n: "c" }[name], right: along("right"),
      deep: along("deep"), up: along("up"), look: (...cell) => looks(base, at(...cell)), pads };
  });
}

/** What of an axis is picked, or has a twin that is picked, and so has to be drawn. */
function keepOf(s, base, view, sets, side) {
  if (!sets || !sets[0].length) return [];
  if (view.base.name === base.name) return sets[base.way[side]];
  if (!["out", "h_n"].includes(base.name) || !["out", "h_n"].includes(view.base.name)) return [];
  return side === "deep" ? sets[view.base.way.deep] : [];
}

const COLUMN = 152, TITLE = 42, BELOW = 76, GAP = 18;

const size = ({ right, deep, up }, unit) => ({ across: (right.long + TILT.across * deep.long) * unit,
  high: (up.long + TILT.up * deep.long) * unit });
const column = (block, unit) => Math.max(COLUMN, size(block, unit).across + 14);
const span = (row, unit) => row.reduce((sum, block) => sum + column(block, unit), 0) + GAP * (row.length - 1);

/** Pixels for each number, the same in all boxes, and rows of boxes, so that all fit. */
function arrange(blocks, width) {
  const most = Math.max(1, Math.min(blocks.length, Math.floor((width + GAP) / (COLUMN + GAP))));
  const perRow = Math.ceil(blocks.length / Math.ceil(blocks.length / most));
  const rows = [];
  for (let k = 0; k < blocks.length; k += perRow) rows.push(blocks.slice(k, k + perRow));
  const high = rows.length > 1 ? 118 : 150;
  let unit = Math.min(18, ...blocks.map((block) => high / size(block, 1).high));
  while (unit > 5 && rows.some((row) => span(row, unit) > width)) unit *= 0.97;
  return { unit, rows };
}

/** Turns a place in a box, in numbers, into one in the drawing; (x, y) is the box's lower left front corner. */
const corner = (unit, x, y) => (right, deep, up) =>
  `${(x + (right + TILT.across * deep) * unit).toFixed(1)} ${(y - (up + TILT.up * deep) * unit).toFixed(1)}`;
const face = (...corners) => `M${corners.join("L")}Z`;

/** The three faces that are seen of a part of a box, as path data. */
const faces = (at, [r0, r1], [d0, d1], [u0, u1]) => ({
  front: face(at(r0, d0, u0), at(r1, d0, u0), at(r1, d0, u1), at(r0, d0, u1)),
  top: face(at(r0, d0, u1), at(r1, d0, u1), at(r1, d1, u1), at(r0, d1, u1)),
  side: face(at(r1, d0, u0), at(r1, d1, u0), at(r1, d1, u1), at(r1, d0, u1)),
});

/** Lines that rule the faces of a box into its single numbers. */
function rules({ right, deep, up }, at) {
  const bent = (axis, line) => axis.cells.slice(1).map((cell) => `M${line(cell.at).join("L")}`).join("");
  const R = right.long, D = deep.long, U = up.long;
  return bent(right, (k) => [at(k, 0, 0), at(k, 0, U), at(k, D, U)])
    + bent(up, (k) => [at(0, 0, k), at(R, 0, k), at(R, D, k)])
    + bent(deep, (k) => [at(0, k, U), at(R, k, U), at(R, k, 0)]);
}

/** What is picked of a box, layer by layer from the back: { look, behind, front }, as path data. */
function solids({ right, deep, up, look, pads }, at) {
  const looks = deep.cells.map((d) => right.cells.map((r) => up.cells.map((u) => look(r.index, d.index, u.index))));
  const found = [];
  const span1 = ({ at: from }) => [from, from + 1];
  for (let d = deep.cells.length - 1; d >= 0; d--) {
    const layer = {};
    right.cells.forEach((r, k) => up.cells.forEach((u, j) => {
      const one = looks[d][k][j];
      if (!one) return;
      const sides = faces(at, span1(r), span1(deep.cells[d]), span1(u));
      const kind = pads(r.index, deep.cells[d].index) ? `${one} pad` : one;
      layer[kind] ??= { look: kind, behind: "", front: "" };
      if (!looks[d][k + 1]?.[j]) layer[kind].behind += sides.side;
      if (!looks[d][k][j + 1]) layer[kind].behind += sides.top;
      if (!looks[d - 1]?.[k][j]) layer[kind].front += sides.front;
    }));
    found.push(Object.values(layer));
  }
  return found;
}

/** The faces of the cells of a box that are padding, in front, above and at its side. */
function padding({ right, deep, up, pads }, at) {
  const found = [];
  for (const d of deep.cells) {
    const long = right.cells.filter((r) => pads(r.index, d.index));
    if (!long.length) continue;
    const part = faces(at, [long[0].at, long.at(-1).at + 1], [d.at, d.at + 1], [0, up.long]);
    found.push(part.side, part.top, ...(d === deep.cells[0] ? [part.front] : []));
  }
  return found.join("");
}

/** A jagged gap over the two faces that an axis runs along: its ground, and its two edges. */
function cuts(block, at, unit) {
  const { right, deep, up } = block, R = right.long, D = deep.long, U = up.long, step = 4.5 / unit, jag = 1.6 / unit;
  const walk = (first, second, place) => (from) => {
    const points = [], all = first + second;
    for (let way = 0, k = 0; way < all + step; way += step, k++) {
      const gone = Math.min(way, all), sway = from + (k % 2 ? jag : -jag);
      points.push(place(sway, Math.min(gone, first), Math.max(0, gone - first)));
    }
    return points;
  };
  const all = [
    ...right.breaks.map((k) => [k, walk(U, D, (sway, u, d) => at(sway, d, u))]),
    ...up.breaks.map((k) => [k, walk(R, D, (sway, r, d) => at(r, d, sway))]),
    ...deep.breaks.map((k) => [k, walk(R, U, (sway, r, u) => at(r, sway, U - u))]),
  ].map(([k, edge]) => [edge(k), edge(k + BREAK)]);
  return { ground: all.map(([one, other]) => face(...one, ...other.reverse())).join(""),
    edges: all.flat().map((edge) => `M${edge.join("L")}`).join("") };
}

/** The numbers of the steps or rows below a box; where there is little room of the first, the last, and one alone. */
function ticks(paint, { right }, unit, left, bottom) {
  right.cells.forEach(({ index, at }, k) => {
    const wide = right.cells.at(-1).index > 9 ? 17 : 10, before = right.cells[k - 1], after = right.cells[k + 1];
    const alone = (!before || before.index < index - 1) && (!after || after.index > index + 1);
    if (unit < wide && before && after && !alone) return;
    paint("text", { x: left + (at + 0.5) * unit, y: bottom + 14, class: "tick" }, String(index));
  });
}

function drawBlock(paint, block, unit, left, bottom, hatches) {
  const { right, deep, up, colour } = block, at = corner(unit, left, bottom), top = bottom - size(block, unit).high;
  paint("text", { x: left, y: top - 24, class: "name" }, block.name);
  paint("text", { x: left, y: top - 8, class: "shape" }, bracket(block.shape));
  const whole = faces(at, [0, right.long], [0, deep.long], [0, up.long]);
  for (const side of ["top", "side"]) paint("path", { d: whole[side], class: `${side} ${colour}` });
  const pad = padding(block, at);
  if (pad) for (const look of [{ class: "padding" }, { class: "hatch", fill: hatches.padding }]) {
    paint("path", { d: pad, ...look });
  }
  const layers = solids(block, at), first = layers.at(-1), inside = !first.length && layers.some((one) => one.length);
  for (const layer of layers) {
    if (layer === first) paint("path", { d: whole.front, class: `front ${colour}${inside ? " veil" : ""}` });
    for (const part of ["behind", "front"]) for (const one of layer) drawSolid(paint, one, part, hatches);
  }
  paint("path", { d: rules(block, at), class: `rules ${colour}` });
  const cut = cuts(block, at, unit);
  if (cut.edges) {
    paint("path", { d: cut.ground, class: "cut" });
    paint("path", { d: cut.edges, class: `edge ${colour}` });
  }
  ticks(paint, block, unit, left, bottom);
  block.lines.forEach(([arrow, name, count], k) => {
    paint("text", { x: left, y: bottom + 32 + 16 * k, class: "soft" }, `${arrow} ${name} ${count}`);
  });
}

function drawSolid(paint, one, part, hatches) {
  if (!one[part]) return;
  paint("path", { d: one[part], class: `solid ${part} ${one.look}` });
  const hatch = one.look.endsWith("pad") ? hatches.padding : one.look === "twin" ? hatches.twin : null;
  if (hatch) paint("path", { d: one[part], class: "hatch", fill: hatch });
}

/** The drawing of all boxes. */
function stage() {
  const drawing = svg("svg", { role: "img" });
  const hatches = { padding: hatching(drawing, "stroke padding", { spacing: 5 }),
    twin: hatching(drawing, "stroke twin", { spacing: 5, turn: -45 }) };
  const { paint, done } = brush(svg("g", {}, drawing));
  const draw = (blocks, width, words) => {
    const { unit, rows } = arrange(blocks, width);
    let bottom = 0;
    for (const row of rows) {
      bottom += TITLE + Math.max(...row.map((block) => size(block, unit).high));
      let left = 2;
      for (const block of row) {
        drawBlock(paint, block, unit, left, bottom, hatches);
        left += column(block, unit) + GAP;
      }
      bottom += BELOW;
    }
    done();
    const named = blocks.map(({ name, shape }) => `${name} ${bracket(shape)}`).join(", ");
    put(drawing, { viewBox: `0 0 ${width} ${Math.ceil(bottom)}`, "aria-label": `Boxes: ${named}. ${words}` });
  };
  return { drawing, draw };
}

// --- the figure -----------------------------------------------------------------------------------------------------

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64, 96, 128];

/** The place in SIZES of the size nearest to the value; of two as near, the smaller. */
function nearest(value) {
  const away = SIZES.map((size) => Math.abs(size - value));
  return away.indexOf(Math.min(...away));
}

/** A slider over sizes that one meets; a size between them, set from Python, is shown as it is. */
const sizeSlider = (model, trait, sizes = SIZES) => slider(model, trait, { label: `<code>${trait}</code>`, name: trait,
  min: 0, max: sizes.length - 1, step: 1, show: String, value: (place) => sizes[place],
  place: (value) => (sizes === SIZES ? nearest(value) : sizes.indexOf(value)) });

// Sizes that all differ, from the rows of the state too: so a number in a shape tells its axis.
const PLAIN = { kind: "rnn", batch: 5, seq_len: 7, input_size: 4, hidden_size: 6, num_layers: 1,
  bidirectional: false, batch_first: true, packed: false, expression: "out[:, -1]" };
const STORIES = [
  ["plain", PLAIN],
  ["three layers", { ...PLAIN, kind: "gru", num_layers: 3, expression: "h_n[0]" }],
  ["both ways", { ...PLAIN, kind: "gru", bidirectional: true }],
  ["lengths differ", { ...PLAIN, kind: "gru", packed: true }],
  ["a digit, row by row", { ...PLAIN, kind: "lstm", batch: 32, seq_len: 28, input_size: 28, hidden_size: 128 }],
];
export const stories = Object.fromEntries(STORIES);

/** Ready-made expressions, and when each is worth a look. */
export const CHIPS = [
  ["out[:, -1]", () => true],
  ["out[-1]", () => true],
  ["h_n[-1]", () => true],
  ["h_n[0]", (s) => s.num_layers > 1],
  ["h_n[-2]", (s) => s.bidirectional],
  ["c_n[-1]", (s) => s.kind === "lstm"],
  ["out[:, :, :hidden_size]", (s) => s.bidirectional],
  ["out[:, 0, hidden_size:]", (s) => s.bidirectional && s.batch_first],
  ["out[0, :, hidden_size:]", (s) => s.bidirectional && !s.batch_first],
  ["h_n.view(num_layers, directions, batch, hidden_size)[-1, 0]", (s) => s.bidirectional && s.num_layers > 1],
];

const SIZED = ["batch", "seq_len", "input_size", "hidden_size"];

/** The controls of the layer by name; where there is little room, one of them, which `pick` chooses. */
function settings(model) {
  const kinds = [["rnn", "nn.RNN"], ["gru", "nn.GRU"], ["lstm", "nn.LSTM"]];
  const all = {
    kind: choice(model, "kind", { name: "layer", options: kinds }),
    num_layers: sizeSlider(model, "num_layers", [1, 2, 3, 4]),
    ...Object.fromEntries(SIZED.map((name) => [name, sizeSlider(model, name)])),
    bidirectional: toggle(model, "bidirectional", { name: "bidirectional" }),
    batch_first: toggle(model, "batch_first", { name: "batch_first" }),
    packed: toggle(model, "packed", { name: "packed (lengths differ)" }),
  };
  const pick = make("select", { "aria-label": "setting to change" },
    ...Object.keys(all).map((name) => make("option", { value: name }, name === "kind" ? "layer" : name)));
  const show = () => {
    for (const [name, one] of Object.entries(all)) put(one, { "data-active": name === pick.value });
  };
  pick.value = "hidden_size";
  pick.addEventListener("change", show);
  show();
  return make("div", { class: "settings" }, pick, ...Object.values(all));
}

/**
 * The field for the expression. What is typed is taken over as soon as it can be read, and whatever it is on Enter or
 * when the reader goes on; Escape brings back what was there.
 */
function expressionField(model, read) {
  const input = make("input", { type: "text", "aria-label": "expression", maxlength: 100, spellcheck: "false",
    autocomplete: "off", autocapitalize: "off", autocorrect: "off", enterkeyhint: "done" });
  let typing = false;
  const follow = () => { if (!typing) input.value = model.get("expression"); };
  const take = () => {
    typing = false;
    if (input.value !== model.get("expression")) change(model, { expression: input.value });
  };
  input.addEventListener("input", () => {
    typing = true;
    if (!read(input.value).error && input.value !== model.get("expression")) change(model, { expression: input.value });
  });
  input.addEventListener("change", take);
  input.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") take();
    if (key === "Escape") { typing = false; follow(); }
  });
  model.on("change:expression", follow);
  follow();
  return input;
}

/** The ready-made expressions as buttons, of which those are shown that fit the settings. */
function chips(model) {
  const all = CHIPS.map(([text, fits]) => ({ text, fits,
    one: button(text, () => change(model, { expression: text })) }));
  const show = (s) => {
    for (const { text, fits, one } of all) {
      put(one, { hidden: !fits(s), "aria-current": text === s.expression && "true" });
    }
  };
  const element = make("div", { class: "presets chips", role: "group", "aria-label": "Ready-made expressions" },
    ...all.map(({ one }) => one));
  return { element, show };
}

/** A button that copies the code, or, where the page may not, selects it for the reader's own copying. */
function copyButton(pre) {
  const said = make("span", { class: "said", role: "status" });
  const copy = button("copy", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      said.textContent = "copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(pre);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      said.textContent = "selected: press Ctrl+C, or ⌘C on a Mac";
    }
  });
  return { bar: make("div", { class: "bar" }, copy, said), forget: () => { said.textContent = ""; } };
}

function factLine({ left, right, equal, why }) {
  return make("li", {}, make("code", {}, left), equal ? " = " : " ≠ ", make("code", {}, right),
    make("span", { class: "why" }, ` ${why}`));
}

/** The lengths of a packed batch and what that makes of it, in words. */
function lengthsInWords(s, found) {
  if (!s.packed) return "";
  const all = lengths(s), shown = all.length > 8 ? [...all.slice(0, 6), "…", all.at(-1)] : all;
  const real = found.packed[0], steps = s.batch * s.seq_len;
  const which = real === steps ? "there is no padding" : `${real} of ${steps} steps are real`;
  return `lengths ${shown.join(", ")}: ${which}. packed.data ${bracket(found.packed)}, `
    + `packed_out.data ${bracket(found.packed_out)}`;
}

/** What the looks of the drawing mean, of those that are in it. */
function keyLine(blocks, s) {
  const swatch = (look, text) => make("span", {}, make("i", { class: `swatch ${look}`, "aria-hidden": "true" }), text);
  const any = ({ look, right, deep, up }, wanted) => right.cells.some((r) => deep.cells.some((d) => (
    up.cells.some((u) => look(r.index, d.index, u.index) === wanted))));
  const twins = blocks.some((block) => any(block, "twin"));
  const cut = blocks.some(({ right, deep, up }) => right.breaks.length + deep.breaks.length + up.breaks.length);
  return [...(evaluate(s).view ? [swatch("picked", "picked")] : []),
    ...(twins ? [swatch("twin", "the same numbers")] : []),
    ...(shorter(s) ? [swatch("pad", "padding")] : []),
    ...(cut ? [swatch("jag", "more than fit are left out at a jagged gap")] : [])];
}

/** The number of parameters and how it comes about, as nodes. */
function countLine(s, { count, formula }) {
  const { hidden_size: H, input_size: I } = s, many = BLOCKS[s.kind];
  const parts = `${s.bidirectional ? "2 directions · " : ""}${many} block${many > 1 ? "s" : ""} · ${H} hidden · `
    + `(${I} input${I > 1 ? "s" : ""} + ${H} hidden + 2 biases)`;
  const above = s.num_layers > 1 ? ", then the layers above" : "";
  return [make("b", {}, `${count.toLocaleString("en")} parameters`), ` = ${formula}`, make("br"),
    make("span", { class: "why" }, `${parts}${above}: no batch, no seq_len`)];
}

/** All that is shown beside the drawing, and `show`, which brings it up to date. */
function words(root) {
  const key = make("p", { class: "key" }), list = make("ul", { class: "facts" });
  const count = make("p", { class: "count" }), lengthsShown = make("p", { class: "lengths" });
  const pre = make("pre", { tabindex: 0, "aria-label": "the same in PyTorch" }), copy = copyButton(pre);
  const element = make("div", { class: "more" }, count, lengthsShown,
    fold(root, "Which slices hold the same numbers", list),
    make("div", { class: "code" }, fold(root, "The same in PyTorch", copy.bar, pre)));
  for (const folded of element.querySelectorAll("details")) folded.open = false;
  const show = (s, blocks) => {
    key.replaceChildren(...keyLine(blocks, s));
    lengthsShown.textContent = lengthsInWords(s, shapes(s));
    list.replaceChildren(...facts(s).map(factLine));
    count.replaceChildren(...countLine(s, parameters(s)));
    if (pre.textContent !== code(s)) copy.forget();
    pre.textContent = code(s);
  };
  return { key, element, show };
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "ShapeExplorer", () => results(values(model, SETTINGS)));
  const { drawing, draw: drawBoxes } = stage(), finds = report(), ready = chips(model), told = words(root);
  const field = expressionField(model, (text) => evaluate(values(model, SETTINGS), text));
  const shape = make("output", { "aria-hidden": "true" });
  const layer = make("code");
  root.append(make("p", { class: "layer" }, layer), make("div", { class: "stage" }, drawing), told.key, finds.element,
    ready.element,
    make("div", { class: "dock" }, make("label", { class: "field" }, make("span", {}, "pick"), field, shape),
      settings(model)),
    presets(model, { name: "Show", options: STORIES, settings: SETTINGS, looking: ["expression"], reset: "reset" }),
    told.element);

  let width = 0, before = null;
  const draw = () => {
    const s = values(model, SETTINGS);
    const room = Math.max(250, roomIn(drawing.parentNode, 640));
    if (room !== width || before !== JSON.stringify(s)) drawAll(s, room);
    width = room;
    before = JSON.stringify(s);
  };
  const drawAll = (s, room) => {
    const blocks = boxes(s), found = finding(s), { view } = evaluate(s);
    drawBoxes(blocks, room, found);
    told.show(s, blocks);
    layer.textContent = layerOf(s);
    ready.show(s);
    shape.textContent = view ? bracket(view.sizes) : "wrong";
    put(field, { "aria-invalid": view ? null : "true" });
    finds.say(found);
  };
  const stop = redraw(model, SETTINGS, draw);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); stop(); leave(); };
}

export default { render };
