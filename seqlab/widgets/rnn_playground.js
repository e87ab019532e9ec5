import {
  brush, button, change, choice, fold, make, mount, points, presets, put, quiet, redraw, report, roomIn, scale, signed,
  slider, svg, toggle, values,
} from "./shared.js";
import { weightsOf } from "./recurrent.js";
import { TASKS } from "./tasks.js";
import { BATCH, IN_A_ROW, examplesOf, look, newTraining, trainer } from "./training.js";

// --- what follows from the settings ---------------------------------------------------------------------------------

const NAMES = { rnn: "RNN", gru: "GRU", lstm: "LSTM" };
const AT_MOST = 600;            // batches; Train once more goes on for as many
const NET = ["cells", "task", "lag", "hidden_size", "lr", "clipping", "max_norm", "opened", "bias", "seed"];

/** A program in PyTorch that begins the same and draws the same batches. */
export function program(s) {
  const { inputs, outputs, near, code } = TASKS[s.task], size = s.hidden_size;
  const error = near ? "F.mse_loss(said[:, 0], y)" : "F.cross_entropy(said, y)";
  const rows = `.data[${size}:${2 * size}]`;
  return ["import torch", "from torch import nn", "from torch.nn import functional as F", "",
    `steps = ${s.lag + 1}`,
    `for cell in [${s.cells.map((cell) => `nn.${NAMES[cell]}`).join(", ")}]:`,
    `    torch.manual_seed(${s.seed})`,
    `    layer = cell(${inputs}, ${size}, batch_first=True)`,
    `    head = nn.Linear(${size}, ${outputs})`,
    ...(s.opened ? ["    if cell is not nn.RNN:  # open the gate that keeps",
      `        layer.bias_ih_l0${rows} = ${s.bias}`, `        layer.bias_hh_l0${rows} = 0`] : []),
    "    weights = [*layer.parameters(), *head.parameters()]",
    `    optimizer = torch.optim.Adam(weights, lr=${s.lr})`,
    "    batches = in_a_row = 0",
    `    while in_a_row < ${IN_A_ROW} and batches < ${AT_MOST}:`,
    ...code.map((line) => `        ${line}`),
    "        said = head(layer(x)[0][:, -1])",
    `        loss = ${error}`,
    `        right = ${near ? `(said[:, 0] - y).abs() < ${near}` : "said.argmax(1) == y"}`,
    "        optimizer.zero_grad()",
    "        loss.backward()",
    ...(s.clipping ? [`        nn.utils.clip_grad_norm_(weights, ${s.max_norm})`] : []),
    "        optimizer.step()",
    "        batches += 1",
    "        in_a_row = in_a_row + 1 if right.all() else 0",
    '    print(cell.__name__, batches, "batches, loss", round(loss.item(), 4))'].join("\n");
}

const byCell = (cells, what) => Object.fromEntries(cells.map((cell) => [cell, what(cell)]));

/** The results, by their names in Python. */
export const resultsOf = (s) => ({
  code: program(s),
  parameters: byCell(s.cells, (kind) => {
    const { inputs, outputs } = TASKS[s.task];
    return weightsOf({ kind, inputs, units: s.hidden_size, outputs });
  }),
});

// --- a link that restores the settings ------------------------------------------------------------------------------

const MARK = "#playground&";
const ENDS = { lag: [1, 40], hidden_size: [1, 32], lr: [0.0001, 10], max_norm: [0.01, 100], bias: [-2, 8],
  seed: [0, 99] };
const WHOLE = ["lag", "hidden_size", "seed"];

/** The settings as the last part of an address. */
export const address = (s) => MARK + NET.map((name) => `${name}=${s[name]}`).join("&");

