// A recurrent net that learns: the three cells of PyTorch, backpropagation through time by hand, and Adam.
// All in float64. One example at a time: x holds its steps one after the other, `inputs` numbers each.

// Math.exp may differ in the last digit from browser to browser, and after some fifty batches every digit would: with
// sums, products and roots alone a run is the same everywhere. (The way of fdlibm's exp: e^x = 2^k e^r, |r| < 0.35.)
const POWERS_OF_TWO = Float64Array.from({ length: 2098 }, (_, k) => 2 ** (k - 1074));
const PER_LN2 = 1.4426950408889634, LN2_HIGH = 0.6931471803691238, LN2_LOW = 1.9082149292705877e-10;

export function exp(x) {
  if (!(x < 709 && x > -745)) return x > 0 ? Infinity : x < 0 ? 0 : x + 1;
  const k = Math.floor(x * PER_LN2 + 0.5), high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low, s = r * r;
  const bent = r - s * (0.16666666666666602 + s * (-0.0027777777777015593 + s * (0.00006613756321437934
    + s * (-0.0000016533902205465252 + s * 4.1381367970572385e-8))));
  return (1 - (low - r * bent / (2 - bent) - high)) * POWERS_OF_TWO[k + 1074];
}

const sigmoid = (z) => 1 / (1 + exp(-z));

function tanh(z) {
  if (Math.abs(z) > 0.02) return 2 / (1 + exp(-2 * z)) - 1;
  const s = z * z;
  return z * (1 - s * (1 / 3 - s * (2 / 15 - s * 17 / 315)));
}

// --- the cells: what is different about each ------------------------------------------------------------------------
//
// At step t, `a` = W_x x + b_x and `u` = W_h h + b_h are there, one row for each unit of each gate. `forward` puts the
// opened gates into `gates` and the next state into h (and c). `back` has dh (and dc), the gradient of the loss with
// respect to that state, and puts that with respect to `a` and `u` into da and du. What reaches the state before
// without W_h, it puts into dhBefore (and dc).

const rnn = {
  letters: "h",
  forward({ units, gates, h }, a, u, now, next) {
    for (let k = 0; k < units; k++) h[next + k] = gates[now + k] = tanh(a[k] + u[k]);
  },
  back({ units, gates, dh, dhBefore, da, du }, now) {
    for (let k = 0; k < units; k++) {
      const h = gates[now + k];
      da[k] = du[k] = dh[k] * (1 - h * h);
      dhBefore[k] = 0;
    }
  },
};

const gru = {       // rows: r, z, n, where b_hn stands inside the reset: n = tanh(a_n + r u_n)
  letters: "rzn",
  forward({ units, gates, h, inside }, a, u, now, next) {
    const before = next - units;
    for (let k = 0; k < units; k++) {
      const r = sigmoid(a[k] + u[k]);
      const z = sigmoid(a[units + k] + u[units + k]);
      const n = tanh(a[2 * units + k] + r * u[2 * units + k]);
      inside[before + k] = u[2 * units + k];
      gates[now + k] = r;
      gates[now + units + k] = z;
      gates[now + 2 * units + k] = n;
      h[next + k] = (1 - z) * n + z * h[before + k];
    }
  },
  back({ units, gates, h, inside, dh, dhBefore, da, du }, now, next) {
    const before = next - units;
    for (let k = 0; k < units; k++) {
      const r = gates[now + k], z = gates[now + units + k], n = gates[now + 2 * units + k];
      const dn = dh[k] * (1 - z) * (1 - n * n);
      da[k] = du[k] = dn * inside[before + k] * r * (1 - r);
      da[units + k] = du[units + k] = dh[k] * (h[before + k] - n) * z * (1 - z);
      da[2 * units + k] = dn;
      du[2 * units + k] = dn * r;
      dhBefore[k] = dh[k] * z;
    }
  },
};

const lstm = {      // rows: i, f, g, o
  letters: "ifgo",
  forward({ units, gates, h, c, inside }, a, u, now, next) {
    const before = next - units;
    for (let k = 0; k < units; k++) {
      const i = gates[now + k] = sigmoid(a[k] + u[k]);
      const f = gates[now + units + k] = sigmoid(a[units + k] + u[units + k]);
      const g = gates[now + 2 * units + k] = tanh(a[2 * units + k] + u[2 * units + k]);
      const o = gates[now + 3 * units + k] = sigmoid(a[3 * units + k] + u[3 * units + k]);
      c[next + k] = f * c[before + k] + i * g;
      h[next + k] = o * (inside[before + k] = tanh(c[next + k]));
    }
  },
  back({ units, gates, c, inside, dh, dhBefore, dc, da, du }, now, next) {
    const before = next - units;
    for (let k = 0; k < units; k++) {
      const i = gates[now + k], f = gates[now + units + k], g = gates[now + 2 * units + k];
      const o = gates[now + 3 * units + k], bent = inside[before + k];
      const d = dc[k] + dh[k] * o * (1 - bent * bent);
      da[k] = du[k] = d * g * i * (1 - i);
      da[units + k] = du[units + k] = d * c[before + k] * f * (1 - f);
      da[2 * units + k] = du[2 * units + k] = d * i * (1 - g * g);
      da[3 * units + k] = du[3 * units + k] = dh[k] * bent * o * (1 - o);
      dc[k] = d * f;
      dhBefore[k] = 0;
    }
  },
};

