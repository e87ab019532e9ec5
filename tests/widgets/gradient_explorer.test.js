import test from "node:test";
import assert from "node:assert/strict";
import {
  STORIES, arriving, finding, freeNotch, gradientThroughTime, guessed, shownWeights, sized, wave,
} from "../../seqlab/widgets/gradient_explorer.js";

const plain = { weight: 1.5, nonlinearity: "tanh", lag: 28, level: 0, swing: 0.5, clip: false, threshold: 1 };
const net = (traits) => ({ ...plain, ...traits });
const run = (traits) => gradientThroughTime(net(traits));
const story = (name) => STORIES.find(([text]) => text === name)[1];
const near = (one, other, tolerance = 1e-9) => (
  assert.ok(Math.abs(one - other) <= tolerance * Math.abs(other), `${one} is not ${other}`));
const every = (...lists) => lists.reduce((all, list) => all.flatMap((some) => list.map((one) => [...some, one])), [[]]);

/** h_100 when the state `lag` steps before it is nudged. */
function end({ weight, nonlinearity, level, swing }, lag, nudge) {
  const f = { tanh: Math.tanh, relu: (z) => Math.max(0, z), linear: (z) => z }[nonlinearity];
  let h = 0;
  for (let t = 1; t <= 100; t++) h = f(weight * h + level + swing * wave(t)) + (t === 100 - lag ? nudge : 0);
  return h;
}

test("the gradient is what a nudge does to the end", () => {
  for (const [nonlinearity, weight, lag] of every(["tanh", "relu", "linear"], [-0.8, 0.5, 0.9, 1], [1, 3, 8])) {
    const settings = net({ nonlinearity, weight, lag, level: 0.3 });
    const nudged = (end(settings, lag, 1e-6) - end(settings, lag, -1e-6)) / 2e-6;
    const { gradient } = gradientThroughTime(settings);
    assert.ok(Math.abs(gradient - nudged) < 1e-6, `${nonlinearity} ${weight} ${lag}: ${gradient}, nudged ${nudged}`);
  }
});

test("linear: a power of the weight", () => {
  for (const weight of [-2, -1, 0.5, 1, 1.05, 3]) {
    near(run({ nonlinearity: "linear", weight, lag: 100 }).gradient, weight ** 100);
  }
});

test("as many factors as the lag says, and gradients that are their products", () => {
  const { factors, gradients, gradient } = run({ lag: 17 });
  assert.equal(factors.length, 17);
  assert.equal(gradients.length, 18);
  near(gradient, factors.reduce((product, factor) => product * factor, 1));
});

test("clipping: one scale for all, as PyTorch computes it, and never up", () => {
  const wild = run({ nonlinearity: "linear", weight: 1.2, clip: true, threshold: 2 });
  near(wild.scale, 2 / (Math.hypot(...wild.gradients) + 1e-6));
  assert.equal(run({ weight: 0.2, clip: true, threshold: 2 }).scale, 1);
  assert.equal(run({ nonlinearity: "linear", weight: 3, clip: false }).scale, 1);
});

test("the stories are what they are called", () => {
  const gradient = (name) => gradientThroughTime(net(story(name))).gradient;
  assert.ok(gradient("Fades") < 0.01 && gradient("Fades") > 0);
  assert.equal(gradient("Holds"), 1);
  assert.ok(gradient("Explodes") > 1e4);
  assert.ok(gradient("Saturated") < 1e-30);
  near(gradient("On the edge"), 1.5 ** 28);
});

test("what arrives with other weights is what the net with that weight says, clipped where clipping is on", () => {
  for (const clip of [true, false]) {
    const settings = net({ clip, nonlinearity: "relu", level: 0.5, swing: 0.25 }), weights = [-1, 0, 0.9, 1.2];
    const alone = weights.map((weight) => gradientThroughTime({ ...settings, weight }));
    assert.deepEqual(arriving(settings, weights), alone.map(({ gradient, scale }) => gradient * scale));
  }
  assert.deepEqual(arriving(net({}), []), []);
});

test("of the slider's positive weights only those near 1 let anything through", () => {
  const weights = Array.from({ length: 61 }, (_, k) => k / 20), sizes = arriving(net({}), weights);
  const passed = weights.filter((_, k) => sizes[k] >= 0.01);
  assert.equal(weights[sizes.indexOf(Math.max(...sizes))], 1.05);
  assert.ok(passed.length > 2 && passed.every((weight) => Math.abs(weight - 1) < 0.2), `${passed}`);
});