/** The settings that such a part of an address names; what no setting can be is left out. */
export function fromAddress(hash) {
  if (!hash.startsWith(MARK)) return {};
  const found = {};
  for (const [name, text] of hash.slice(MARK.length).split("&").map((pair) => decodeURIComponent(pair).split("="))) {
    const value = Number(text), [low, high] = ENDS[name] ?? [];
    if (ENDS[name] && text && value >= low && value <= high && (!WHOLE.includes(name) || Number.isInteger(value))) {
      found[name] = value;
    } else if (["clipping", "opened"].includes(name) && ["true", "false"].includes(text)) found[name] = text === "true";
    else if (name === "task" && Object.hasOwn(TASKS, text)) found.task = text;
    else if (name === "cells") {
      const cells = Object.keys(NAMES).filter((cell) => text?.split(",").includes(cell));
      if (cells.length) found.cells = cells;
    }
  }
  return found;
}

// --- the trainings on the page --------------------------------------------------------------------------------------

/**
 * What all nets have come to: begins anew with `start`, and takes in what a trainer tells. An order asked of the
 * trainer has a number (`order`); until news come that answer it, `waits` is true, and whether the nets are running is
 * what was asked for and not what older news say.
 */
export function record() {
  const all = { number: 0, order: 0, waits: false, running: false, nets: [] };
  return {
    all,
    start(settings) {
      all.number += 1;
      all.running = all.waits = false;
      all.nets = settings.cells.map((kind) => {
        const training = newTraining(kind, settings);
        return { kind, batches: 0, ended: "", losses: [], shares: [], ...look(training) };
      });
      return all.nets;
    },
    ask(running) {
      Object.assign(all, { order: all.order + 1, waits: true, running });
      return all.order;
    },
    take({ number, order, running, nets }) {
      if (number !== all.number) return false;        // of a start that is over
      if (order === all.order) Object.assign(all, { waits: false, running });
      nets.forEach(({ losses, shares, ...more }, k) => {
        const net = all.nets[k];
        net.losses.push(...losses);
        net.shares.push(...shares);
        if (more.parts.h.every(Number.isFinite) && more.said.every(Number.isFinite)) Object.assign(net, more);
        else Object.assign(net, { batches: more.batches, ended: more.ended });      // keeps its last look with numbers
      });
      return true;
    },
  };
}

/** Called in a worker, whose text is this whole module. */
export function serve() {
  const hear = trainer((news) => self.postMessage(news), 70);
  self.onmessage = ({ data }) => hear(data);
}

/** Something that trains: in a worker of its own or, where there can be none, on the page in short slices. */
function engine(text, tell) {
  let post = null, worker = null, began = null;
  const here = () => {
    post = trainer(tell, 12);
    worker = null;
    if (began) post(began);
  };
  const open = () => {
    try {
      const source = text.replace(/^export default /m, "const figure = ");
      const url = URL.createObjectURL(new Blob([source, "\nserve();"], { type: "text/javascript" }));
      worker = new Worker(url);
      worker.onmessage = ({ data }) => tell(data);
      worker.onerror = (event) => { event.preventDefault(); here(); };
      post = (message) => worker.postMessage(message);
    } catch { here(); }
  };
  return {
    say(message) {
      if (!post) open();
      if (message.start) began = message;
      post(message);
    },
    end() { worker?.terminate(); post?.({ train: false }); post = null; },
  };
}

// --- in words -------------------------------------------------------------------------------------------------------

const last = (values, number = IN_A_ROW) => {
  const some = values.slice(-number);
  return some.reduce((sum, one) => sum + one, 0) / some.length;
};
const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const powerOfTen = (power) => `10${[...String(power)].map((sign) => RAISED[sign]).join("")}`;
const batchesOf = (number) => `${number} batch${number === 1 ? "" : "es"}`;

/** A loss or a gradient in few digits, however large. */
export const short = (value) => (Math.abs(value) < 1000 ? value.toFixed(value < 0.1 ? 3 : 2)
  : value.toExponential(1).replace(/e\+(\d+)/, (_, power) => ` × ${powerOfTen(power)}`));

/** The mean of the last losses and of the last shares, in words; nothing that is no number. */
const stand = ({ losses, shares }) => (losses.length
  ? `loss ${short(last(losses))}, right ${percent(last(shares))}` : "no batch yet");

