import {
  brush, change, choice, make, mount, player, presets, put, quiet, redraw, report, roomIn, slider, svg, values,
} from "./shared.js";

// --- who reads what -------------------------------------------------------------------------------------------------

const BATCH = 4, ROWS = 28, SIDE = 28, HIDDEN = 64;
const range = (count) => Array.from({ length: count }, (_, k) => k);

/** The place, [digit, row], whose state goes on to this one: the one that a step before stood in the same sequence. */
export function before(batch_first, [digit, row]) {
  if (batch_first) return row > 0 ? [digit, row - 1] : null;
  return digit > 0 ? [digit - 1, row] : null;
}

/** What the state behind a place has seen: places, in the order of time. */
export function history(batch_first, place) {
  const seen = [];
  for (let one = place; one; one = before(batch_first, one)) seen.unshift(one);
  return seen;
}

const same = ([digit, row], other) => digit === other[0] && row === other[1];
const answer = (digit) => [digit, ROWS - 1];             // out[:, -1] takes index -1 of axis 1, and axis 1 holds rows

/** All that follows from the settings, by the names that it has in Python. */
export function results({ batch_first, digit, row }) {
  const reached = range(BATCH).filter((k) => history(batch_first, answer(k)).some((one) => same(one, [digit, row])));
  return { seen: history(batch_first, answer(digit)), reached, steps: batch_first ? ROWS : BATCH };
}

const last = ({ batch_first }) => (batch_first ? ROWS : BATCH) - 1;
const key = ([digit, row]) => digit * ROWS + row;
const PLACES = range(BATCH).flatMap((digit) => range(ROWS).map((row) => [digit, row]));

/** What is lit at this step, of rows, of states and of answers, as sets of their numbers. */
export function lit(s) {
  const { seen, reached } = results(s), now = Math.min(s.step, last(s));
  const done = ([digit, row]) => (s.batch_first ? row : digit) <= now;
  if (s.show === "seen") {
    const places = seen.filter(done).map(key);
    return { rows: new Set(places), states: new Set(places), answers: new Set([s.digit]) };
  }
  const from = [s.digit, s.row];
  const behind = PLACES.filter((one) => done(one) && history(s.batch_first, one).some((each) => same(each, from)));
  return { rows: new Set([key(from)]), states: new Set(behind.map(key)), answers: new Set(reached) };
}

// --- in words -------------------------------------------------------------------------------------------------------

