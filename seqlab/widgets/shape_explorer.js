import {
  brush, button, choice, fold, hatching, make, mount, presets, put, redraw, report,
  slider, svg, toggle, values,
} from "./shared.js";

// --- what PyTorch does: checked against it over a grid of settings in tests/widgets/test_shape_explorer.py ----------

const BLOCKS = { rnn: 1, gru: 3, lstm: 4 };
const SETTINGS = ["kind", "batch", "seq_len", "input_size", "hidden_size", "num_layers",
  "bidirectional", "batch_first", "packed"];
const bracket = (shape) => `(${shape.join(", ")})`;

/** True lengths of the sequences of a padded batch: they fall evenly, and the first fills all steps. */
export function lengths({ batch, seq_len }) {
  return Array.from({ length: batch }, (_, k) => Math.ceil((seq_len * (batch - k)) / batch));
}

/** Shapes of all that goes in and comes out, by name. */
export function shapes(s) {
  const directions = s.bidirectional ? 2 : 1;
  const order = (features) => [...(s.batch_first ? [s.batch, s.seq_len] : [s.seq_len, s.batch]), features];
  const state = [s.num_layers * directions, s.batch, s.hidden_size];
  const total = lengths(s).reduce((sum, length) => sum + length, 0);
  return {
    x: order(s.input_size),
    ...(s.packed ? { packed: [total, s.input_size], packed_out: [total, directions * s.hidden_size] } : {}),
    out: order(directions * s.hidden_size),
    h_n: state,
    ...(s.kind === "lstm" ? { c_n: state } : {}),
  };
}

/** The number of parameters, and the sum that gives it. */
export function parameters(s) {
  const directions = s.bidirectional ? 2 : 1;
  const layer = (inputs) => BLOCKS[s.kind] * s.hidden_size * (inputs + s.hidden_size + 2);
  const text = (count, inputs) => [...[count, directions].filter((factor) => factor > 1), BLOCKS[s.kind],
    s.hidden_size, `(${inputs} + ${s.hidden_size} + 2)`].join(" · ");
  const above = directions * s.hidden_size;
  const formula = text(1, s.input_size) + (s.num_layers > 1 ? ` + ${text(s.num_layers - 1, above)}` : "");
  return { count: directions * (layer(s.input_size) + (s.num_layers - 1) * layer(above)), formula };
}

/** Lines of Python that make the layer and its input, and run it. */
export function code(s) {
  const first = s.batch_first ? ", batch_first=True" : "";
  const options = (s.num_layers > 1 ? `, num_layers=${s.num_layers}` : "") + first
    + (s.bidirectional ? ", bidirectional=True" : "");
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
    `layer = nn.${s.kind.toUpperCase()}(${s.input_size}, ${s.hidden_size}${options})`,
    ...(s.packed ? [
      `lengths = torch.tensor(${list})`,
      `packed = pack_padded_sequence(x, lengths${first})`,
      `packed_out, ${state} = layer(packed)`,
      `out, _ = pad_packed_sequence(packed_out${first})`,
    ] : [`out, ${state} = layer(x)`]),
  ].join("\n");
}

/** What Python knows by the same names. */
export function results(s) {
  const found = shapes(s);
  return { x_shape: found.x, out_shape: found.out, h_n_shape: found.h_n, c_n_shape: found.c_n ?? [],
    packed_shape: found.packed ?? [], lengths: s.packed ? lengths(s) : [], parameters: parameters(s).count,
    code: code(s) };
}