/** What one net has come to. */
function outcome(net, { task, lag, clipping }) {
  const name = NAMES[net.kind], guess = TASKS[task].guess(lag + 1), share = last(net.shares);
  if (net.ended === "diverged") {
    return `The ${name} diverged in batch ${net.batches}: its loss is no longer a number. Choose a smaller learning `
      + `rate${clipping ? "" : ", or clip the gradient"}, then press Reset and Train.`;
  }
  if (net.ended === "solved") {
    return `The ${name} has solved it after ${batchesOf(net.batches)}: the last `
      + `${IN_A_ROW} were without a mistake.`;
  }
  if (last(net.losses) > 4 * net.losses[0] + 1) {
    return `The ${name} is thrown about: its loss is ${short(last(net.losses))}, and it began at `
      + `${short(net.losses[0])}. Choose a smaller learning rate.`;
  }
  const now = `After ${batchesOf(net.batches)} the ${name} is right in ${percent(share)}`;
  return share < guess + 0.1 ? `${now}, and guessing gives ${percent(guess)}: it has learned nothing yet.` : `${now}.`;
}

/** What is said after each action. */
export function finding(nets, settings) {
  if (!nets.some(({ batches }) => batches)) {
    const reached = nets.map(({ kind, gradient }) => `${NAMES[kind]} ${arrives(gradient.at(-1))}`).join(", ");
    const steps = `${settings.lag} step${settings.lag === 1 ? "" : "s"}`;
    return `Not trained yet. How much of the gradient arrives ${steps} back: ${reached}. Predict, then press Train.`;
  }
  return nets.toSorted((one, other) => (other.ended === "solved") - (one.ended === "solved")
    || one.batches - other.batches).map((net) => outcome(net, settings)).join(" ");
}

/** A power of ten as a share, in words that can be read aloud. */
export function arrives(power) {
  if (!Number.isFinite(power)) return "nothing";
  if (power > 1) return `${Math.round(10 ** power).toLocaleString("en")} times as much`;
  if (power > -0.3) return `${(10 ** power).toFixed(1)} times as much`;
  return `1 part in ${Number((10 ** -power).toPrecision(1)).toLocaleString("en")}`;
}

// --- the drawing ----------------------------------------------------------------------------------------------------

const PARTS = { h: "state h", c: "cell state c", f: "gate that keeps", i: "gate that writes", g: "candidate",
  o: "gate that lets through" };
const GRU_PARTS = { f: "z", g: "n", o: "r" };
const letterOf = (kind, part) => (kind === "gru" ? GRU_PARTS[part] ?? part : part);
const DASHES = { rnn: "2 3", gru: "7 3", lstm: null };

/** Means of the last values at each place, at most `most` points: [place from 1, mean]. */
export function smooth(values, most = 200) {
  const every = Math.max(1, Math.ceil(values.length / most));
  const places = values.map((_, k) => k + 1).filter((k) => k % every === 0 || k === 1 || k === values.length);
  return places.map((k) => [k, last(values.slice(0, k))]);
}

/** A chart with a line for each net: `box` is its place, x and y from where to where, marks [value, text] of y. */
function chart(paint, box, { title, x, y, marks, ends, lines }) {
  const left = box.x + 36, right = box.x + box.width, bottom = box.y + box.height;
  const at = { x: scale(...x, left, right), y: scale(...y, bottom, box.y + 22) };
  paint("text", { x: box.x, y: box.y + 11, class: "title" }, title);
  for (const [value, text] of marks) {
    paint("line", { class: "grid", x1: left, x2: right, y1: at.y(value), y2: at.y(value) });
    paint("text", { x: left - 5, y: at.y(value) + 4, "text-anchor": "end" }, text);
  }
  for (const [value, text, anchor] of ends) {
    paint("text", { x: at.x(value), y: bottom + 16, "text-anchor": anchor }, text);
  }
  for (const { kind, pairs } of lines) {
    const within = pairs.map(([a, b]) => [at.x(a), at.y(Math.max(y[0], Math.min(y[1], b)))]);
    paint("polyline", { class: `line ${kind}`, "stroke-dasharray": DASHES[kind], points: points(within) });
  }
}