const named = (digit) => `x[${digit}]`;      // not "digit 2", which may be a picture of a 4
const listed = (names) => (names.length < 2 ? names.join("")
  : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** How many pixels of these rows have ink. */
export const ink = (images, places) => places.reduce((sum, place) => {
  const start = key(place) * SIDE;
  return sum + images.slice(start, start + SIDE).filter((value) => value > 0).length;
}, 0);

/** What the answer has seen, or what the row reaches, in one sentence or two. */
export function finding(s, images) {
  const { seen, reached } = results(s);
  if (s.show === "reached") return reach(s, reached);
  const who = `After the last step the answer for ${named(s.digit)} has seen`;
  if (s.batch_first) return `${who} all 28 rows of ${named(s.digit)}, and no other image.`;
  const asked = seen.map(([digit]) => named(digit));
  const blank = ink(images, seen) ? "" : " There is no ink in it.";
  return `${who} row 27 of ${listed(asked)}, and no other row.${blank}`;
}

function reach({ batch_first, digit, row }, reached) {
  const start = `Change row ${row} of ${named(digit)}: `;
  if (!reached.length) return `${start}no answer can change, for no answer has seen it.`;
  if (batch_first) return `${start}the answer for ${named(digit)} can change, and no other.`;
  if (reached.length === 1) return `${start}only the answer for ${named(digit)} can change; no image comes after it.`;
  return `${start}the answers for ${listed(reached.map(named))} can change.`;
}

/** What is read at this step, and where the states go from it. */
export function reading(s) {
  const now = Math.min(s.step, last(s)), ends = now === last(s);
  if (s.batch_first) {
    return `Step ${now}: row ${now} of every image is read. `
      + (ends ? "It is the last." : `Each image's state goes on to its own row ${now + 1}.`);
  }
  return `Step ${now}: ${named(now)} is read whole, its rows as 28 inputs. `
    + (ends ? "It is the last." : `Each row's state goes on to the same row of ${named(now + 1)}.`);
}

const sequences = ({ batch_first }) => (batch_first ? `${BATCH} sequences of ${ROWS} steps`
  : `${ROWS} sequences of ${BATCH} steps`);

/** What the marks of the drawing are. */
export const marks = ({ batch_first }) => "Stripes: the state h behind each row. Frame: one step, which reads "
  + `${batch_first ? "one row of every image" : `one image whole, ${ROWS} rows at once`}.`;

function inShapes(s) {
  const code = (text) => make("code", {}, text);
  return [code("x"), ` (${BATCH}, ${ROWS}, ${SIDE}) as `, make("b", {}, sequences(s)), ": ", code("out"),
    ` (${BATCH}, ${ROWS}, ${HIDDEN}), `, code("out[:, -1]"), ` (${BATCH}, ${HIDDEN}), no error`];
}

// --- the drawing ----------------------------------------------------------------------------------------------------

const TOP = 46, BOX = 26, WAY = 18;
const within = (value, low, high) => Math.max(low, Math.min(high, value));

/** Where everything stands in a drawing of this width; a pixel is a square. */
function layOut(width) {
  const left = width < 480 ? 32 : 40, slot = (width - left) / BATCH;
  const state = within(0.09 * slot, 7, 14), high = Math.min((slot - state - within(0.13 * slot, 10, 28)) / SIDE, 4.6);
  const wide = SIDE * high, foot = TOP + ROWS * high;
  return { width, left, slot, gap: slot - state - wide, state, wide, high, foot, x: (digit) => left + digit * slot,
    y: (row) => TOP + row * high, tall: foot + WAY + BOX + 20 };
}

/** The ink of one row in four strengths, each as one path: [strength, d]. */
export function strokes(pixels) {
  const found = new Map();
  pixels.forEach((value, k) => {
    const strength = Math.ceil(value * 4 / 255);
    if (strength) found.set(strength, `${found.get(strength) ?? ""}M${k} 0h1v1h-1z`);
  });
  return [...found];
}

function counted(rows, more) {
  const many = `${rows} row${rows === 1 ? "" : "s"}`;
  return more ? `${many} so far` : `saw ${many}`;
}

/** The nodes of one digit: its name, its rows, a state behind each, and its answer. */
function digitParts(drawing, digit, images) {
  const group = svg("g", {}, drawing);
  const name = svg("text", { y: TOP - 8 }, group, named(digit));
  const letter = svg("text", { y: TOP - 8, class: "letter", "text-anchor": "middle" }, group, "h");
  const rows = range(ROWS).map((row) => {
    const line = svg("g", {}, group), start = key([digit, row]) * SIDE;
    svg("rect", { class: "ground", width: SIDE, height: 1 }, line);
    for (const [strength, d] of strokes(images.slice(start, start + SIDE))) {
      svg("path", { class: "ink", d, "fill-opacity": strength / 4 }, line);
    }
    return line;
  });
  const edge = svg("rect", { class: "edge" }, group);
  const states = range(ROWS).map(() => svg("rect", {}, group));
  const box = svg("rect", { rx: 5, height: BOX }, group);
  const text = svg("text", { "text-anchor": "middle" }, group);
  const told = svg("text", { "text-anchor": "middle", class: "told" }, group);
  return { group, name, letter, rows, edge, states, box, text, told };
}

/** Put the nodes of one digit where they stand, as they are at this step. */
function drawDigit(parts, digit, at, scene) {
  const { letter, rows, states, box, text, told, edge, group } = parts, { s, now, found } = scene;
  put(group, { transform: `translate(${at.x(digit)} 0)` });
  put(edge, { y: TOP, width: at.wide, height: ROWS * at.high });
  put(letter, { x: at.wide + at.state / 2 });
  rows.forEach((line, row) => {
    const one = key([digit, row]);
    put(line, { transform: `translate(0 ${at.y(row)}) scale(${at.wide / SIDE} ${at.high})`,
      class: found.rows.has(one) ? "row lit" : "row" });
    const done = (s.batch_first ? row : digit) <= now;
    put(states[row], { x: at.wide, y: at.y(row + 0.1), width: at.state, height: 0.8 * at.high,
      class: `state${done ? " done" : ""}${found.states.has(one) ? " lit" : ""}` });
  });
  const on = found.answers.has(digit), middle = (at.wide + at.state) / 2;
  const width = at.slot - 7, look = on ? " lit" : "";
  put(box, { x: middle - width / 2, y: at.foot + WAY, width, class: `answer${look}` });
  put(text, { x: middle, y: at.foot + WAY + BOX / 2 + 4.5, class: `out${look}` });
  const taken = `${at.slot < 64 ? "" : "out"}[${digit}, -1]`;
  if (text.textContent !== taken) text.textContent = taken;
  put(told, { x: middle, y: at.foot + WAY + BOX + 15 });
  const words = s.show === "seen" ? (on ? counted(found.rows.size, now < last(s)) : "") : on ? "can change" : "stays";
  if (told.textContent !== words) told.textContent = words;
}

/** An arrow to the right or down as the `d` of a path. */
const arrow = (x0, y0, x1, y1, head = 3) => `M${x0} ${y0}L${x1} ${y1}M${x1} ${y1}`
  + (y0 === y1 ? `l${-2 * head} ${-head}v${2 * head}z` : `l${-head} ${-2 * head}h${2 * head}z`);

/** Which way time goes, and how far it is. */
function drawTime(paint, at, { s, now }) {
  paint("text", { x: 0, y: 14 }, "time");
  const down = s.batch_first, x = at.left / 5, end = at.x(BATCH - 1) + at.wide + at.state;
  paint("path", { class: "time", d: down ? arrow(x, 24, x, at.foot, 5) : arrow(at.left, 10, end, 10, 5) });
  paint("circle", { class: "now", r: 5, cx: down ? x : at.x(now) + at.wide / 2, cy: down ? at.y(now + 0.5) : 10 });
  for (const row of [0, ROWS - 1]) {
    paint("text", { class: "soft number", x: at.left - 5, y: at.y(row) + at.high / 2 + 4, "text-anchor": "end" }, row);
  }
}

/** The ways of the states so far: down along each digit, or from each row to the same row of the next digit. */
function drawWays(paint, at, { s, now, found }) {
  const way = (on, d) => paint("path", { class: on ? "way lit" : "way", d });
  const isLit = (digit, row) => found.states.has(key([digit, row]));
  for (const digit of range(BATCH)) {
    const right = at.x(digit) + at.wide + at.state;
    const rows = range(ROWS).filter((row) => isLit(digit, row));
    if (s.batch_first) {
      way(false, arrow(right + 6, at.y(0), right + 6, at.y(now + 1)));
      if (rows.length) way(true, arrow(right + 6, at.y(rows[0]), right + 6, at.y(now + 1)));
    } else if (digit < now) {
      const goes = (row) => isLit(digit, row) && isLit(digit + 1, row);
      const shown = range(ROWS).filter((row) => row % (at.high < 3.6 ? 9 : 3) === 0 || goes(row));
      for (const row of shown) {
        const y = at.y(row + 0.5);
        way(goes(row), arrow(right + 2, y, right + at.gap - 2, y));
      }
    }
    if ((s.batch_first ? ROWS - 1 : digit) > now) continue;
    const middle = right - at.state / 2, out = isLit(digit, ROWS - 1) && found.answers.has(digit);
    way(out, arrow(middle, at.foot, middle, at.foot + WAY - 1));
  }
}

/** What is read at this step: a row of every digit, or one digit whole. */
function drawFrames(paint, at, { s, now }) {
  const frame = (digit, row, rows) => paint("rect", { class: "frame", x: at.x(digit) - 2, y: at.y(row) - 2,
    width: at.wide + at.state + 4, height: rows * at.high + 4, rx: 2 });
  if (s.batch_first) range(BATCH).forEach((digit) => frame(digit, now, 1)); else frame(now, 0, ROWS);
}

/** The drawing of the batch; a tap on a row or on an answer asks about it. */
function board(model) {
  const images = model.get("images");
  const drawing = svg("svg", { class: "batch", role: "img" });
  const pixels = new Uint8Array(images.buffer, images.byteOffset, images.byteLength);
  const digits = range(BATCH).map((digit) => digitParts(drawing, digit, pixels));
  const brushes = range(3).map(() => brush(svg("g", {}, drawing)));
  let at = layOut(400);
  drawing.addEventListener("click", (event) => {
    const { left, top, width } = drawing.getBoundingClientRect(), zoom = at.width / width;
    const x = (event.clientX - left) * zoom, y = (event.clientY - top) * zoom;
    const digit = within(Math.floor((x - at.left) / at.slot), 0, BATCH - 1);
    const row = within(Math.floor((y - TOP) / at.high), 0, ROWS - 1);
    change(model, y > at.foot + WAY / 2 ? { show: "seen", digit } : { show: "reached", digit, row });
  });
  const draw = (s) => {
    at = layOut(Math.max(250, roomIn(drawing.parentNode, 640)));
    const scene = { s, now: Math.min(s.step, last(s)), found: lit(s) };
    digits.forEach((parts, digit) => drawDigit(parts, digit, at, scene));
    [drawTime, drawWays, drawFrames].forEach((part, k) => {
      part(brushes[k].paint, at, scene);
      brushes[k].done();
    });
    put(drawing, { viewBox: `0 0 ${at.width} ${Math.ceil(at.tall)}`, "aria-label": "Four images side by side, 28 rows "
      + `each, with a state behind every row. Time runs ${s.batch_first ? "down each image" : "across the images"}. `
      + `${reading(s)} ${finding(s, pixels)}` });
  };
  return { drawing, draw, pixels };
}

// --- the figure -----------------------------------------------------------------------------------------------------

const SETTINGS = ["batch_first", "step", "show", "digit", "row"];
const STORIES = [
  ["batch_first=True", { batch_first: true, step: ROWS - 1 }],
  ["batch_first forgotten", { batch_first: false, step: ROWS - 1 }],
];

function time(model) {
  const final = () => last(values(model, SETTINGS));
  return player(model, "step", { first: 0, last: final, words: [[quiet() ? "Next step" : "Play"], ["Pause"]],
    pace: () => (model.get("batch_first") ? 220 : 1300), prompt: true, calm: "step", label: "step",
    name: "step that is read", min: 0, watch: ["batch_first"], show: (step) => String(Math.min(step, final())) });
}

const questions = (model) => [
  choice(model, "show", { name: "show", options: [["seen", "what an answer has seen"],
    ["reached", "which answers a row reaches"]] }),
  make("div", { class: "controls" },
    slider(model, "digit", { label: "image", name: "image", min: 0, max: BATCH - 1, step: 1, show: named }),
    slider(model, "row", { label: "its row", name: "row", min: 0, max: ROWS - 1, step: 1, show: String, watch: ["show"],
      enabled: () => model.get("show") === "reached" })),
];

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "BatchFirst", () => results(values(model, SETTINGS)));
  const { drawing, draw: drawBatch, pixels } = board(model);
  const { element, say } = report();
  const walk = time(model);
  const caption = make("p", { class: "caption" }), shapes = make("p", { class: "shapes" });
  const legend = make("p", { class: "key" });
  root.append(make("div", { class: "whole" },
    presets(model, { name: "nn.LSTM(28, 64, …)", options: STORIES, looking: ["step"], settings: SETTINGS }),
    shapes,
    make("div", { class: "stage" }, drawing),
    legend,
    make("div", { class: "walking" }, walk.play, walk.slider, caption),
    element,
    make("div", {}, ...questions(model)),
  ));
  let told = "";
  const draw = () => {
    const s = values(model, SETTINGS);
    drawBatch(s);
    caption.textContent = reading(s);
    legend.textContent = marks(s);
    if (told !== sequences(s)) shapes.replaceChildren(...inShapes(s));
    told = sequences(s);
    say(finding(s, pixels));
  };
  const stop = redraw(model, SETTINGS, draw);
  const sized = new ResizeObserver(draw);
  sized.observe(root);
  return () => { walk.stop(); sized.disconnect(); stop(); leave(); };
}

export default { render };
