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
  if (training.faultless === IN_A_ROW) training.ended = "solved";       // as in the studies: before this batch's step
  else optimiser.step();
}

/** The share of `number` new examples that the net gets right; the training's own random numbers go on. */
export function ask({ net, task: name, random }, number = 1000) {
  const task = TASKS[name];
  const right = ({ x, answer }) => { forward(net, x); return task.right(net.y, answer, net.steps); };
  return task.draw(random, number, net.steps).filter(right).length / number;
}