/** The next round number that is not smaller. */
const roundUp = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].map((one) => one * power).find((one) => one >= value * 0.999);
};

/** Loss, share of right answers, and gradient by lag, as charts; boxes are their places. */
function drawCharts(paint, boxes, nets, { task, lag }) {
  const curves = (name) => nets.map((net) => ({ kind: net.kind, pairs: smooth(net[name]) }));
  const most = Math.max(50, roundUp(Math.max(...nets.map(({ losses }) => losses.length), 1)));
  const under = [[0, "0", "start"], [most, `${most} batches`, "end"]];
  const losses = curves("losses"), highest = Math.max(...losses.flatMap(({ pairs }) => pairs.map(([, loss]) => loss)));
  const top = roundUp(Math.max(0.1, highest));
  chart(paint, boxes[0], { title: "loss", x: [0, most], y: [0, top], marks: [[0, "0"], [top, short(top)]], ends: under,
    lines: losses });
  const guess = TASKS[task].guess(lag + 1);
  chart(paint, boxes[1], { title: "right", x: [0, most], y: [0, 1], marks: [[0, "0"], [guess, "guess"], [1, "all"]],
    ends: under, lines: curves("shares") });
  const powers = nets.flatMap(({ gradient }) => gradient.filter(Number.isFinite));
  const low = Math.min(-4, 2 * Math.floor(Math.min(...powers) / 2)), high = Math.max(0, Math.ceil(Math.max(...powers)));
  const marks = [low, 0, ...(high >= 2 ? [high] : [])].map((power) => [power, power ? powerOfTen(power) : "1"]);
  chart(paint, boxes[2], { title: "gradient ∂h/∂x by lag", x: [0, lag], y: [low, high], marks,
    ends: [[0, "0", "start"], [lag, `${lag} steps back`, "end"]],
    lines: nets.map(({ kind, gradient }) => ({ kind,
      pairs: gradient.map((power, k) => [k, power]).filter(([, power]) => Number.isFinite(power)) })) });
}

/** A rectangle for each unit and step, in a group that is made once; fill(values, letter) colours them. */
function grid(group, { steps, units, x, y, wide, high }) {
  const cells = [];
  for (let t = 0; t < steps; t++) {
    for (let k = 0; k < units; k++) {
      cells.push(svg("rect", { x: (x + t * wide).toFixed(1), y: (y + k * high).toFixed(1), width: wide.toFixed(1),
        height: high.toFixed(1) }, group));
    }
  }
  return (part, letter) => cells.forEach((cell, at) => {
    const value = part[at];
    put(cell, { class: value < 0 ? "below" : `above ${letter}`,
      "fill-opacity": Math.min(1, Math.abs(value)).toFixed(2) });
  });
}

/** What the rectangles mean. */
const KEY = () => ["One example: a row is a unit, a column a step; then the net answers. "
  + "Strong colour is far from 0, ",
  make("i", { class: "swatch", "aria-hidden": "true" }), " below 0."];

/** What a net answers to the example, and what is right. */
export function saying({ said }, { task, lag }, answer) {
  const { told, near } = TASKS[task];
  const [own, right] = [near ? said[0] : said.indexOf(Math.max(...said)), answer].map((one) => told(one, lag + 1));
  return `Its answer: ${own}, ${own === right ? "which is right" : `right is ${right}`}`;
}

/** What a net's example shows: "LSTM: state h", or "GRU: z, gate that keeps". */
export function heading(kind, part) {
  return `${NAMES[kind]}: ${"hc".includes(part) ? "" : `${letterOf(kind, part)}, `}${PARTS[part]}`;
}