export const CELLS = { rnn, gru, lstm };

// --- a net: one layer, and a linear read-out of its last state ------------------------------------------------------

/** The weights in PyTorch's names, order and shapes: [name, rows, columns]. */
function shapes({ kind, inputs, units, outputs }) {
  const rows = CELLS[kind].letters.length * units;
  return [["W_x", rows, inputs], ["W_h", rows, units], ["b_x", rows, 1], ["b_h", rows, 1],
    ["W_y", outputs, units], ["b_y", outputs, 1]];
}

/** How many weights such a net has. */
export const weightsOf = (sizes) => shapes(sizes).reduce((sum, [, rows, columns]) => sum + rows * columns, 0);

/** One flat array, and each weight by its name as a part of it. */
function named(sizes) {
  const all = new Float64Array(weightsOf(sizes));
  const parts = { all };
  let from = 0;
  for (const [name, rows, columns] of shapes(sizes)) {
    parts[name] = all.subarray(from, from + rows * columns);
    from += rows * columns;
  }
  return parts;
}

/** A net for sequences of `steps` steps, with room for what a run leaves behind; its weights are 0. */
export function newNet({ kind, inputs, units, outputs, steps }) {
  const cell = CELLS[kind], rows = cell.letters.length * units, floats = (size) => new Float64Array(size);
  const sizes = { kind, inputs, units, outputs };
  return {
    ...sizes, cell, rows, steps, weights: named(sizes), gradients: named(sizes),
    memory: {       // of one example: gates (steps, rows); h and c (steps + 1, units), from the state before the first
      units, gates: floats(steps * rows), h: floats((steps + 1) * units), c: floats((steps + 1) * units),
      inside: floats(steps * units),        // of the LSTM tanh(c), of the GRU what the reset gate multiplies
      dh: floats(units), dhBefore: floats(units), dc: floats(units), da: floats(rows), du: floats(rows),
    },
    a: floats(rows), u: floats(rows), y: floats(outputs), dy: floats(outputs),
    dx: floats(steps * inputs),             // the loss's gradient with respect to each input
  };
}

/** Begin as PyTorch does, with the numbers that it would draw; `bias` opens the gate that keeps. */
export function begin(net, random, bias = null) {
  const { weights, units } = net;
  const bound = 1 / Math.sqrt(units);
  for (let k = 0; k < weights.all.length; k++) weights.all[k] = random.uniform(-bound, bound);
  if (bias !== null && net.kind !== "rnn") {        // the second block: the forget gate, or the update gate
    weights.b_x.fill(bias, units, 2 * units);
    weights.b_h.fill(0, units, 2 * units);
  }
}

/** out = W x + b, where x begins at `from`; four rows at once are quicker. */
function affine(out, W, b, x, from) {
  const rows = b.length, columns = W.length / rows;
  let k = 0;
  for (; k + 3 < rows; k += 4) {
    let at = k * columns, one = b[k], two = b[k + 1], three = b[k + 2], four = b[k + 3];
    for (let j = from; j < from + columns; j++, at++) {
      const x_j = x[j];
      one += W[at] * x_j;
      two += W[at + columns] * x_j;
      three += W[at + 2 * columns] * x_j;
      four += W[at + 3 * columns] * x_j;
    }
    out[k] = one;
    out[k + 1] = two;
    out[k + 2] = three;
    out[k + 3] = four;
  }
  for (; k < rows; k++) {
    out[k] = b[k];
    for (let j = 0; j < columns; j++) out[k] += W[k * columns + j] * x[from + j];
  }
}