test("each weight that shows does so once, in order; a guess goes to the nearest without a dot", () => {
  const shown = shownWeights([1.5, 1, 1.5, 0.95], 1.05);
  assert.deepEqual(shown, [0.95, 1, 1.05, 1.5]);
  assert.deepEqual([0, 1, -1].map((side) => freeNotch(shown, 1.01, side)), [1.1, 1.1, 0.9]);
  assert.equal(freeNotch(shown, 2.02), 2);
  assert.equal(freeNotch(shown, 7), 3);
  assert.equal(freeNotch(shown, 3, 1), undefined);
  assert.equal(freeNotch(Array.from({ length: 121 }, (_, k) => (k - 60) / 20), 0), undefined);
});

test("a guess is judged where its weight is set, and nowhere else", () => {
  const judged = (traits, guess) => finding(net(traits), guess).replaceAll("\u00a0", " ");
  assert.equal(judged({ weight: 2 }, [2, 2]),
    "You guessed 10² at weight 2.00, and 2.9 × 10⁻²² arrives: your guess is 24 powers of ten too high.");
  assert.equal(judged({ weight: 1.05 }, [1.05, -1]),
    "You guessed 10⁻¹ at weight 1.05, and 0.40 arrives: your guess is 1 power of ten too low.");
  assert.match(judged({ weight: 1.05 }, [1.05, 0]), /^You guessed 1 at .* your guess is right\.$/);
  assert.match(judged({ weight: 2 }, [2, -12]), /^You guessed 10⁻¹² or less at .* right\.$/);
  assert.match(judged({ weight: 3, nonlinearity: "linear" }, [3, 8]), /^You guessed 10⁸ or more at .* right\.$/);
  assert.match(judged({ weight: 0 }, [0, 1]), /^You guessed 10 at weight 0.00, and nothing arrives: no power of ten/);
  assert.match(judged({ weight: 0 }, [0, -12]), /right\.$/);
  assert.equal(judged({ weight: 1.5 }, [2, 2]), judged({ weight: 1.5 }, []));
  assert.deepEqual([-12, -3, 0, 1, 8].map(guessed), ["10⁻¹² or less", "10⁻³", "1", "10", "10⁸ or more"]);
});

test("what is said is one sentence and fits what is so", () => {
  const said = (traits) => finding(net(traits));
  assert.match(said({}),
    /^It vanishes: of a nudge 28 steps back, 1.5.×.10⁻¹¹ arrives.*more than the weight gives, 8.5.×.10⁴\.$/);
  assert.match(said({ weight: 0.5 }), /^It vanishes.*between −1 and 1/);
  assert.match(said({ weight: 1, lag: 100, swing: 1 }), /^It vanishes.*take a little at each step/);
  assert.match(said({ ...story("Holds") }), /^It holds: of a nudge 40 steps back, 1.00 arrives.*multiplies by 1.00 on/);
  assert.match(said({ ...story("Explodes") }), /^It explodes: a nudge 60 steps back arrives.*ReLU is active/);
  assert.match(said({ ...story("On the edge") }), /^It explodes.*exactly 0/);
  assert.match(said({ weight: 0.3, nonlinearity: "relu", level: 0, swing: 1 }),
    /^It is cut off: \d+ steps? back the slope of the ReLU is 0/);
  assert.match(said({ weight: 0, nonlinearity: "linear" }), /no past/);
  assert.match(said({ weight: 0.9, lag: 5 }), /^It fades.*multiplies by 0\.\d+ on average/);
  assert.match(said({ weight: 1.1, lag: 5, nonlinearity: "linear" }),
    /^It grows: a nudge 5 steps back arrives 1.61 times/);
  assert.match(said({ clip: true }), /^It vanishes, and clipping multiplies.*stays vanished\.$/);
  assert.match(said({ clip: true, threshold: 50 }), /^It vanishes, and clipping does nothing/);
  assert.match(said({ ...story("Explodes"), clip: true }),
    /^It explodes, and clipping.*near and far differ as before\.$/);
});

test("something is said, without holes, over a grid of settings", () => {
  const nets = every([-3, -1, 0, 0.5, 1, 3], ["tanh", "relu", "linear"], [1, 2, 100], [[0, 0], [2, 1], [0, 1]],
    [true, false]);
  for (const [weight, nonlinearity, lag, [level, swing], clip] of nets) {
    const said = finding(net({ weight, nonlinearity, lag, level, swing, clip }));
    assert.doesNotMatch(said, /NaN|undefined|-\d|Infinity/);
    assert.match(said, /^(It|You) [^.]*(\.\d[^.]*)*\.$/, "one sentence");
  }
});

test("numbers of any size", () => {
  assert.deepEqual([0, 0.5, -0.012, 12.34, 1000, 4.2e-9, -1e47].map((value) => sized(value).replaceAll("\u00a0", " ")),
    ["0", "0.50", "−0.012", "12.3", "1.0 × 10³", "4.2 × 10⁻⁹", "−1.0 × 10⁴⁷"]);
});