const ABOVE = 22, UNDER = 34, HEAD = 34;

/** Where everything stands, by the width: three charts in a row, or two and one below; then an example of each net. */
function plan(width, { cells, hidden_size: units, lag }) {
  const wide = width >= 560, gap = 14, chart = wide ? 120 : 103;
  const share = (parts) => (width - (parts - 1) * gap) / parts;
  const row = (parts, y) => Array.from({ length: parts }, (_, k) => (
    { x: k * (share(parts) + gap), y, width: share(parts) - 2, height: chart }));
  const boxes = wide ? row(3, ABOVE) : [...row(2, ABOVE), ...row(1, ABOVE + chart + UNDER)];
  const below = boxes.at(-1).y + chart + UNDER, steps = lag + 1;
  const high = Math.max(3, Math.min(9, 90 / units)), tall = HEAD + units * high + 22;
  const across = wide ? cells.length : 1;
  const examples = cells.map((kind, k) => ({ kind, units, steps, high, x: (k % across) * (share(across) + gap),
    width: share(across), wide: share(across) / steps, y: below + Math.floor(k / across) * (tall + 12) + HEAD }));
  return { boxes, examples, height: below + Math.ceil(cells.length / across) * (tall + 12) };
}

/** The example's steps below its rectangles, as many as there is room for. */
function stepsBelow(paint, { x, y, wide, high, units, steps }, task, example) {
  const texts = Array.from({ length: steps }, (_, t) => TASKS[task].shown(example, t));
  const room = 8 * Math.max(...texts.map((text) => text.replace("!", "").length)) + 2;
  const every = Math.max(1, Math.ceil(room / wide));
  texts.forEach((text, t) => {
    const marked = text.endsWith("!"), centre = x + (t + 0.5) * wide;
    if (marked) paint("rect", { class: "marked", x: x + t * wide, y: y + units * high + 1, width: wide, height: 17 });
    if (t % every === 0 || marked) {
      paint("text", { x: centre, y: y + units * high + 14, "text-anchor": "middle" }, text.replace("!", ""));
    }
  });
}

function drawing() {
  const board = svg("svg", { class: "playground", role: "img" });
  const cells = svg("g", { class: "cells" }, board), lines = brush(svg("g", {}, board));
  let width = 600, key = "", fills = [], places = null;

  function layOut() { width = Math.max(260, roomIn(board.parentElement, 600)); key = ""; }

  function draw(nets, settings, part, example) {
    const now = JSON.stringify([settings.cells, settings.hidden_size, settings.lag]);
    if (now !== key) {
      key = now;
      places = plan(width, settings);
      put(board, { viewBox: `0 0 ${width.toFixed(0)} ${places.height.toFixed(0)}` });
      cells.replaceChildren();
      fills = places.examples.map((place) => grid(svg("g", {}, cells), place));
    }
    const { paint, done } = lines;
    nets.forEach(({ kind }, k) => {
      paint("line", { class: `line ${kind}`, "stroke-dasharray": DASHES[kind], x1: 84 * k, x2: 84 * k + 26, y1: 8,
        y2: 8 });
      paint("text", { x: 84 * k + 32, y: 12 }, NAMES[kind]);
    });
    drawCharts(paint, places.boxes, nets, settings);
    nets.forEach((net, k) => {
      const letter = letterOf(net.kind, part), place = places.examples[k], there = net.parts[letter];
      put(cells.children[k], { display: there ? null : "none" });
      if (there) fills[k](there, part);
      paint("text", { x: place.x, y: place.y - 23, class: "title" },
        there ? heading(net.kind, part) : `${NAMES[net.kind]}: it has no ${PARTS[part]}`);
      if (!there) return;
      paint("text", { x: place.x, y: place.y - 7 }, saying(net, settings, example.answer));
      stepsBelow(paint, place, settings.task, example.x);
    });
    done();
    put(board, { "aria-label": `Charts of the loss, of the share of right answers and of the gradient by lag; below `
      + `them the ${PARTS[part]} of each unit at each step of one example. `
      + nets.map((net) => `${NAMES[net.kind]}: ${stand(net)}`).join("; ") });
  }
  return { board, layOut, draw };
}

