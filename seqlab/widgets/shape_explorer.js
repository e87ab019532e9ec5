import { brush, change, choice, fold, make, mount, presets, redraw, report, steady, svg, toggle } from "./shared.js";

// --- what PyTorch does: checked against it over a grid of settings in tests/widgets/test_shape_explorer.py -----------

const BLOCKS = { rnn: 1, gru: 3, lstm: 4 };
const SETTINGS = ["kind", "batch", "seq_len", "input_size", "hidden_size", "num_layers", "bidirectional", "batch_first", "packed"];
const bracket = (shape) => `(${shape.join(", ")})`;

/** True lengths of the sequences of a padded batch: they fall evenly, and the first fills all steps. */
export function lengths({ batch, seq_len }) {
  return Array.from({ length: batch }, (_, k) => Math.ceil((seq_len * (batch - k)) / batch));
}

/** Shapes of all that goes in and comes out, by name. */
export function shapes(s) {
  const directions = s.bidirectional ? 2 : 1;
  const order = (features) => (s.batch_first ? [s.batch, s.seq_len, features] : [s.seq_len, s.batch, features]);
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
  const text = (count, inputs) => [...[count, directions].filter((factor) => factor > 1), BLOCKS[s.kind], s.hidden_size,
    `(${inputs} + ${s.hidden_size} + 2)`].join(" · ");
  const above = directions * s.hidden_size;
  const formula = text(1, s.input_size) + (s.num_layers > 1 ? ` + ${text(s.num_layers - 1, above)}` : "");
  return { count: directions * (layer(s.input_size) + (s.num_layers - 1) * layer(above)), formula };
}

/** Lines of Python that make the layer and its input, and run it. */
export function code(s) {
  const first = s.batch_first ? ", batch_first=True" : "";
  const options = (s.num_layers > 1 ? `, num_layers=${s.num_layers}` : "") + first + (s.bidirectional ? ", bidirectional=True" : "");
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
  return { x_shape: found.x, out_shape: found.out, h_n_shape: found.h_n, c_n_shape: found.c_n ?? [], packed_shape: found.packed ?? [],
    lengths: s.packed ? lengths(s) : [], parameters: parameters(s).count, code: code(s) };
}

/** Which slices hold the same numbers, and which only look as if they did: Python expressions, after code(s). */
export function facts(s) {
  const H = s.hidden_size;
  const part = (half) => (s.bidirectional ? (half === "forward" ? `, :${H}` : `, ${H}:`) : "");
  const whole = (half) => (s.batch_first ? "" : part(half) && ", :") + part(half);        // after the axis of steps
  const at = (step, half) => (s.batch_first ? `out[:, ${step}${part(half)}]` : `out[${step}${whole(half)}]`);
  const rows = `torch.arange(${s.batch})`;
  const own = s.batch_first ? `out[${rows}, lengths - 1${part("forward")}]` : `out[lengths - 1, ${rows}${part("forward")}]`;
  const padded = s.packed ? lengths(s).filter((length) => length < s.seq_len).length : 0;
  const forward = s.bidirectional ? "h_n[-2]" : "h_n[-1]";
  const end = padded ? own : at(-1, "forward");
  const found = [{ left: end, right: forward, equal: true, mark: "A",
    why: padded ? "each sequence at its own last step" : s.bidirectional ? "the forward reader ends at the last step" : "the last step of the last layer" }];
  if (s.bidirectional) found.push({ left: at(0, "backward"), right: "h_n[-1]", equal: true, mark: "B", why: "the backward reader ends at step 0" });
  if (padded) found.push({ left: at(-1, "forward"), right: forward, equal: false, why: `the last step is padding for ${padded} of ${s.batch} sequences` });
  if (s.bidirectional && s.seq_len > 1) found.push({ left: at(-1, "backward"), right: "h_n[-1]", equal: false, why: padded ? "padding, or a backward reader that has read one step" : "there the backward reader has read one step" });
  if (!s.bidirectional && s.num_layers > 1) found.push({ left: end, right: "h_n[0]", equal: false, why: "layer 0 is the lowest, and out shows the last layer only" });
  if (s.kind === "lstm") found.push({ left: end, right: forward.replace("h_n", "c_n"), equal: false, why: "the cell state is carried inside and is not in out" });
  return found;
}