/** What affine passes back to its weights: dW += d x and db += d, where x begins at `from`. */
function toWeights(d, dW, db, x, from) {
  const rows = db.length, columns = dW.length / rows;
  let k = 0;
  for (; k + 1 < rows; k += 2) {
    const one = d[k], two = d[k + 1];
    db[k] += one;
    db[k + 1] += two;
    for (let j = from, at = k * columns; j < from + columns; j++, at++) {
      const x_j = x[j];
      dW[at] += one * x_j;
      dW[at + columns] += two * x_j;
    }
  }
  if (k < rows) {
    db[k] += d[k];
    for (let j = 0; j < columns; j++) dW[k * columns + j] += d[k] * x[from + j];
  }
}

/** What affine passes back to its input: dx += W d, where dx begins at `into`; four rows at once are quicker. */
function toInput(d, W, dx, into) {
  const rows = d.length, columns = W.length / rows;
  let k = 0;
  for (; k + 3 < rows; k += 4) {
    const one = d[k], two = d[k + 1], three = d[k + 2], four = d[k + 3];
    for (let j = into, at = k * columns; j < into + columns; j++, at++) {
      dx[j] += one * W[at] + two * W[at + columns];
      dx[j] += three * W[at + 2 * columns] + four * W[at + 3 * columns];
    }
  }
  for (; k < rows; k++) for (let j = 0; j < columns; j++) dx[into + j] += d[k] * W[k * columns + j];
}

/** Read one example; net.y is what the net says after its last step. */
export function forward(net, x) {
  const { cell, weights: w, memory, inputs, units, rows, steps, a, u } = net;
  for (let t = 0; t < steps; t++) {
    affine(a, w.W_x, w.b_x, x, t * inputs);
    affine(u, w.W_h, w.b_h, memory.h, t * units);
    cell.forward(memory, a, u, t * rows, (t + 1) * units);
  }
  affine(net.y, w.W_y, w.b_y, memory.h, steps * units);
}

/** Send net.dy, the gradient with respect to what was said, back through the example; gradients are added up. */
export function backward(net, x, { fromState = null, inputsToo = false } = {}) {
  const { cell, weights: w, gradients: g, memory, inputs, units, rows, steps } = net;
  const { h, dh, dc, dhBefore, da, du } = memory;
  dh.fill(0);
  dc.fill(0);
  if (fromState) dh.set(fromState);
  else {
    toWeights(net.dy, g.W_y, g.b_y, h, steps * units);
    toInput(net.dy, w.W_y, dh, 0);
  }
  if (inputsToo) net.dx.fill(0);
  for (let t = steps - 1; t >= 0; t--) {
    cell.back(memory, t * rows, (t + 1) * units);
    toWeights(da, g.W_x, g.b_x, x, t * inputs);
    toWeights(du, g.W_h, g.b_h, h, t * units);
    if (inputsToo) toInput(da, w.W_x, net.dx, t * inputs);
    toInput(du, w.W_h, dhBefore, 0);
    dh.set(dhBefore);
  }
}

// --- losses: each returns the loss and leaves its gradient in net.dy ------------------------------------------------

export function crossEntropy({ y, dy }, answer) {
  const most = Math.max(...y);
  let sum = 0;
  for (let k = 0; k < y.length; k++) sum += dy[k] = exp(y[k] - most);
  for (let k = 0; k < y.length; k++) dy[k] /= sum;
  dy[answer] -= 1;
  return Math.log(sum) + most - y[answer];
}

export function squaredError({ y, dy }, answer) {
  dy[0] = 2 * (y[0] - answer);
  return (y[0] - answer) ** 2;
}

// --- the optimiser --------------------------------------------------------------------------------------------------

/** The norm of all gradients together; where it is larger than `most`, they are made so much smaller. */
export function clip(gradients, most = Infinity) {
  let sum = 0;
  for (const one of gradients) sum += one * one;
  const norm = Math.sqrt(sum), by = most / (norm + 1e-6);       // the 1e-6 is PyTorch's
  if (by < 1) for (let k = 0; k < gradients.length; k++) gradients[k] *= by;
  return norm;
}

/** Adam with PyTorch's defaults; step() changes the weights. */
export function adam(weights, gradients, rate, [keep, keepSquares] = [0.9, 0.999], tiny = 1e-8) {
  const mean = new Float64Array(weights.length), squares = new Float64Array(weights.length);
  let kept = 1, keptSquares = 1;
  return {
    step() {
      kept *= keep;
      keptSquares *= keepSquares;
      const by = rate / (1 - kept), root = Math.sqrt(1 - keptSquares);
      for (let k = 0; k < weights.length; k++) {
        const gradient = gradients[k];
        mean[k] += (1 - keep) * (gradient - mean[k]);
        squares[k] = keepSquares * squares[k] + (1 - keepSquares) * gradient * gradient;
        weights[k] -= by * mean[k] / (Math.sqrt(squares[k]) / root + tiny);
      }
    },
  };
}
