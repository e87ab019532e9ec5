// Draw a digit; an LSTM reads its 28 rows, one at a time. The numbers are checked against PyTorch.
import {
  brush, button, change, choice, hide, make, mount, player, put, redraw, report, signed, slider, svg, toggle, values,
} from "./shared.js";

const SIDE = 28;                // pixels and rows of an image
const CLASSES = 10;
const PAD = 280;                // units of the drawing pad
const FIT = 20;                 // MNIST's digits fill a box of 20 x 20 pixels
const STROKE = 2.4;             // pixels: about as wide as MNIST's strokes
const ASKED = 24;               // units of the second head, which says how strange a drawing is
const PARTS = {                 // how each part of the inside is named, and what its picture shows
  h: ["state h", "State h: what each unit shows"],
  c: ["cell state c", "Cell state c: what each unit keeps"],
  i: ["input gate i", "Input gate i: how much each unit writes"],
  f: ["forget gate f", "Forget gate f: how much each unit keeps"],
  g: ["candidate g", "Candidate g: what each unit would write"],
  o: ["output gate o", "Output gate o: how much each unit shows"],
};

// --- from a drawing to an image, as MNIST's images were made: the same as in digit_reader.py ------------------------

/** A stroke x, y, x, y, ... as points, its corners cut twice (Chaikin's curve); its ends stay. */
export function smooth(stroke, rounds = 2) {
  let line = [];
  for (let k = 0; k < stroke.length; k += 2) line.push([stroke[k], stroke[k + 1]]);
  for (let round = 0; round < rounds && line.length > 2; round++) {
    const cut = [line[0]];
    for (let k = 0; k + 1 < line.length; k++) {
      const [[a, b], [c, d]] = [line[k], line[k + 1]];
      if (k > 0) cut.push([0.75 * a + 0.25 * c, 0.75 * b + 0.25 * d]);
      if (k + 2 < line.length) cut.push([0.25 * a + 0.75 * c, 0.25 * b + 0.75 * d]);
    }
    line = [...cut, line.at(-1)];
  }
  return line;
}

/** The drawing as 784 whole numbers, 0 (paper) to 255 (ink). */
export function asMnist(strokes, centred = true) {
  let lines = strokes.map((stroke) => smooth(stroke));
  const moved = (move) => lines.map((line) => line.map(move));
  if (lines.length > 0 && centred) {
    const all = lines.flat();
    const [left, right] = extent(all.map(([x]) => x));
    const [top, bottom] = extent(all.map(([, y]) => y));
    const factor = (FIT - STROKE) / Math.max(right - left, bottom - top, PAD / SIDE);
    const [middle, centre] = [(left + right) / 2, (top + bottom) / 2];
    lines = moved(([x, y]) => [(x - middle) * factor + SIDE / 2, (y - centre) * factor + SIDE / 2]);
    const [across, down] = centreOfMass(painted(lines));
    lines = moved(([x, y]) => [x + (SIDE + 1) / 2 - across, y + (SIDE + 1) / 2 - down]);
  } else {
    lines = moved(([x, y]) => [x * SIDE / PAD, y * SIDE / PAD]);
  }
  return Array.from(painted(lines), (ink) => Math.floor(255 * ink + 0.5));
}