// --- the controls ---------------------------------------------------------------------------------------------------

/** A check box for each cell; one always stays. */
function cellBoxes(model) {
  const boxes = Object.keys(NAMES).map((cell) => make("input", { type: "checkbox", value: cell }));
  const follow = () => {
    const chosen = model.get("cells");
    boxes.forEach((box) => {
      box.checked = chosen.includes(box.value);
      box.disabled = box.checked && chosen.length === 1;
    });
  };
  for (const box of boxes) {
    box.addEventListener("change", () => change(model,
      { cells: boxes.filter(({ checked }) => checked).map(({ value }) => value) }));
  }
  model.on("change:cells", follow);
  follow();
  return make("fieldset", { class: "choice" }, make("legend", {}, "Cells"),
    ...boxes.map((box) => make("label", {}, box, make("span", {}, NAMES[box.value]))));
}

const TASK_NAMES = [["recall", "recall the first"], ["count", "count the ones"], ["reverse", "reverse the sign"],
  ["add", "add two marked"], ["parity", "parity"]];
const tens = { place: Math.log10, value: (power) => Number((10 ** power).toPrecision(2)) };

const controls = (model) => [
  cellBoxes(model),
  choice(model, "task", { name: "Task", options: TASK_NAMES }),
  make("div", { class: "controls" },
    slider(model, "lag", { label: "lag", name: "lag, steps", min: 1, max: 40, step: 1, show: String }),
    slider(model, "hidden_size", { label: "units", name: "hidden size", min: 1, max: 32, step: 1, show: String }),
    slider(model, "lr", { label: "learning rate", name: "learning rate", min: -4, max: 1, step: 0.1, show: String,
      ...tens }),
    slider(model, "seed", { label: "seed", name: "seed", min: 0, max: 99, step: 1, show: String }),
    toggle(model, "opened", { name: "Open the forget or update gate" }),
    slider(model, "bias", { label: "its bias", name: "bias of the forget or update gate", min: -2, max: 8, step: 0.5,
      show: (value) => signed(value, 1), watch: ["opened"], enabled: () => model.get("opened") }),
    toggle(model, "clipping", { name: "Clip the gradient" }),
    slider(model, "max_norm", { label: "its norm", name: "largest norm of the gradient", min: -2, max: 2, step: 0.1,
      show: String, ...tens, watch: ["clipping"], enabled: () => model.get("clipping") })),
];

const PLAIN = { cells: ["lstm"], task: "recall", lag: 20, hidden_size: 12, lr: 0.02, clipping: true, max_norm: 1,
  opened: true, bias: 5, seed: 0, part: "h" };

export const STORIES = [
  ["Gate open", PLAIN],
  ["Gate as PyTorch starts it", { ...PLAIN, opened: false }],
  ["Race at 0.01", { ...PLAIN, cells: ["rnn", "gru"], opened: false, lr: 0.01, seed: 4 }],
  ["Race at 0.03", { ...PLAIN, cells: ["rnn", "gru"], opened: false, lr: 0.03, seed: 4 }],
  ["Parity of 4 bits", { ...PLAIN, task: "parity", lag: 3 }],
  ["Parity of 21 bits", { ...PLAIN, task: "parity" }],
];

/** Train and Pause, Step and Reset: docked below the drawing, with where the training stands. */
function dock(act) {
  const play = button("Train", act.play), progress = make("span", { class: "progress", "aria-hidden": "true" });
  const bar = make("div", { class: "dock" }, play, button("Step", act.step, "Step: train on one batch"),
    button("Reset", act.reset, "Reset: back to the start, before any batch"), progress);
  return { bar, show(nets, running) {
    const text = running ? "Pause" : "Train";
    if (play.textContent !== text) play.textContent = text;
    const batches = Math.max(...nets.map((net) => net.batches));
    progress.textContent = `${batchesOf(batches)} of ${BATCH}${nets.length > 1 ? "" : ` · ${stand(nets[0])}`}`;
  } };
}