/** The one thing to be seen now. */
export function finding(s) {
  const padded = s.packed ? lengths(s).filter((length) => length < s.seq_len).length : 0;
  const last = s.batch_first ? "out[:, -1]" : "out[-1]";
  if (s.packed && padded === 0) return "All sequences have one length, so packing changes nothing but the way the numbers are stored.";
  if (s.packed && s.bidirectional) return `Every sequence has two ends of its own: A at its own last step, B at step 0. ${last} is neither for ${padded} of ${s.batch} sequences.`;
  if (s.packed) return `${last} is padding for ${padded} of ${s.batch} sequences. h_n[-1] took each sequence at its own last step (A).`;
  if (s.bidirectional && s.seq_len > 1) return `The two readers end at opposite ends of out: the forward one (A) at the last step, the backward one (B) at step 0. So ${last} is not the end of both.`;
  if (s.bidirectional) return "With one step only, both readers begin and end at the same place.";
  if (!s.batch_first) return "In x and in out the steps now stand first. h_n has not moved: it never has the batch first. The last step is out[-1].";
  if (s.num_layers > 1) return `out has not grown: it shows the last of the ${s.num_layers} layers. h_n has one row for each layer, and the last row is in out (A).`;
  if (s.kind === "lstm") return "c_n has the shape of h_n, but you find it nowhere in out: only h_n is there (A).";
  return "h_n is one slice off the end of out (A): the same numbers, with an axis for the layers in front.";
}

// --- the drawing -----------------------------------------------------------------------------------------------------

const TILT = { across: 0.42, up: 0.34 };       // one step into the picture goes this far right and up
const THIN = 5;                                // pixels: no side of a box is drawn thinner

/** The boxes: which axis runs right, into the page and up, and which parts of them are marked. */
export function boxes(s) {
  const found = shapes(s), ends = s.packed ? lengths(s) : null, all = [0, s.batch];
  const steps = ["seq_len", s.seq_len], batch = ["batch", s.batch];
  const order = (features) => (s.batch_first ? [["↗", ...batch], ["→", ...steps], features] : [["→", ...steps], ["↗", ...batch], features]);
  const D = s.bidirectional ? 2 : 1, H = s.hidden_size, rows = D * s.num_layers;
  const many = (...names) => names.filter(Boolean).join(" · ");
  const width = ["↑", many(D > 1 && "2", "hidden_size"), D * H];
  const padding = ends?.map((length, k) => ({ right: [length, s.seq_len], deep: [k, k + 1], mark: "padding" })).filter(({ right }) => right[0] < right[1]) ?? [];
  const forward = [0, H], backward = [H, 2 * H], last = (length, k) => ({ right: [length - 1, length], deep: [k, k + 1], up: forward, mark: "A" });
  const state = [["→", many(D > 1 && "2", "num_layers"), rows], ["↗", ...batch], ["↑", "hidden_size", H]];
  const marks = [{ right: [rows - D, rows - D + 1], deep: all, mark: "A" }, ...(D > 1 ? [{ right: [rows - 1, rows], deep: all, mark: "B" }] : [])];
  const block = (name, shape, lines, right, deep, up, parts, colour) => ({ name, shape, lines, right, deep, up, parts, colour });
  return [
    block("x", found.x, order(["↑", "input_size", s.input_size]), s.seq_len, s.batch, s.input_size, padding, "x"),
    ...(s.packed ? [block("packed.data", found.packed, [["→", "sum of lengths", found.packed[0]], ["↑", "input_size", s.input_size]], found.packed[0], 0, s.input_size, [], "x")] : []),
    block("out", found.out, order(width), s.seq_len, s.batch, D * H,
      [...padding, ...(ends ? ends.map(last).reverse() : [{ right: [s.seq_len - 1, s.seq_len], deep: all, up: forward, mark: "A" }]),
        ...(D > 1 ? [{ right: [0, 1], deep: all, up: backward, mark: "B" }] : [])], "h"),
    block("h_n", found.h_n, state, rows, s.batch, H, marks, "h"),
    ...(found.c_n ? [block("c_n", found.c_n, state, rows, s.batch, H, [], "c")] : []),
  ];
}