function extent(values) {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

/** Ink from 0 to 1 for every pixel: full within half a stroke of a line, and none a pixel further out. */
export function painted(lines) {
  const ink = new Float64Array(SIDE * SIDE);
  const reach = STROKE / 2 + 0.5;
  for (const line of lines) {
    for (let k = 0; k < Math.max(line.length - 1, 1); k++) {
      const [[a, b], [c, d]] = [line[k], line[k + 1] ?? line[k]];
      const length = (c - a) ** 2 + (d - b) ** 2;
      const firstRow = Math.max(0, Math.floor(Math.min(b, d) - reach));
      const lastRow = Math.min(SIDE - 1, Math.ceil(Math.max(b, d) + reach));
      const firstColumn = Math.max(0, Math.floor(Math.min(a, c) - reach));
      const lastColumn = Math.min(SIDE - 1, Math.ceil(Math.max(a, c) + reach));
      for (let row = firstRow; row <= lastRow; row++) {
        for (let column = firstColumn; column <= lastColumn; column++) {
          const [x, y] = [column + 0.5 - a, row + 0.5 - b];
          const share = length > 0 ? Math.min(1, Math.max(0, (x * (c - a) + y * (d - b)) / length)) : 0;
          const away = Math.hypot(x - share * (c - a), y - share * (d - b));
          const here = Math.min(1, Math.max(0, reach - away));
          if (here > ink[SIDE * row + column]) ink[SIDE * row + column] = here;
        }
      }
    }
  }
  return ink;
}

function centreOfMass(ink) {
  let [across, down, mass] = [0, 0, 0];
  ink.forEach((value, k) => {
    across += value * (k % SIDE + 0.5);
    down += value * (Math.floor(k / SIDE) + 0.5);
    mass += value;
  });
  return [across / mass, down / mass];
}

// --- the network ----------------------------------------------------------------------------------------------------

/** The network's arrays from its bytes, float16 or float32. */
export function unpack(bytes, H) {
  const sizes = { W_ih: 4 * H * SIDE, W_hh: 4 * H * H, bias: 4 * H, head: CLASSES * H, headBias: CLASSES };
  const count = Object.values(sizes).reduce((a, b) => a + b);
  const small = bytes.byteLength === 2 * count;
  if (!small && bytes.byteLength !== 4 * count) {
    throw new Error(`${bytes.byteLength} bytes of weights for ${count} numbers`);
  }
  const network = { H };
  let at = 0;
  for (const [name, size] of Object.entries(sizes)) {
    network[name] = new Float32Array(size);
    for (let k = 0; k < size; k++, at++) {
      network[name][k] = small ? float16(bytes.getUint16(2 * at, true)) : bytes.getFloat32(4 * at, true);
    }
  }
  return network;
}

/** A float16 from its bits. */
export function float16(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** What happens at every row: h, c, i, f, g, o with H numbers a row, and the ten probabilities after each row. */
export function read({ H, W_ih, W_hh, bias, head, headBias }, image) {
  const [h, c, i, f, g, o] = Array.from({ length: 6 }, () => new Float32Array(SIDE * H));
  const sums = new Float64Array(4 * H);
  const probabilities = [];
  for (let t = 0; t < SIDE; t++) {
    const x = Float64Array.from(image.slice(t * SIDE, (t + 1) * SIDE), (ink) => ink / 255);
    const before = t > 0 ? h.subarray((t - 1) * H, t * H) : new Float32Array(H);
    for (let k = 0; k < 4 * H; k++) sums[k] = bias[k] + product(W_ih, k, x) + product(W_hh, k, before);
    for (let k = 0, at = t * H; k < H; k++, at++) {
      i[at] = sigmoid(sums[k]);
      f[at] = sigmoid(sums[H + k]);
      g[at] = Math.tanh(sums[2 * H + k]);
      o[at] = sigmoid(sums[3 * H + k]);
      c[at] = f[at] * (t > 0 ? c[at - H] : 0) + i[at] * g[at];
      h[at] = o[at] * Math.tanh(c[at]);
    }
    const now = h.subarray(t * H, (t + 1) * H);
    probabilities.push(softmax(Array.from(headBias, (b, k) => b + product(head, k, now))));
  }
  return { h, c, i, f, g, o, probabilities };
}

/** How little a drawing looks like a digit, from 0 to 1, by the states that it leaves; 0.5 is the border. */
export function strangeness(h, H, secondHead) {
  if (secondHead.byteLength === 0) return null;
  const count = secondHead.byteLength / 2;
  const numbers = Float32Array.from({ length: count }, (_, k) => float16(secondHead.getUint16(2 * k, true)));
  const asked = new Float32Array(2 * H);                      // the mean of the states, then the last of them
  h.forEach((value, at) => { asked[at % H] += value / SIDE; });
  asked.set(h.subarray((SIDE - 1) * H), H);
  const [biases, answer] = [ASKED * 2 * H, ASKED * (2 * H + 1)];
  let sum = numbers[answer + ASKED];
  for (let k = 0; k < ASKED; k++) {
    sum += numbers[answer + k] * Math.tanh(product(numbers, k, asked) + numbers[biases + k]);
  }
  return sigmoid(sum);
}

/** Row k of a matrix, kept flat, times a vector. */
function product(matrix, k, vector) {
  let sum = 0;
  for (let j = 0, at = k * vector.length; j < vector.length; j++, at++) sum += matrix[at] * vector[j];
  return sum;
}

function softmax(scores) {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((one, other) => one + other);
  return powers.map((power) => power / total);
}

export const best = (numbers) => numbers.indexOf(Math.max(...numbers));

/** What it takes the digit for, one after another, each with its first row (from 1), from the first ink on.
 *  An answer counts while it has two chances in five; the last one always does. */
export function answers(probabilities, image) {
  const first = Math.max(0, Math.floor(image.findIndex((ink) => ink > 0) / SIDE));
  const runs = [];
  let held = null;
  probabilities.forEach((now, t) => {
    if (t < first) return;
    const digit = best(now);
    const counts = now[digit] >= 0.4 || t === SIDE - 1;
    if (counts && digit !== runs.at(-1)?.digit) runs.push({ digit, row: t + 1 });
    else if (counts && digit !== held) runs.at(-1).row = t + 1;   // it was in doubt in between
    held = digit;
  });
  return runs;
}

/** Which digit leads after each of the rows read so far, as runs: { digit, from, to }, rows from 1. */
export function leaders(probabilities, row) {
  const runs = [];
  probabilities.slice(0, row).forEach((now, t) => {
    const digit = best(now);
    if (runs.at(-1)?.digit === digit) runs.at(-1).to = t + 1;
    else runs.push({ digit, from: t + 1, to: t + 1 });
  });
  return runs;
}

/** Where the runs' digits are written, [column, row]: beside their first row, two of a column so many rows apart. */
export function places(runs, apart) {
  const last = [-Infinity, -Infinity];
  return runs.map(({ from }) => {
    const middle = from - 0.5;
    const free = last.findIndex((one) => middle - one >= apart);
    const column = free >= 0 ? free : Number(last[1] < last[0]);
    last[column] = Math.max(middle, last[column] + apart);
    return [column, last[column]];
  });
}

const TIMED = "seqlab reading";
const UNIT = ["i", "f", "g", "o", "c", "h"];       // the numbers of one unit, in the order in which they are computed

/** The numbers of one unit after a row (from 1), with c as it was before, what is kept and what is written. */
export function unitAt(all, unit, row) {
  const at = (row - 1) * all.H + unit;
  const one = Object.fromEntries(UNIT.map((name) => [name, all[name][at]]));
  const before = row > 1 ? all.c[at - all.H] : 0;
  return { ...one, before, kept: one.f * before, written: one.i * one.g };
}

/** How c and h come about, as text: [c from its factors, its two parts, c], [h from its factors, h]. */
export function arithmetic({ i, f, g, o, c, h, before, kept, written }) {
  const exact = (value) => signed(Math.abs(value) < 0.0005 ? 0 : value, 3);
  const factor = (value) => (value > -0.0005 ? exact(value) : `(${exact(value)})`);
  const sum = (one, other) => `${exact(one)} ${other > -0.0005 ? "+" : "\u2212"} ${exact(Math.abs(other))}`;
  return [
    [`${exact(f)} \u00b7 ${factor(before)} + ${exact(i)} \u00b7 ${factor(g)}`, sum(kept, written), exact(c)],
    [`${exact(o)} \u00b7 tanh(${exact(c)})`, `${exact(o)} \u00b7 ${factor(Math.tanh(c))}`, exact(h)],
  ];
}

function inWords(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and then ${names.at(-1)}`;
}

const article = (digit) => (digit === 8 ? "an 8" : `a ${digit}`);

const percent = (p) => (p > 0.995 ? "over 99" : p < 0.01 ? "under 1" : (100 * p).toFixed(0)) + "\u00a0%";

const UNLIKE = "unlike any digit it knows";

/** Whether the second head has been asked, and finds the drawing beyond the border. */
const isUnlike = (strange, row) => row === SIDE && strange > 0.5;

/** What the second meter says, in words; nothing before the last row. */
export function likeness(strange, row) {
  return row < SIDE ? `asked after row ${SIDE}` : isUnlike(strange, row) ? UNLIKE : "like a digit";
}

/** What is to be seen now, in words. */
export function finding(probabilities, image, row, centred = true, strange = null) {
  if (row === 0) return "It has read nothing yet. It reads when you lift the pen, or press play.";
  const now = probabilities[row - 1];
  const digit = best(now);
  const second = best(now.map((p, k) => (k === digit ? -1 : p)));
  const doubt = now[second] > 0.1 ? ` or perhaps ${article(second)} (${percent(now[second])})` : "";
  if (image.every((ink) => ink === 0)) {
    return `The page is empty, and still it answers: ${digit} (${percent(now[digit])}). `
      + "Its ten probabilities always add up to 1. Draw a digit.";
  }
  if (row < SIDE) {
    const blank = image.slice(0, row * SIDE).every((ink) => ink === 0);
    const says = blank ? ", all of them empty: it can only guess."
      : `: it looks like ${article(digit)} (${percent(now[digit])})${doubt}.`;
    return `${row} of 28 rows read${says}`;
  }
  if (isUnlike(strange, row)) {
    return `U${UNLIKE.slice(1)}. Of the ten, it is nearest to ${article(digit)} (${percent(now[digit])})${doubt}.`;
  }
  const runs = answers(probabilities, image);
  const before = runs.slice(0, -1).map((run) => article(run.digit)).slice(-3);
  const story = before.length === 0
    ? `It has looked like nothing else, and is plain from row ${runs[0].row} on.`
    : `On the way it looked like ${inWords(before)}; since row ${runs.at(-1).row} it looks like ${article(digit)}.`;
  const warning = centred ? "" : " But it is shown a picture unlike those it learnt from.";
  return `It reads ${article(digit)} (${percent(now[digit])})${doubt}. ${story}${warning}`;
}

// --- the figure -----------------------------------------------------------------------------------------------------

const TRAITS = ["strokes", "centred", "own_image", "row", "weights", "hidden_size", "second_head", "part", "unit",
  "sample"];

/** What is to be seen now, whenever it is called: the image, and the network's reading of it. */
function reader(model) {
  const network = memo((bytes, H) => unpack(bytes, H));
  const image = memo((strokes, centred, own) => (
    strokes.length > 0 || own.length === 0 ? asMnist(strokes, centred) : own));
  const reading = memo((net, pixels) => {
    const start = performance.now();
    const result = read(net, pixels);
    if (performance.getEntriesByName(TIMED).length > 1000) performance.clearMeasures(TIMED);
    performance.measure(TIMED, { start });
    return result;
  });
  const unlike = memo(strangeness);
  return () => {
    const { strokes, centred, own_image, weights, hidden_size: H, row, second_head: head } = values(model, TRAITS);
    const pixels = image(strokes, centred, own_image);
    const all = reading(network(weights, H), pixels);
    return { ...all, strangeness: unlike(all.h, H, head), strokes, image: pixels, H, row };
  };
}

function render({ model, el }) {
  const now = reader(model);
  const results = () => {
    const { image, probabilities, strangeness: far } = now();
    return { image, probabilities, prediction: best(probabilities.at(-1)), strangeness: far };
  };
  const { root, leave } = mount({ model, el }, "DigitReader", results);
  const controls = playControls(model);
  const pad = drawingPad(model, controls);
  const seen = imageSeen(model);
  const belief = beliefs(), meter = strangeMeter();
  const inside = insidePicture(model, controls.stop);
  const { element, say } = report();
  element.classList.add("finding");
  root.append(make("div", { class: "whole" },
    make("div", { class: "reader" }, pad.element, element, seen.element, belief.element, meter.element),
    controls.element, sampleRow(model, controls), inside.element));

  const draw = () => {
    const all = now();
    const ink = inks(root);
    root.classList.toggle("unlike", isUnlike(all.strangeness, all.row));
    for (const each of [pad, seen, belief, meter, inside, controls]) each.draw(all, ink);
    say(finding(all.probabilities, all.image, all.row, model.get("centred"), all.strangeness));
  };
  now();                                                      // the first reading takes longer than any drawing
  const stop = redraw(model, TRAITS, draw);
  const theme = new MutationObserver(draw);
  theme.observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  const sized = new ResizeObserver(draw);
  sized.observe(root);
  return () => {
    stop();
    theme.disconnect();
    sized.disconnect();
    controls.stop();
    leave();
  };
}

/** The function, which computes again only when an argument is another one than last time. */
function memo(compute) {
  let known = [];
  let result;
  return (...given) => {
    const news = given.length !== known.length || given.some((one, k) => one !== known[k]);
    if (news) [known, result] = [given, compute(...given)];
    return result;
  };
}

/** The theme's colours as [red, green, blue]; grey until the figure is in the page. */
function inks(root) {
  const style = getComputedStyle(root);
  return (name) => {
    const pairs = style.getPropertyValue(`--${name}`).match(/[0-9a-f]{2}/g) ?? ["88", "88", "88"];
    return pairs.map((pair) => parseInt(pair, 16));
  };
}

/** A canvas for paintCells, kept in the memory of the processor: it is small and often written. */
function cells(attributes) {
  const canvas = make("canvas", attributes);
  canvas.getContext("2d", { willReadFrequently: true });
  paintCells(canvas, [0], 1, 1, [0, 0, 0], [0, 0, 0]);        // the first painting of all takes the browser a while
  return canvas;
}

/** Paint numbers from -1 to 1 onto a canvas, one pixel each: the stronger the colour, the further from 0. */
function paintCells(canvas, values, width, height, colour, negative) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let k = 0; k < values.length; k++) {
    picture.data.set(values[k] < 0 ? negative : colour, 4 * k);
    picture.data[4 * k + 3] = 255 * Math.min(1, Math.abs(values[k]));
  }
  context.putImageData(picture, 0, 0);
}

function panel(kind, title, ...children) {
  return make("div", { class: `panel ${kind}` }, make("p", { class: "title" }, title), ...children);
}

// --- the drawing pad: mouse, finger, pen, or keys

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1] };

/**
 * The reader's pen: where it is, whether the keys have put it down, and what it does to the strokes. Nothing is read
 * while it draws; when it is lifted, the reading begins.
 */
function penOf(model, { stop, replay }) {
  const at = { x: 140, y: 60, down: false };
  const own = () => model.get("strokes");
  const set = (strokes, row = SIDE) => {
    if (strokes.length === 0) at.down = false;
    stop();
    change(model, { strokes, own_image: [], sample: -1, row });
  };
  return {
    at, own,
    clear: () => set([]),
    undo: () => set(own().slice(0, -1)),
    /** A new stroke; a ready drawing makes way for the reader's first one. */
    begin: (stroke) => set([...(model.get("sample") >= 0 ? [] : own()), stroke], 0),
    /** The last stroke as it is now. */
    goOn: (stroke) => set([...own().slice(0, -1), stroke], 0),
    lift: () => { if (own().length > 0) replay(); },
  };
}

/** Drawing by pointer: what comes in between two frames is put into the trait at once. */
function drawByPointer(surface, pen) {
  let pointer = null;
  let stroke = [];
  let waiting = 0;
  const add = (event) => {
    const box = surface.getBoundingClientRect();
    const inside = (value) => Math.round(Math.min(PAD - 8, Math.max(8, value)));
    const x = inside((event.clientX - box.left) / box.width * PAD);
    const y = inside((event.clientY - box.top) / box.height * PAD);
    const far = Math.hypot(x - stroke.at(-2), y - stroke.at(-1)) >= 3;
    if (stroke.length === 0 || far) stroke = [...stroke, x, y];
  };
  const show = () => {
    waiting = 0;
    pen.goOn(stroke);
  };
  surface.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button > 0) return;
    event.preventDefault();
    surface.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    surface.classList.add("by-hand");
    pointer = event.pointerId;
    pen.at.down = false;
    stroke = [];
    add(event);
    pen.begin(stroke);
  });
  surface.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length > 0 ? all : [event]) add(one);
    waiting ||= requestAnimationFrame(show);
  });
  const lift = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    cancelAnimationFrame(waiting);
    if (pen.own().length > 0) show();
    [pen.at.x, pen.at.y] = stroke.slice(-2);
    pen.lift();
  };
  surface.addEventListener("pointerup", lift);
  surface.addEventListener("pointercancel", lift);
}

/** Drawing by keys; `follow` shows where the pen is, `tell` says it. */
function drawByKeys(surface, pen, follow, tell) {
  const { at } = pen;
  const move = ([right, below], step) => {
    const within = (value) => Math.min(PAD - 10, Math.max(10, value));
    [at.x, at.y] = [within(at.x + step * right), within(at.y + step * below)];
    if (at.down) pen.goOn([...pen.own().at(-1), at.x, at.y]);
    else follow();
    tell(`column ${Math.round(at.x / 10)}, row ${Math.round(at.y / 10)}`);
  };
  const press = () => {
    at.down = !at.down;
    if (at.down) pen.begin([at.x, at.y]);
    else pen.lift();
    follow();
    tell(at.down ? "pen down" : "pen up");
  };
  const undo = () => {
    at.down = false;
    pen.undo();
    tell("last stroke taken away");
  };
  const clear = () => {
    pen.clear();
    tell("pad cleared");
  };
  const others = { " ": press, Backspace: undo, z: undo, u: undo, Delete: clear };
  surface.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== "z")) return;
    surface.classList.remove("by-hand");
    if (event.key in MOVES) move(MOVES[event.key], event.shiftKey ? 40 : 10);
    else if (Object.hasOwn(others, event.key)) others[event.key]();
    else return;
    event.preventDefault();
  });
}

function drawingPad(model, controls) {
  const pen = penOf(model, controls);
  const given = cells({ "aria-hidden": "true" });    // an image that came without strokes
  const drawing = svg("svg", { viewBox: `0 0 ${PAD} ${PAD}`, "aria-hidden": "true" });
  const lines = svg("path", { class: "pen" }, drawing);
  const hint = svg("text", { x: PAD / 2, class: "hint", "text-anchor": "middle" }, drawing);
  const cursor = svg("g", { class: "cursor" }, drawing);
  svg("circle", { r: 11 }, cursor);
  svg("path", { d: "M-20 0H20M0 -20V20" }, cursor);
  const surface = make("div", { class: "surface", tabindex: 0, role: "application",
    "aria-roledescription": "drawing pad",
    "aria-label": "Drawing pad. The arrow keys move the pen; Home, End, Page Up and Page Down move it aslant. "
      + "Space puts it down or lifts it. Backspace takes the last stroke away, Delete clears the pad." },
    given, drawing);
  const spoken = make("span", { class: "spoken", role: "status" });
  const undo = button("Undo", pen.undo, "Undo the last stroke");
  const clear = button("Clear", pen.clear, "Clear the drawing");
  const keys = make("p", { class: "keys" }, "Keys: arrows move, space inks");
  const followCursor = () => {
    put(cursor, { transform: `translate(${pen.at.x} ${pen.at.y})` });
    cursor.classList.toggle("down", pen.at.down);
  };
  drawByPointer(surface, pen);
  drawByKeys(surface, pen, followCursor, (text) => { spoken.textContent = text; });

  const draw = ({ strokes, image }, ink) => {
    if (strokes.length === 0) pen.at.down = false;
    const blank = strokes.length === 0;
    const empty = blank && image.every((value) => value === 0);
    put(lines, { d: strokes.map(path).join("") });
    hint.textContent = empty ? "draw a digit here" : model.get("sample") >= 0 ? "draw your own here" : "";
    put(hint, { y: empty ? PAD / 2 : 24 });
    hide(given, !blank || empty);
    if (blank) paintCells(given, image.map((value) => value / 255), SIDE, SIDE, ink("ink"), ink("ink"));
    undo.disabled = blank;
    clear.disabled = empty;
    followCursor();
  };
  const row = make("div", { class: "row" }, undo, clear, keys);
  return { element: panel("draw", "Draw a digit", surface, row, spoken), draw };
}

/** A stroke as the text that SVG's path wants; a lone point becomes a dot. */
const path = (stroke) => "M" + smooth(stroke).map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")
  + (stroke.length === 2 ? "h0.1" : "");

// --- the image that the network reads, its rows going out where they have not been read, and its answer at every row

function imageSeen(model) {
  const canvas = cells({ class: "pixels" });
  const unread = make("div", { class: "unread" });
  const line = make("div", { class: "line" });
  const frame = make("div", { class: "picture" }, canvas, unread, line);
  const answer = answersByRow();
  const sight = make("div", { class: "sight", role: "img" }, frame, answer.element);
  const centring = toggle(model, "centred", { name: "fit and centre it, as MNIST was" });
  const draw = ({ image, row, strokes, probabilities }, ink) => {
    paintCells(canvas, image.map((value) => value / 255), SIDE, SIDE, ink("ink"), ink("ink"));
    unread.style.top = line.style.top = `${100 * row / SIDE}%`;
    line.classList.toggle("done", row === SIDE);
    centring.style.visibility = strokes.length > 0 ? "" : "hidden";
    const runs = leaders(probabilities, row);
    answer.draw(runs, probabilities);
    const led = runs.map(({ digit, from }) => `${digit} from row ${from}`).join(", ");
    put(sight, { "aria-label": `The image of 28 by 28 pixels that the network reads; ${row} of its rows are read.`
      + (led && ` The most probable digit: ${led}.`) });
  };
  const title = make("span", {}, make("span", {}, "What it sees"), " ", make("span", {}, "and says"));
  const below = make("div", { class: "row" }, centring, make("span", { class: "soft" }, "how sure"));
  return { element: panel("seen", title, sight, below), draw };
}

/** Beside every row a bar, as long and as strong as the leading digit is probable; and where it begins to lead, it. */
function answersByRow() {
  const bars = svg("svg", { viewBox: `0 0 100 ${SIDE}`, preserveAspectRatio: "none" });
  const { paint, done } = brush(bars);
  const names = make("div", { class: "names" });
  const element = make("div", { class: "answers" }, names, bars);
  const draw = (runs, probabilities) => {
    for (const { digit, from, to } of runs) {
      for (let t = from - 1; t < to; t++) {
        const p = probabilities[t][digit];
        paint("rect", { x: 0, y: t + 0.06, width: (100 * p).toFixed(1), height: 0.88, class: "sure",
          "fill-opacity": (0.2 + 0.8 * p).toFixed(2) });
      }
    }
    done();
    const apart = 12 * SIDE / (element.clientHeight || 140);
    names.replaceChildren(...places(runs, apart).map(([column, row], k) => {
      const one = make("span", {}, String(runs[k].digit));
      Object.assign(one.style, { left: `${50 * column}%`, top: `${100 * row / SIDE}%` });
      return one;
    }));
  };
  return { element, draw };
}

// --- the probabilities after each row, growing downwards beside the rows of the image

function beliefs() {
  const column = 28;
  const drawing = svg("svg", { viewBox: `0 0 ${CLASSES * column} ${10 * SIDE}`, preserveAspectRatio: "none",
    role: "img" });
  for (let k = 0; k < CLASSES; k++) {
    svg("rect", { x: k * column + 1, y: 0, width: column - 2, height: 10 * SIDE, class: "lane" }, drawing);
  }
  const bars = Array.from({ length: CLASSES }, () => svg("path", { class: "bar" }, drawing));
  const lead = svg("path", { class: "bar lead" }, drawing);
  const line = make("div", { class: "line" });
  const digits = Array.from({ length: CLASSES }, (_, k) => {
    const share = make("span", { class: "share" });
    return { share, cell: make("div", {}, make("b", {}, String(k)), share) };
  });
  const frame = make("div", { class: "picture" }, drawing, line);
  const table = make("div", { class: "classes", "aria-hidden": "true" }, ...digits.map(({ cell }) => cell));

  const draw = ({ probabilities, row }) => {
    const now = row > 0 ? probabilities[row - 1] : Array(CLASSES).fill(0);
    const winner = row > 0 ? best(now) : -1;
    const left = (k) => k * column + 1;
    const right = (t, k) => (left(k) + (column - 2) * probabilities[t][k]).toFixed(2);
    bars.forEach((bar, k) => {
      let d = `M${left(k)} 0`;
      for (let t = 0; t < row; t++) d += `H${right(t, k)}V${10 * (t + 1)}`;
      put(bar, { d: `${d}H${left(k)}Z` });
      digits[k].cell.classList.toggle("winner", k === winner);
      digits[k].share.textContent = row > 0 ? (100 * now[k]).toFixed(0) : "";
    });
    const led = probabilities.slice(0, row).map(best);
    put(lead, { d: led.map((k, t) => `M${left(k)} ${10 * t}H${right(t, k)}v10H${left(k)}Z`).join("") });
    line.style.top = `${100 * row / SIDE}%`;
    line.classList.toggle("done", row === SIDE);
    const listed = now.map((p, k) => `${k}: ${percent(p)}`).join(", ");
    put(drawing, { "aria-label": row === 0 ? "No probabilities yet."
      : `Probabilities of the ten digits after row ${row}: ${listed}.` });
  };
  return { element: panel("belief", "What it believes", frame, table), draw };
}

/** How strange the drawing is: a mark on a scale that the border of what digits do parts in two, and words. */
function strangeMeter() {
  const mark = make("i"), words = make("span", { class: "words" });
  const scale = make("div", { class: "scale", role: "meter", "aria-label": "How unlike any digit it knows",
    "aria-valuemin": 0, "aria-valuemax": 1 }, make("b"), mark);
  const element = make("div", { class: "strange" }, scale, words);
  const draw = ({ strangeness: far, row }) => {
    hide(element, far === null);
    const now = far ?? 0;
    words.textContent = likeness(far, row);
    hide(mark, row < SIDE);
    mark.style.left = `${100 * now}%`;
    element.classList.toggle("far", isUnlike(far, row));
    put(scale, { "aria-valuenow": row < SIDE ? 0 : now.toFixed(2), "aria-valuetext": words.textContent });
  };
  return { element, draw };
}

// --- play, pause, step and the slider of rows

function playControls(model) {
  const words = [["\u25b6 Play", "Play: read the rows one after another"], ["\u275a\u275a Pause", "Pause"]];
  const { play, step, stop, slider } = player(model, "row", { first: 0, last: () => SIDE, words, pace: () => 110,
    calm: "end", label: "", name: "rows read", min: 0, show: (row) => `row ${row} of 28`,
    say: (row) => `${row} of 28 rows read` });
  const replay = () => {
    stop();
    change(model, { row: 0 });
    play.click();                                             // where the reader wants no motion, it goes to the end
  };
  const back = button("\u2190", () => step(-1), "One row back");
  const on = button("\u2192", () => step(1), "One row on");
  const draw = ({ row }) => {
    back.disabled = row === 0;
    on.disabled = row === SIDE;
  };
  return { element: make("div", { class: "player" }, play, back, on, slider), draw, stop, replay };
}

// --- ready drawings

function sampleRow(model, { replay }) {
  const buttons = model.get("samples").map(({ name, strokes }, k) => {
    const picture = svg("svg", { viewBox: `0 0 ${PAD} ${PAD}`, "aria-hidden": "true" });
    svg("path", { class: "pen", d: strokes.map(path).join("") }, picture);
    const one = button("", () => {
      change(model, { strokes, own_image: [], sample: k });
      replay();
    }, name);
    one.title = name;
    one.append(picture);
    return one;
  });
  return make("div", { class: "samples", role: "group", "aria-label": "Ready drawings" },
    make("span", {}, "Or take one:"), ...buttons);
}

// --- the hidden units and gates: a row of the picture for each row of the image, a column for each unit

function insidePicture(model, stop) {
  const canvas = cells({});
  const line = make("div", { class: "line" });
  const column = make("div", { class: "column" });
  const unread = make("div", { class: "unread" });
  const frame = make("div", { class: "picture", tabindex: 0, role: "slider", "aria-label": "unit and row looked at",
    "aria-valuemin": 0 }, canvas, unread, line, column);
  const legend = make("p", { class: "legend" });
  const title = make("p", { class: "title" });
  const count = () => model.get("hidden_size");
  const unitSlider = slider(model, "unit", { label: "unit", name: "unit looked at", min: 1, max: count, step: 1,
    place: (unit) => unit + 1, value: (place) => place - 1, watch: ["hidden_size"], show: (unit) => String(unit + 1) });
  const all = make("div", { class: "units" }, title, frame, make("div", { class: "under" }, legend, unitSlider));
  const one = oneUnit(model, stop);
  const body = make("div", { class: "inside" }, all, one.element, one.sums);
  const parts = choice(model, "part", { name: "Inside it:",
    options: [...Object.keys(PARTS).map((part) => [part, part]), ["", "hide"]] });
  lookInside(model, frame, stop);

  const draw = (all, ink) => {
    const part = model.get("part");
    hide(body, part === "");
    if (part === "") return;
    const { H, row } = all, [name, words] = PARTS[part], unit = Math.min(model.get("unit"), H - 1);
    const largest = part === "c" ? largestOf(all.c) : 1;
    const both = "hcg".includes(part), scaled = Array.from(all[part], (value) => value / largest);
    title.textContent = words;
    paintCells(canvas, scaled, H, SIDE, ink(both ? "h" : part), ink("bad"));
    unread.style.top = line.style.top = `${100 * row / SIDE}%`;
    line.classList.toggle("done", row === SIDE);
    Object.assign(column.style, { left: `${100 * unit / H}%`, width: `${100 / H}%` });
    legend.className = both ? "legend both" : `legend ${part}`;
    legend.replaceChildren(...ends(part, both, largest));
    const value = row > 0 ? all[part][(row - 1) * H + unit] : 0;
    put(frame, { "aria-valuemax": H - 1, "aria-valuenow": unit, "aria-valuetext": `${name}, unit ${unit + 1} of ${H}, `
      + `${row > 0 ? `row ${row}` : "before the first row"}: ${signed(value)}` });
    one.draw(all, unit, part);
  };
  return { element: make("div", { class: "within" }, parts, body), draw };
}

const largestOf = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 1);

// --- one unit: its six numbers after every row, and how those of the last row read come about

function oneUnit(model, stop) {
  const drawing = svg("svg", { viewBox: `0 0 600 ${10 * SIDE}`, preserveAspectRatio: "none", role: "img" });
  UNIT.forEach((name, k) => {
    svg("rect", { x: 100 * k + 4, y: 0, width: 92, height: 10 * SIDE, class: "lane" }, drawing);
    if ("gch".includes(name)) svg("path", { d: `M${100 * k + 50} 0v${10 * SIDE}`, class: "middle" }, drawing);
  });
  const bars = UNIT.map((name) => svg("path", { class: `of ${name}` }, drawing));
  const unread = make("div", { class: "unread" });
  const here = make("div", { class: "here" });
  const frame = make("div", { class: "picture" }, drawing, unread, here);
  const title = make("p", { class: "title" });
  const shown = UNIT.map((name) => {
    const value = make("span", { class: "share" });
    return { name, value, cell: make("div", {}, make("b", { class: name }, name), value) };
  });
  const table = make("div", { class: "classes numbers", "aria-hidden": "true" }, ...shown.map(({ cell }) => cell));
  const sums = make("div", { class: "sums" });
  lookInside(model, frame, stop, false);

  const draw = (all, unit, part) => {
    const { H, row } = all, largest = { c: largestOf(all.c.filter((_, at) => at % H === unit)) };
    title.textContent = `Unit ${unit + 1} of ${H}, row by row`;
    UNIT.forEach((name, k) => put(bars[k], { d: unitBars(all, name, unit, 100 * k, largest[name] ?? 1) }));
    unread.style.top = `${100 * row / SIDE}%`;
    Object.assign(here.style, { top: `${100 * (row - 1) / SIDE}%`, height: `${100 / SIDE}%` });
    hide(here, row === 0);
    const now = row > 0 ? unitAt(all, unit, row) : null;
    for (const { name, value, cell } of shown) {
      value.textContent = now ? signed(now[name]) : "";
      cell.classList.toggle("chosen", name === part);
    }
    put(drawing, { "aria-label": now ? `Unit ${unit + 1} after row ${row}: `
      + UNIT.map((name) => `${name} ${signed(now[name])}`).join(", ") : "Nothing is read yet." });
    sums.replaceChildren(...(now ? formulas(now, row) : [make("p", {}, "Before the first row, c and h are 0.")]));
  };
  return { element: make("div", { class: "one" }, title, frame, table), sums, draw };
}

/** The bars of one number of a unit, row below row: from 0 to 1, or from the middle to both sides. */
function unitBars(all, name, unit, left, largest) {
  const both = "gch".includes(name), from = left + (both ? 50 : 4), wide = (both ? 46 : 92) / largest;
  return Array.from({ length: SIDE }, (_, t) => (
    `M${from} ${10 * t + 0.5}h${(wide * all[name][t * all.H + unit]).toFixed(1)}v9H${from}Z`)).join("");
}

/** The two equations of the cell, with the numbers of this row. */
function formulas(now, row) {
  const symbol = (name, index = "") => `<var class="${name}">${name}</var>${index && `<sub>${index}</sub>`}`;
  const left = [
    `${symbol("c", row)} = ${symbol("f")} \u00b7 ${symbol("c", `${row - 1}`)} + ${symbol("i")} \u00b7 ${symbol("g")}`,
    `${symbol("h", row)} = ${symbol("o")} \u00b7 tanh(${symbol("c", row)})`,
  ];
  return arithmetic(now).map((parts, k) => {
    const line = make("p", {}, make("span"), ...parts.map((part) => make("span", {}, ` \u2248 ${part}`)));
    line.firstChild.innerHTML = left[k];
    return line;
  });
}

/** What the two ends of the colours stand for. */
function ends(part, both, largest) {
  const [least, most] = !both ? ["0, closed", "1, open"]
    : part === "c" ? [signed(-largest, 1), signed(largest, 1)] : ["\u22121", "1"];
  return [make("span", {}, least), make("i", { "aria-hidden": "true" }), make("span", {}, most)];
}

/** A unit and a row, or a row alone, are chosen by pointer, and by keys; a finger that scrolls on chooses nothing. */
function lookInside(model, frame, stop, units = true) {
  const look = (unit, row) => {
    stop();
    change(model, {
      unit: Math.min(model.get("hidden_size") - 1, Math.max(0, unit)), row: Math.min(SIDE, Math.max(1, row)) });
  };
  const pointAt = (event) => {
    const box = frame.getBoundingClientRect();
    const unit = Math.floor((event.clientX - box.left) / box.width * model.get("hidden_size"));
    look(units ? unit : model.get("unit"), Math.floor((event.clientY - box.top) / box.height * SIDE) + 1);
  };
  let before = null;
  frame.addEventListener("pointerdown", (event) => {
    before = { unit: model.get("unit"), row: model.get("row") };
    frame.setPointerCapture(event.pointerId);
    pointAt(event);
  });
  frame.addEventListener("pointermove", (event) => { if (frame.hasPointerCapture(event.pointerId)) pointAt(event); });
  frame.addEventListener("pointercancel", () => change(model, before));
  if (!units) return;
  frame.addEventListener("keydown", (event) => {
    const [unit, row] = [model.get("unit"), model.get("row")];
    const far = event.shiftKey ? 8 : 1;
    const moves = { ArrowLeft: [unit - far, row], ArrowRight: [unit + far, row], ArrowUp: [unit, row - far],
      ArrowDown: [unit, row + far], Home: [0, row], End: [Infinity, row], PageUp: [unit, row - 8],
      PageDown: [unit, row + 8] };
    if (!(event.key in moves)) return;
    event.preventDefault();
    look(...moves[event.key]);
  });
}

export default { render };