/** The nets of a figure, what is done with them, and when they are drawn. */
function session(model, draw, said) {
  const { all, start, ask, take } = record();
  let key = "", waiting = 0, soon = 0, asked = false, over = false;
  const settings = () => values(model, NET);
  const now = () => { waiting = soon = 0; draw(); };
  const later = () => {       // where the reader wants no motion, once a second and at the end
    if (!all.running || !quiet()) { clearTimeout(soon); waiting ||= requestAnimationFrame(now); }
    else soon ||= setTimeout(now, 1000);
  };
  const motor = engine(model.get("_esm"), (news) => {
    if (over || !take(news)) return;
    if (!all.running && !all.waits && asked) { asked = false; said(); }
    later();
  });
  const begin = () => {
    const chosen = settings();
    key = JSON.stringify(chosen);
    start(chosen);
    motor.say({ train: false });
    motor.say({ start: { settings: chosen, number: all.number } });
  };
  const changed = () => JSON.stringify(settings()) !== key;
  const left = () => all.nets.some(({ ended }) => !ended);
  return {
    all, settings,
    fresh() {           // another setting is another start
      if (!changed()) return false;
      begin();
      return true;
    },
    play() {            // perhaps before the picture has been drawn anew with what was chosen last
      if (changed() || !left()) begin();
      asked = true;
      const order = ask(!all.running), done = Math.max(...all.nets.map(({ batches }) => batches));
      motor.say({ order, train: all.running, until: (Math.floor(done / AT_MOST) + 1) * AT_MOST });
      later();
    },
    step() { if (changed()) begin(); asked = true; motor.say({ order: ask(false), once: true }); },
    reset() { begin(); said(); later(); },
    end() { over = true; cancelAnimationFrame(waiting); clearTimeout(soon); motor.end(); },
  };
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "RNNPlayground", () => resultsOf(values(model, NET)));
  const chart = drawing(), { element, say } = report(), pre = make("pre", { tabindex: 0 });
  const link = make("a", {}, "Link to these settings");
  const stories = presets(model, { name: "Try first", options: STORIES, settings: [...NET, "part"], looking: ["part"],
    reset: "First settings" });
  const hear = () => {
    const found = fromAddress(location.hash);
    if (Object.keys(found).length) change(model, found);
  };
  hear();
  const nets = session(model, draw, () => say(finding(nets.all.nets, nets.settings())));
  const bar = dock(nets);
  const part = choice(model, "part", { name: "Shown", options: Object.entries(PARTS) });
  root.append(make("div", { class: "chart" }, chart.board), bar.bar, element, make("p", { class: "key" }, ...KEY()),
    stories, fold(root, "Settings", ...controls(model), part),
    make("details", { class: "fold" }, make("summary", {}, "The same in PyTorch"), pre), link);

  function draw() {
    const settings = nets.settings(), fresh = nets.fresh();
    const [example] = examplesOf(settings.task, settings.lag + 1, 1);
    chart.draw(nets.all.nets, settings, model.get("part"), example);
    bar.show(nets.all.nets, nets.all.running);
    put(root, { "data-batches": Math.max(...nets.all.nets.map(({ batches }) => batches)),
      "data-running": String(nets.all.running || nets.all.waits) });
    pre.textContent = program(settings);
    link.href = address(settings);
    if (fresh) say(finding(nets.all.nets, settings));
  }

  const sizes = new ResizeObserver(() => { chart.layOut(); draw(); });
  chart.layOut();
  const stop = redraw(model, [...NET, "part"], draw);
  sizes.observe(root);
  addEventListener("hashchange", hear);
  return () => { removeEventListener("hashchange", hear); sizes.disconnect(); nets.end(); stop(); leave(); };
}

export default { render };