const COLUMN = 152, TITLE = 46, BELOW = 66, GAP = 18;

const span = (row, unit) => row.reduce((sum, block) => sum + Math.max(COLUMN, size(block, unit).across + 14), 0) + GAP * (row.length - 1);

/** Pixels for each number, and rows of boxes, so that all of them are to one scale and fit. */
function arrange(blocks, width) {
  const most = Math.max(1, Math.floor((width + GAP) / (COLUMN + GAP)));
  const results = blocks.findIndex((block) => block.name === "out");
  const groups = results > 1 ? [blocks.slice(0, results), blocks.slice(results)] : [blocks];    // packed: what goes in, what comes out
  let best = null;
  for (let perRow = Math.min(most, blocks.length); perRow >= 1; perRow--) {
    const rows = [];
    for (const group of groups) for (let k = 0; k < group.length; k += perRow) rows.push(group.slice(k, k + perRow));
    const fits = (unit) => rows.every((row) => span(row, unit) <= width);
    let unit = Math.min(22, ...blocks.map((block) => 150 / (block.up + TILT.up * block.deep)));
    while (unit > 0.05 && !fits(unit)) unit *= 0.94;
    if (!best || unit > 1.6 * best.unit) best = { unit, rows };
  }
  const together = (one, other) => groups.some((group) => group.includes(one[0]) && group.includes(other[0]));
  const joined = (unit) => best.rows.reduce((rows, row) => {
    const above = rows.at(-1);
    if (above && together(above, row) && span([...above, ...row], unit) <= width) rows[rows.length - 1] = [...above, ...row];
    else rows.push(row);
    return rows;
  }, []);
  const tries = [1, 0.95, 0.9, 0.85, 0.8].map((share) => ({ unit: share * best.unit, rows: joined(share * best.unit) }));
  return tries.reduce((one, other) => (other.rows.length < one.rows.length ? other : one));      // a little smaller, if that saves a row
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
  const line = (r, d, u, r2, d2, u2) => lines.push(`M${(x + r + TILT.across * d).toFixed(1)} ${(y - u - TILT.up * d).toFixed(1)}L${(x + r2 + TILT.across * d2).toFixed(1)} ${(y - u2 - TILT.up * d2).toFixed(1)}`);
  for (let k = 1; k < block.right; k++) { const r = (k / block.right) * right; line(r, 0, 0, r, 0, up); line(r, 0, up, r, deep, up); }
  for (let k = 1; k < block.up; k++) { const u = (k / block.up) * up; line(0, 0, u, right, 0, u); line(right, 0, u, right, deep, u); }
  for (let k = 1; k < block.deep; k++) { const d = (k / block.deep) * deep; line(0, d, up, right, d, up); line(right, d, 0, right, d, up); }
  return lines.join("");
}

