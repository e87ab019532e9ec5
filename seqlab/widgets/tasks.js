// The playground's tasks. Each draws examples as its PyTorch code does (rnn_playground.py), number by number.

import { crossEntropy, squaredError } from "./recurrent.js";

const many = (count, draw) => Array.from({ length: count }, draw);
const mostly = (y, answer) => y.indexOf(Math.max(...y)) === answer;

/** Two marked places of `steps`, one in each half. */
function twoPlaces(random, batch, steps) {
  const half = Math.floor(steps / 2);
  const first = many(batch, () => random.whole(half));
  const second = many(batch, () => half + random.whole(steps - half));
  return first.map((one, k) => [one, second[k]]);
}

const bits = (random, batch, steps) => many(batch, () => many(steps, () => random.whole(2)));
const signs = (drawn) => Float64Array.from(drawn, (bit) => 2 * bit - 1);
const total = (drawn) => drawn.reduce((sum, bit) => sum + bit, 0);

const BITS = "bits = torch.randint(2, (32, steps))", SIGNS = "x = (2 * bits - 1).float()[..., None]";

/**
 * draw(random, batch, steps): a list of { x, answer }, and code, the same draw in PyTorch. right(y, answer, steps) says
 * whether a net's y is taken for right; guess(steps) is the share that guessing gets right; near, where the answer is a
 * number, what is near enough, in Python. shown(x, t) is an input in a few letters, told(answer, steps) an answer.
 */
export const TASKS = {
  recall: {
    inputs: 4, outputs: 4, loss: crossEntropy, right: mostly, guess: () => 1 / 4,
    draw: (random, batch, steps) => many(batch, () => many(steps, () => random.whole(4))).map((symbols) => {
      const x = new Float64Array(4 * steps);
      symbols.forEach((symbol, t) => { x[4 * t + symbol] = 1; });
      return { x, answer: symbols[0] };
    }),
    shown: (x, t) => "ABCD"[x.subarray(4 * t, 4 * t + 4).indexOf(1)],
    told: (answer) => "ABCD"[answer],
    code: ["symbols = torch.randint(4, (32, steps))",
      "x, y = F.one_hot(symbols, 4).float(), symbols[:, 0]"],
  },
  count: {        // the number of ones, measured from the middle in standard deviations
    inputs: 1, outputs: 1, loss: squaredError,
    right: (y, answer, steps) => Math.abs(y[0] - answer) < 1 / Math.sqrt(steps),
    guess: (steps) => commonest(steps),
    draw: (random, batch, steps) => bits(random, batch, steps).map((drawn) => (
      { x: signs(drawn), answer: Math.fround((2 * total(drawn) - steps) / Math.fround(Math.sqrt(steps))) })),
    shown: (x, t) => (x[t] > 0 ? "1" : "0"),
    told: (answer, steps) => String(Math.round((answer * Math.sqrt(steps) + steps) / 2)),
    near: "1 / steps ** 0.5",
    code: [BITS,
      SIGNS,
      "y = (2 * bits.sum(1) - steps) / steps ** 0.5"],
  },
  reverse: {      // the first sign, turned round if a mark has come; the mark stands in half of the examples
    inputs: 2, outputs: 2, loss: crossEntropy, right: mostly, guess: () => 1 / 2,
    draw: (random, batch, steps) => {
      const drawn = bits(random, batch, steps);
      const marks = many(batch, () => 1 + random.whole(2 * (steps - 1)));
      return drawn.map((own, k) => {
        const x = new Float64Array(2 * steps);
        own.forEach((bit, t) => { x[2 * t] = 2 * bit - 1; });
        if (marks[k] < steps) x[2 * marks[k] + 1] = 1;
        return { x, answer: marks[k] < steps ? 1 - own[0] : own[0] };
      });
    },
    shown: (x, t) => (x[2 * t] > 0 ? "+" : "−") + (x[2 * t + 1] ? "!" : ""),
    told: (answer) => "−+"[answer],
    code: [BITS,
      "mark = 1 + torch.randint(2 * (steps - 1), (32, 1))",
      "marked = (torch.arange(steps) == mark).float()",
      "x = torch.stack([(2 * bits - 1).float(), marked], dim=2)",
      "y = torch.where(mark[:, 0] < steps, 1 - bits[:, 0], bits[:, 0])"],
  },
  add: {          // numbers from 0 to 1, two of them marked
    inputs: 2, outputs: 1, loss: squaredError, right: (y, answer) => Math.abs(y[0] - answer) < 0.1, guess: () => 0.19,
    draw: (random, batch, steps) => {
      const drawn = many(batch, () => many(steps, () => random.uniform()));
      return twoPlaces(random, batch, steps).map((marked, k) => {
        const x = new Float64Array(2 * steps);
        drawn[k].forEach((one, t) => { x[2 * t] = one; });
        for (const t of marked) x[2 * t + 1] = 1;
        return { x, answer: Math.fround(drawn[k][marked[0]] + drawn[k][marked[1]]) };
      });
    },
    shown: (x, t) => x[2 * t].toFixed(1).replace("0.", ".") + (x[2 * t + 1] ? "!" : ""),
    told: (answer) => answer.toFixed(2),
    near: "0.1",
    code: ["numbers, half = torch.rand(32, steps), steps // 2",
      "first = torch.randint(half, (32, 1))",
      "second = half + torch.randint(steps - half, (32, 1))",
      "place = torch.arange(steps)",
      "marked = ((place == first) | (place == second)).float()",
      "x, y = torch.stack([numbers, marked], dim=2), (numbers * marked).sum(1)"],
  },
  parity: {
    inputs: 1, outputs: 2, loss: crossEntropy, right: mostly, guess: () => 1 / 2,
    draw: (random, batch, steps) => bits(random, batch, steps).map((drawn) => (
      { x: signs(drawn), answer: total(drawn) % 2 })),
    shown: (x, t) => (x[t] > 0 ? "1" : "0"),
    told: (answer) => ["even", "odd"][answer],
    code: [BITS,
      SIGNS,
      "y = bits.sum(1) % 2"],
  },
};

/** How likely the likeliest number of ones is. */
function commonest(steps) {
  let share = 2 ** -steps;
  for (let k = 1; k <= Math.floor(steps / 2); k++) share *= (steps - k + 1) / k;
  return share;
}