/** Which slices hold the same numbers, and which only look as if they did: Python expressions, after code(s). */
export function facts(s) {
  const H = s.hidden_size;
  const part = (half) => (s.bidirectional ? (half === "forward" ? `, :${H}` : `, ${H}:`) : "");
  const whole = (half) => (s.batch_first ? "" : part(half) && ", :") + part(half);        // after the axis of steps
  const at = (step, half) => (s.batch_first ? `out[:, ${step}${part(half)}]` : `out[${step}${whole(half)}]`);
  const rows = `torch.arange(${s.batch})`;
  const own = `out[${s.batch_first ? `${rows}, lengths - 1` : `lengths - 1, ${rows}`}${part("forward")}]`;
  const padded = shorter(s);
  const forward = s.bidirectional ? "h_n[-2]" : "h_n[-1]";
  const end = padded ? own : at(-1, "forward");
  const found = [];
  const fact = (left, right, equal, why, mark) => found.push({ left, right, equal, why, ...(mark ? { mark } : {}) });
  fact(end, forward, true, padded ? "each sequence at its own last step"
    : s.bidirectional ? "the forward reader ends at the last step" : "the last step of the last layer", "A");
  if (s.bidirectional) fact(at(0, "backward"), "h_n[-1]", true, "the backward reader ends at step 0", "B");
  if (padded) fact(at(-1, "forward"), forward, false, `the last step is padding for ${padded} of ${s.batch} sequences`);
  if (s.bidirectional && s.seq_len > 1) {
    fact(at(-1, "backward"), "h_n[-1]", false, padded ? "padding, or a backward reader that has read one step"
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

/** The one thing to be seen now. */
export function finding(s) {
  const padded = shorter(s), last = s.batch_first ? "out[:, -1]" : "out[-1]";
  if (s.packed && padded === 0) {
    return "All sequences have one length, so packing changes nothing but the way the numbers are stored.";
  }
  if (s.packed && s.bidirectional) {
    return "Every sequence has two ends of its own: A at its own last step, B at step 0. "
      + `${last} is neither for ${padded} of ${s.batch} sequences.`;
  }
  if (s.packed) {
    return `${last} is padding for ${padded} of ${s.batch} sequences. `
      + "h_n[-1] took each sequence at its own last step (A).";
  }
  if (s.bidirectional && s.seq_len > 1) {
    return "The two readers end at opposite ends of out: the forward one (A) at the last step, "
      + `the backward one (B) at step 0. So ${last} is not the end of both.`;
  }
  if (s.bidirectional) return "With one step only, both readers begin and end at the same place.";
  if (!s.batch_first) {
    return "In x and in out the steps now stand first. h_n has not moved: it never has the batch first. "
      + "The last step is out[-1].";
  }
  if (s.num_layers > 1) {
    return `out has not grown: it shows the last of the ${s.num_layers} layers. `
      + "h_n has one row for each layer, and the last row is in out (A).";
  }
  if (s.kind === "lstm") return "c_n has the shape of h_n, but you find it nowhere in out: only h_n is there (A).";
  return "h_n is one slice off the end of out (A): the same numbers, with an axis for the layers in front.";
}

// --- the drawing ----------------------------------------------------------------------------------------------------

const TILT = { across: 0.42, up: 0.34 };       // one step into the picture goes this far right and up
const THIN = 5;                                // pixels: no side of a box is drawn thinner

/** The boxes: which axis runs right, into the page and up, and which parts of them are marked. */
export function boxes(s) {
  const found = shapes(s), H = s.hidden_size, D = s.bidirectional ? 2 : 1, rows = D * s.num_layers;
  const steps = ["→", "seq_len", s.seq_len], batch = ["↗", "batch", s.batch];
  const order = (...features) => [...(s.batch_first ? [batch, steps] : [steps, batch]), ["↑", ...features]];
  const many = (name, twice) => (twice ? `2 · ${name}` : name);
  const state = [["→", many("num_layers", D > 1), rows], batch, ["↑", "hidden_size", H]];
  const block = (name, shape, lines, [right, deep, up], parts, colour) => (
    { name, shape, lines, right, deep, up, parts, colour });
  const blocks = [block("x", found.x, order("input_size", s.input_size), [s.seq_len, s.batch, s.input_size],
    padding(s), "x")];
  if (s.packed) {
    const total = found.packed[0], lines = [["→", "sum of lengths", total], ["↑", "input_size", s.input_size]];
    blocks.push(block("packed.data", found.packed, lines, [total, 0, s.input_size], [], "x"));
  }
  blocks.push(block("out", found.out, order(many("hidden_size", D > 1), D * H), [s.seq_len, s.batch, D * H],
    [...padding(s), ...ends(s)], "h"));
  blocks.push(block("h_n", found.h_n, state, [rows, s.batch, H], lastRows(s, rows), "h"));
  if (found.c_n) blocks.push(block("c_n", found.c_n, state, [rows, s.batch, H], [], "c"));
  return blocks;
}

/** The parts of x and out that are padding. */
function padding(s) {
  if (!s.packed) return [];
  const parts = lengths(s).map((length, k) => ({ right: [length, s.seq_len], deep: [k, k + 1], mark: "padding" }));
  return parts.filter(({ right }) => right[0] < right[1]);
}

/** The parts of out where the readers end. */
function ends(s) {
  const H = s.hidden_size, all = [0, s.batch], up = [0, H];
  const last = (length, deep) => ({ right: [length - 1, length], deep, up, mark: "A" });
  const forward = s.packed ? lengths(s).map((length, k) => last(length, [k, k + 1])).reverse() : [last(s.seq_len, all)];
  return s.bidirectional ? [...forward, { right: [0, 1], deep: all, up: [H, 2 * H], mark: "B" }] : forward;
}

/** The parts of h_n that are in out: the rows of the last layer. */
function lastRows(s, rows) {
  const row = (k, mark) => ({ right: [k, k + 1], deep: [0, s.batch], mark });
  return s.bidirectional ? [row(rows - 2, "A"), row(rows - 1, "B")] : [row(rows - 1, "A")];
}

const COLUMN = 152, TITLE = 46, BELOW = 66, GAP = 18;

const column = (block, unit) => Math.max(COLUMN, size(block, unit).across + 14);
const span = (row, unit) => row.reduce((sum, block) => sum + column(block, unit), 0) + GAP * (row.length - 1);

/** Pixels for each number, and rows of boxes, so that all of them are to one scale and fit. */
function arrange(blocks, width) {
  const most = Math.max(1, Math.floor((width + GAP) / (COLUMN + GAP)));
  const results = blocks.findIndex((block) => block.name === "out");
  const groups = results > 1 ? [blocks.slice(0, results), blocks.slice(results)] : [blocks];    // packed: in, and out
  let best = null;
  for (let perRow = Math.min(most, blocks.length); perRow >= 1; perRow--) {
    const rows = groups.flatMap((group) => chunks(group, perRow));
    let unit = Math.min(22, ...blocks.map((block) => 150 / (block.up + TILT.up * block.deep)));
    while (unit > 0.05 && rows.some((row) => span(row, unit) > width)) unit *= 0.94;
    if (!best || unit > 1.6 * best.unit) best = { unit, rows };
  }
  const together = (one, other) => groups.some((group) => group.includes(one[0]) && group.includes(other[0]));
  const fit = (unit) => (one, other) => together(one, other) && span([...one, ...other], unit) <= width;
  const units = [1, 0.95, 0.9, 0.85, 0.8].map((share) => share * best.unit);
  const tries = units.map((unit) => ({ unit, rows: joined(best.rows, fit(unit)) }));
  return tries.reduce((one, other) => (other.rows.length < one.rows.length ? other : one));    // smaller, to save a row
}

/** The list in pieces of this length. */
function chunks(list, length) {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, k) => list.slice(k * length, (k + 1) * length));
}

/** The rows, each put behind the one above where that fits. */
function joined(rows, fits) {
  const found = [];
  for (const row of rows) {
    if (found.length && fits(found.at(-1), row)) found.push([...found.pop(), ...row]);
    else found.push(row);
  }
  return found;
}

function size(block, unit) {
  const long = (count) => (count ? Math.max(THIN, count * unit) : 0);
  const right = long(block.right), deep = long(block.deep), up = long(block.up);
  return { right, deep, up, across: right + TILT.across * deep, high: up + TILT.up * deep };
}

/** The three faces that are seen of a part of a box, as path data; the box's lower left front corner is (x, y). */
function faces(block, unit, x, y, part = {}) {
  const whole = size(block, unit);
  const [r0, r1] = (part.right ?? [0, block.right]).map((k) => (k / block.right) * whole.right);
  const [d0, d1] = (part.deep ?? [0, block.deep]).map((k) => (block.deep ? (k / block.deep) * whole.deep : 0));
  const [u0, u1] = (part.up ?? [0, block.up]).map((k) => (k / block.up) * whole.up);
  const at = (r, d, u) => `${(x + r + TILT.across * d).toFixed(1)} ${(y - u - TILT.up * d).toFixed(1)}`;
  const face = (...corners) => `M${corners.join("L")}Z`;
  return {
    front: face(at(r0, d0, u0), at(r1, d0, u0), at(r1, d0, u1), at(r0, d0, u1)),
    top: face(at(r0, d0, u1), at(r1, d0, u1), at(r1, d1, u1), at(r0, d1, u1)),
    side: face(at(r1, d0, u0), at(r1, d1, u0), at(r1, d1, u1), at(r1, d0, u1)),
  };
}

/** Lines that rule a box into its single numbers, where these are large enough to be seen. */
function rules(block, unit, x, y) {
  if (unit < 6) return "";
  const { right, deep, up } = size(block, unit), lines = [];
  const at = ([r, d, u]) => `${(x + r + TILT.across * d).toFixed(1)} ${(y - u - TILT.up * d).toFixed(1)}`;
  const bent = (count, from, over, to) => {        // a line over two faces, for each number along an edge
    for (let k = 1; k < count; k++) {
      const share = k / count, [first, second, third] = [from, over, to].map((point) => at(point(share)));
      lines.push(`M${first}L${second}`, `M${second}L${third}`);
    }
  };
  bent(block.right, (k) => [k * right, 0, 0], (k) => [k * right, 0, up], (k) => [k * right, deep, up]);
  bent(block.up, (k) => [0, 0, k * up], (k) => [right, 0, k * up], (k) => [right, deep, k * up]);
  bent(block.deep, (k) => [0, k * deep, up], (k) => [right, k * deep, up], (k) => [right, k * deep, 0]);
  return lines.join("");
}

function drawBlock(paint, block, unit, left, bottom, hatches) {
  paint("text", { x: left, y: bottom - size(block, unit).high - 26, class: "name" }, block.name);
  paint("text", { x: left, y: bottom - size(block, unit).high - 9, class: "shape" }, bracket(block.shape));
  const whole = faces(block, unit, left, bottom);
  for (const side of ["front", "top", "side"]) paint("path", { d: whole[side], class: `${side} ${block.colour}` });
  paint("path", { d: rules(block, unit, left, bottom), class: `rules ${block.colour}` });
  for (const mark of ["padding", "A", "B"]) drawMark(paint, block, mark, unit, left, bottom, hatches[mark]);
  block.lines.forEach(([arrow, name, count], k) => {
    paint("text", { x: left, y: bottom + 20 + 17 * k, class: "soft" }, `${arrow} ${name} ${count}`);
  });
}

function drawMark(paint, block, mark, unit, left, bottom, hatch) {
  const parts = block.parts.filter((part) => part.mark === mark);
  if (!parts.length) return;
  const drawn = parts.map((part) => faces(block, unit, left, bottom, part));
  for (const side of mark === "padding" ? ["side", "top"] : ["front", "side", "top"]) {    // in front: a full sequence
    const d = drawn.map((part) => part[side]).join("");
    paint("path", { d, class: `${side} mark ${mark}` });
    if (hatch) paint("path", { d, fill: hatch, class: "hatch" });
  }
  if (mark === "padding") return;
  const whole = size(block, unit), front = parts.find((part) => part.deep[0] === 0);
  const [r0, r1] = front.right, [u0, u1] = front.up ?? [0, block.up];
  const across = (r0 + r1) / 2, high = u0 + (u1 - u0) * (mark === "A" ? 0.65 : 0.35);
  paint("text", { x: left + (across / block.right) * whole.right, y: bottom - (high / block.up) * whole.up + 5,
    class: "letter" }, mark);
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

const PLAIN = { kind: "rnn", batch: 2, seq_len: 5, input_size: 4, hidden_size: 6, num_layers: 1,
  bidirectional: false, batch_first: true, packed: false };
const STORIES = [
  ["plain", PLAIN],
  ["three layers", { ...PLAIN, kind: "gru", num_layers: 3 }],
  ["both ways", { ...PLAIN, kind: "gru", bidirectional: true }],
  ["lengths differ", { ...PLAIN, kind: "gru", batch: 4, seq_len: 8, packed: true }],
  ["a digit, row by row", { ...PLAIN, kind: "lstm", batch: 32, seq_len: 28, input_size: 28, hidden_size: 128 }],
];
export const stories = Object.fromEntries(STORIES);

const controls = (model) => [
  presets(model, { name: "Show", options: STORIES, settings: SETTINGS, reset: "reset" }),
  choice(model, "kind", { name: "layer", options: [["rnn", "nn.RNN"], ["gru", "nn.GRU"], ["lstm", "nn.LSTM"]] }),
  make("div", { class: "controls" },
    ...["batch", "seq_len", "input_size", "hidden_size"].map((name) => sizeSlider(model, name)),
    sizeSlider(model, "num_layers", [1, 2, 3, 4])),
  make("div", { class: "toggles" },
    toggle(model, "bidirectional", { name: "bidirectional" }), toggle(model, "batch_first", { name: "batch_first" }),
    toggle(model, "packed", { name: "packed (lengths differ)" })),
];

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

function factLine({ left, right, equal, mark, why }) {
  const badge = make("span", { class: `badge ${mark ?? "no"}`, "aria-hidden": "true" }, mark ?? "");
  return make("li", {}, badge, make("span", {}, make("code", {}, left), equal ? " = " : " ≠ ", make("code", {}, right),
    make("span", { class: "why" }, ` ${why}`)));
}

/** The drawing of all boxes. */
function stage() {
  const drawing = svg("svg", { role: "img" });
  const hatches = { padding: hatching(drawing, "stroke padding", { spacing: 5 }),
    B: hatching(drawing, "stroke B", { turn: -45 }) };
  const { paint, done } = brush(svg("g", {}, drawing));
  const draw = (blocks, width) => {
    const { unit, rows } = arrange(blocks, width);
    let bottom = 0;
    for (const row of rows) {
      const high = Math.max(...row.map((block) => size(block, unit).high));
      bottom += TITLE + high;
      let left = 2;
      for (const block of row) {
        drawBlock(paint, block, unit, left, bottom, hatches);
        left += column(block, unit) + GAP;
      }
      bottom += BELOW;
    }
    done();
    const named = blocks.map(({ name, shape }) => `${name} ${bracket(shape)}`).join(", ");
    put(drawing, { viewBox: `0 0 ${width} ${Math.ceil(bottom)}`, "aria-label": `Boxes to scale: ${named}` });
  };
  return { drawing, draw };
}

/** The lengths of a packed batch and what that makes of it, in words. */
function lengthsInWords(s, found) {
  if (!s.packed) return "";
  const all = lengths(s), few = all.length > 8 ? [...all.slice(0, 6), "…", all.at(-1)] : all;
  return `lengths ${few.join(", ")}: ${found.packed[0]} real steps of ${s.batch * s.seq_len}; hatched is padding. `
    + `packed_out.data ${bracket(found.packed_out)}`;
}

/** The number of parameters and how it comes about, as nodes. */
function countLine(s, { count, formula }) {
  const parts = `${s.bidirectional ? "directions · " : ""}blocks · hidden · (inputs + hidden + 2)`;
  const above = s.num_layers > 1 ? ", then the layers above" : "";
  return [make("b", {}, `${count.toLocaleString("en")} parameters`), ` = ${formula}`, make("br"),
    make("span", { class: "why" }, `${parts}${above}: no batch, no seq_len`)];
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "ShapeExplorer", () => results(values(model, SETTINGS)));
  const { drawing, draw: drawBoxes } = stage();
  const finds = report();
  const list = make("ul", { class: "facts", "aria-label": "Which slices are equal" });
  const count = make("p", { class: "count" });
  const pre = make("pre", { tabindex: 0, "aria-label": "the same in PyTorch" });
  const copy = copyButton(pre);
  const lengthsShown = make("p", { class: "lengths" });
  root.append(...controls(model), lengthsShown, make("div", { class: "stage" }, drawing), finds.element, list, count,
    make("div", { class: "code" }, fold(root, "The same in PyTorch", copy.bar, pre)));

  let width = 0, before = null;
  const draw = () => {
    const s = values(model, SETTINGS);
    const room = Math.max(260, Math.round(drawing.parentNode.clientWidth) || 640);
    if (room !== width || before !== JSON.stringify(s)) drawAll(s, room);
    width = room;
    before = JSON.stringify(s);
  };
  const drawAll = (s, room) => {
    drawBoxes(boxes(s), room);
    lengthsShown.textContent = lengthsInWords(s, shapes(s));
    list.replaceChildren(...facts(s).map(factLine));
    count.replaceChildren(...countLine(s, parameters(s)));
    pre.textContent = code(s);
    copy.forget();
    finds.say(finding(s));
  };
  const stop = redraw(model, SETTINGS, draw);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); stop(); leave(); };
}

export default { render };
