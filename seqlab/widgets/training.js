// One training of the playground: a net, a task, and the seed that both are drawn from.

import { adam, backward, begin, clip, forward, newNet } from "./recurrent.js";
import { mersenne } from "./mersenne.js";
import { TASKS } from "./tasks.js";

export const BATCH = 32;
export const IN_A_ROW = 20;     // batches without a mistake, and the task is taken for solved

/** A training from its start, before the first batch. Settings are named as those of RNNPlayground. */
export function newTraining(kind, settings) {
  const { task, lag, hidden_size: units, lr, clipping, max_norm, opened, bias, seed } = settings;
  const steps = lag + 1, { inputs, outputs } = TASKS[task];
  const random = mersenne(seed);
  const net = newNet({ kind, inputs, units, outputs, steps });
  begin(net, random, opened ? bias : null);
  return { kind, task, net, random, optimiser: adam(net.weights.all, net.gradients.all, lr),
    most: clipping ? max_norm : Infinity, batches: 0, faultless: 0, ended: "", losses: [], shares: [], norms: [] };
}

/** Train on one batch; `ended` becomes "solved" or "diverged" where there is nothing left to do. */
export function trainOnce(training) {
  const { net, task: name, random, optimiser, most } = training;
  const task = TASKS[name], { gradients, steps } = net;
  let loss = 0, right = 0;
  gradients.all.fill(0);
  for (const { x, answer } of task.draw(random, BATCH, steps)) {
    forward(net, x);
    loss += task.loss(net, answer) / BATCH;
    right += task.right(net.y, answer, steps) ? 1 : 0;
    for (let k = 0; k < net.dy.length; k++) net.dy[k] /= BATCH;
    backward(net, x);
  }
  training.batches += 1;
  const norm = clip(gradients.all, most);
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    training.ended = "diverged";
    return;
  }
  training.losses.push(loss);
  training.shares.push(right / BATCH);
  training.norms.push(norm);
  training.faultless = right === BATCH ? training.faultless + 1 : 0;
  if (training.faultless === IN_A_ROW) training.ended = "solved";
  optimiser.step();
}

/** The share of `number` new examples that the net gets right; the training's own random numbers go on. */
export function ask({ net, task: name, random }, number = 1000) {
  const task = TASKS[name];
  const right = ({ x, answer }) => { forward(net, x); return task.right(net.y, answer, net.steps); };
  return task.draw(random, number, net.steps).filter(right).length / number;
}

// --- what there is to look at ---------------------------------------------------------------------------------------

const LOOKED_AT = 99;       // the seed of the examples that are looked at, and of the gradient sent back

/** The examples that are looked at: the same ones for every net. */
export const examplesOf = (task, steps, number = 16) => TASKS[task].draw(mersenne(LOOKED_AT), number, steps);

/**
 * How far back the gradient reaches: for k = 0 to the lag log10 of the gradient of the last state with respect to the
 * input k steps before, against k = 0. A random direction of the state is sent back; the mean over the examples.
 */
function reach(net, examples) {
  const random = mersenne(LOOKED_AT + 1), { steps, inputs, dx } = net;
  const norms = Array.from({ length: steps }, () => 0);
  for (const { x } of examples) {
    forward(net, x);
    backward(net, x, { fromState: Float64Array.from({ length: net.units }, () => random.uniform(-1, 1)),
      inputsToo: true });
    for (let k = 0; k < steps; k++) {
      const from = (steps - 1 - k) * inputs;
      norms[k] += Math.hypot(...dx.subarray(from, from + inputs));
    }
  }
  return norms.map((norm) => Math.log10(norm / norms[0]));
}

/** The gates and states of a net over its first example, (steps, units) each, what it says, and its reach. */
export function look({ kind, task, net }) {
  const examples = examplesOf(task, net.steps), { steps, units, rows, cell, memory } = net;
  const gradient = reach(net, examples);
  forward(net, examples[0].x);
  const parts = { h: memory.h.slice(units) };
  if (kind === "lstm") parts.c = memory.c.slice(units);
  [...cell.letters].forEach((letter, gate) => {
    if (letter === "h") return;
    parts[letter] = Float64Array.from({ length: steps * units }, (_, at) => (
      memory.gates[Math.floor(at / units) * rows + gate * units + at % units]));
  });
  return { parts, gradient, said: [...net.y] };
}

// --- trainings side by side, in a worker or on the page -------------------------------------------------------------

/**
 * Trains what `hear` is told to: { start: { settings, number } }, { train: true, until }, { train: false },
 * { once: true }, each with the number of the `order`. Each batch is one of every net. `tell` gets what is new, `slice`
 * ms after what it got before, and the last order that was heard.
 */
export function trainer(tell, slice) {
  let trainings = [], number = 0, order = 0, until = 0, timer = 0, told = 0;

  const left = () => trainings.filter(({ ended, batches }) => !ended && batches < until);
  const news = () => {
    tell({ number, order, running: timer !== 0, nets: trainings.map((training) => ({
      kind: training.kind, batches: training.batches, ended: training.ended,
      losses: training.losses.slice(told), shares: training.shares.slice(told), ...look(training) })) });
    told = Math.max(0, ...trainings.map(({ losses }) => losses.length));
  };
  const work = () => {
    const end = performance.now() + slice;
    do left().forEach(trainOnce); while (left().length && performance.now() < end);
    timer = left().length ? setTimeout(work, 0) : 0;
    news();
  };
  const pause = () => { clearTimeout(timer); timer = 0; };

  return ({ start, train, once, ...more }) => {
    pause();
    order = more.order ?? order;
    if (start) {
      trainings = start.settings.cells.map((kind) => newTraining(kind, start.settings));
      [number, told] = [start.number, 0];
    }
    if (train) {
      until = more.until;
      timer = setTimeout(work, 0);
    } else if (once) {
      trainings.filter(({ ended }) => !ended).forEach(trainOnce);
      news();
    } else if (!start) news();
  };
}