function drawBlock(put, block, unit, left, bottom, hatch) {
  put("text", { x: left, y: bottom - size(block, unit).high - 26, class: "name" }, block.name);
  put("text", { x: left, y: bottom - size(block, unit).high - 9, class: "shape" }, bracket(block.shape));
  const whole = faces(block, unit, left, bottom);
  for (const side of ["front", "top", "side"]) put("path", { d: whole[side], class: `${side} ${block.colour}` });
  put("path", { d: rules(block, unit, left, bottom), class: `rules ${block.colour}` });
  for (const mark of ["padding", "A", "B"]) {
    const parts = block.parts.filter((part) => part.mark === mark).map((part) => faces(block, unit, left, bottom, part));
    if (!parts.length) continue;
    for (const side of mark === "padding" ? ["side", "top"] : ["front", "side", "top"]) {     // in front stands a full sequence
      const d = parts.map((part) => part[side]).join("");
      put("path", { d, class: `${side} mark ${mark}` });
      if (mark !== "A") put("path", { d, fill: `url(#${hatch}-${mark})`, class: "hatch" });
    }
    if (mark !== "padding") {
      const part = block.parts.find((one) => one.mark === mark && one.deep[0] === 0), whole = size(block, unit);
      const [r0, r1] = part.right, [u0, u1] = part.up ?? [0, block.up];
      put("text", { x: left + ((r0 + r1) / 2 / block.right) * whole.right, y: bottom - ((u0 + (u1 - u0) * (mark === "A" ? 0.65 : 0.35)) / block.up) * whole.up + 5, class: "letter" }, mark);
    }
  }
  block.lines.forEach(([arrow, name, count], k) => {
    put("text", { x: left, y: bottom + 20 + 17 * k, class: "soft" }, `${arrow} ${name} ${count}`);
  });
}

let copies = 0;     // patterns of two figures on one page need names of their own

function hatches(drawing, id) {
  const defs = svg("defs", {}, drawing);
  const pattern = (mark, spacing, turn) => {
    const one = svg("pattern", { id: `${id}-${mark}`, width: spacing, height: spacing, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})` }, defs);
    svg("line", { x1: 0, y1: 0, x2: 0, y2: spacing, class: `stroke ${mark}` }, one);
  };
  pattern("padding", 5, 45);
  pattern("B", 4, -45);
}

// --- the figure ------------------------------------------------------------------------------------------------------

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64, 96, 128];
const nearest = (value) => SIZES.reduce((best, one, k) => (Math.abs(one - value) < Math.abs(SIZES[best] - value) ? k : best), 0);

/** A slider over sizes that one meets; a size between them, set from Python, is shown as it is. */
function sizeSlider(model, trait, sizes = SIZES) {
  const input = steady(make("input", { type: "range", min: 0, max: sizes.length - 1, step: 1, "aria-label": trait }));
  const shown = make("output");
  const follow = () => {
    input.value = sizes === SIZES ? nearest(model.get(trait)) : sizes.indexOf(model.get(trait));
    shown.textContent = String(model.get(trait));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => change(model, { [trait]: sizes[Number(input.value)] }));
  model.on(`change:${trait}`, follow);
  follow();
  return make("label", { class: "slider" }, make("span", { "aria-hidden": "true" }, make("code", {}, trait)), input, shown);
}

const PLAIN = { kind: "rnn", batch: 2, seq_len: 5, input_size: 4, hidden_size: 6, num_layers: 1, bidirectional: false, batch_first: true, packed: false };
const STORIES = [
  ["plain", PLAIN],
  ["three layers", { ...PLAIN, kind: "gru", num_layers: 3 }],
  ["both ways", { ...PLAIN, kind: "gru", bidirectional: true }],
  ["lengths differ", { ...PLAIN, kind: "gru", batch: 4, seq_len: 8, packed: true }],
  ["a digit, row by row", { ...PLAIN, kind: "lstm", batch: 32, seq_len: 28, input_size: 28, hidden_size: 128 }],
];
export const stories = Object.fromEntries(STORIES);

/** A button that copies the code, or, where the page may not, selects it for the reader's own copying. */
function copyButton(pre) {
  const button = make("button", { type: "button" }, "copy");
  const said = make("span", { class: "said", role: "status" });
  button.addEventListener("click", async () => {
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
  return { bar: make("div", { class: "bar" }, button, said), forget: () => { said.textContent = ""; } };
}

function factLine({ left, right, equal, mark, why }) {
  const badge = make("span", { class: `badge ${mark ?? "no"}`, "aria-hidden": "true" }, mark ?? "");
  return make("li", {}, badge, make("span", {}, make("code", {}, left), equal ? " = " : " ≠ ", make("code", {}, right),
    make("span", { class: "why" }, ` ${why}`)));
}

function render({ model, el }) {
  const settings = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  const { root, leave } = mount({ model, el }, "ShapeExplorer", () => results(settings()));
  const start = settings();
  const hatch = `seqlab-hatch-${copies++}`;
  const drawing = svg("svg", { role: "img" });
  hatches(drawing, hatch);
  const { put, done } = brush(svg("g", {}, drawing));
  const finds = report();
  const list = make("ul", { class: "facts", "aria-label": "Which slices are equal" });
  const count = make("p", { class: "count" });
  const pre = make("pre", { tabindex: 0, "aria-label": "the same in PyTorch" });
  const copy = copyButton(pre);
  const lengthsShown = make("p", { class: "lengths" });
  root.append(
    presets(model, { name: "Show", options: STORIES, reset: ["reset", start] }),
    choice(model, "kind", { name: "layer", options: [["rnn", "nn.RNN"], ["gru", "nn.GRU"], ["lstm", "nn.LSTM"]] }),
    make("div", { class: "controls" }, ...["batch", "seq_len", "input_size", "hidden_size"].map((name) => sizeSlider(model, name)),
      sizeSlider(model, "num_layers", [1, 2, 3, 4])),
    make("div", { class: "toggles" }, toggle(model, "bidirectional", { name: "bidirectional" }), toggle(model, "batch_first", { name: "batch_first" }),
      toggle(model, "packed", { name: "packed (lengths differ)" })),
    lengthsShown, make("div", { class: "stage" }, drawing), finds.element, list, count, make("div", { class: "code" }, fold(root, "The same in PyTorch", copy.bar, pre)),
  );

  let width = 0, before = null;
  const draw = () => {
    const s = settings();
    const room = Math.max(260, Math.round(drawing.parentNode.clientWidth) || 640);
    if (room !== width || before !== JSON.stringify(s)) drawBoxes(s, room);
    width = room;
    before = JSON.stringify(s);
  };
  const drawBoxes = (s, room) => {
    const blocks = boxes(s), { unit, rows } = arrange(blocks, room);
    let bottom = 0;
    for (const row of rows) {
      const high = Math.max(...row.map((block) => size(block, unit).high));
      bottom += TITLE + high;
      let left = 2;
      for (const block of row) {
        drawBlock(put, block, unit, left, bottom, hatch);
        left += Math.max(COLUMN, size(block, unit).across + 14) + GAP;
      }
      bottom += BELOW;
    }
    done();
    drawing.setAttribute("viewBox", `0 0 ${room} ${Math.ceil(bottom)}`);
    const found = shapes(s), sum = parameters(s), text = code(s), ends = s.packed ? lengths(s) : [];
    drawing.setAttribute("aria-label", `Boxes to scale: ${blocks.map(({ name, shape }) => `${name} ${bracket(shape)}`).join(", ")}`);
    const few = ends.length > 8 ? [...ends.slice(0, 6), "…", ends.at(-1)] : ends;
    lengthsShown.textContent = s.packed ? `lengths ${few.join(", ")}: ${found.packed[0]} real steps of ${s.batch * s.seq_len}; hatched is padding. packed_out.data ${bracket(found.packed_out)}` : "";
    list.replaceChildren(...facts(s).map(factLine));
    count.replaceChildren(make("b", {}, `${sum.count.toLocaleString("en")} parameters`), ` = ${sum.formula}`, make("br"),
      make("span", { class: "why" }, `${s.bidirectional ? "directions · " : ""}blocks · hidden · (inputs + hidden + 2)${s.num_layers > 1 ? ", then the layers above" : ""}: no batch, no seq_len`));
    pre.textContent = text;
    copy.forget();
    finds.say(finding(s));
  };
  const stop = redraw(model, SETTINGS, draw);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); stop(); leave(); };
}

export default { render };
