import test from "node:test";
import assert from "node:assert/strict";
import { arithmetic, finding, left, run, stories } from "../../seqlab/widgets/gate_explorer.js";

const near = (value, wanted, tolerance = 1e-9) => (
  assert.ok(Math.abs(value - wanted) <= tolerance, `${value} is not ${wanted}`));
const last = (list) => list.at(-1);

test("the pencil-and-paper step of the chapter on the GRU", () => {
  const weights = { w_xr: 1, w_hr: -2, b_r: 0, w_xz: -2, w_hz: 2, b_z: 2, w_xn: 1, w_hn: -1, b_xn: 0, b_hn: -0.5 };
  const steps = run({ kind: "gru", mode: "weights", ...weights, inputs: [1, 0.5, -1, 2] });
  const states = steps.map(({ h }) => h.toFixed(4));
  assert.deepEqual(states, ["0.2806", "0.2529", "0.2412", "0.7681"]);
});

test("the store and recall cell of the chapter on the LSTM", () => {
  const weights = { w_xi: 8, w_hi: 0, b_i: -4, w_xf: 0, w_hf: -12, b_f: 4, w_xg: 2, w_hg: 0, b_g: 0,
    w_xo: -8, w_ho: 0, b_o: -4 };
  const steps = run({ kind: "lstm", mode: "weights", ...weights, inputs: [1, 0, 0, -1, 0, 1] });
  assert.deepEqual(steps.map(({ c }) => c.toFixed(3)), ["0.947", "0.930", "0.910", "0.891", "0.011", "0.957"]);
  assert.equal(steps[3].h.toFixed(3), "0.699");
});

test("kept and written add up to what is on the belt", () => {
  for (const kind of ["lstm", "gru"]) for (const story of Object.values(stories[kind])) {
    for (const one of run(story)) near(one.kept + one.written, one.belt);
  }
});

test("remember: after 50 steps 99 % of what was written is there, and shown", () => {
  for (const kind of ["lstm", "gru"]) {
    const steps = run(stories[kind]["remember for 50 steps"]);
    assert.equal(steps.length, 51);
    assert.ok(steps[0].written > 0.9);
    assert.ok(Math.abs(last(steps).belt / steps[0].written - 1) < 0.01);
    const wanted = kind === "lstm" ? Math.tanh(steps[0].written) : steps[0].written;
    assert.ok(Math.abs(last(steps).h / wanted - 1) < 0.01);
    if (kind === "lstm") assert.ok(steps.slice(0, 50).every(({ h }) => Math.abs(h) < 0.01));
  }
});

test("count: c is the number of pulses so far", () => {
  const { inputs } = stories.lstm.count;
  let count = 0;
  run(stories.lstm.count).forEach(({ c }, t) => { count += inputs[t]; near(c, count, 0.05); });
  assert.equal(count, 8);
});

test("reset: one input wipes the belt, and counting starts again", () => {
  const story = stories.lstm.reset, steps = run(story), wiped = story.inputs.indexOf(-1);
  near(steps[wiped - 1].c, 4, 0.05);
  near(steps[wiped].c, 0, 0.01);
  near(last(steps).c, 2, 0.05);
});

test("leak: 0.99 to the power of the steps is left", () => {
  const steps = run(stories.lstm.leak);
  steps.forEach(({ c }, t) => near(c, Math.tanh(4) * 0.99 ** t));
  near(left(stories.lstm.leak, steps, 0), 0.99 ** 50);
});

test("overwrite: the state is always the last value that was written", () => {
  const story = stories.gru.overwrite;
  let value = 0;
  run(story).forEach(({ h }, t) => { if (story.inputs[t]) value = Math.tanh(story.inputs[t]); near(h, value, 0.01); });
});

test("forget: each step without news keeps nine tenths", () => {
  const steps = run(stories.gru.forget);
  for (let t = 10; t < 40; t++) near(steps[t].h, 0.9 * steps[t - 1].h);
  assert.ok(steps[9].h > 0.5 && last(steps).h < 0.05);
});

test("the sentence says what happens at the step", () => {
  const say = (name, at) => finding(stories.lstm[name], at);
  assert.match(say("remember for 50 steps", 20), /shows nothing of it/);
  assert.match(say("count", 35), /c is 7\.9\d, but h shows 1\.00/);
  assert.match(say("reset", 22), /wiped/);
  assert.match(say("leak", 50), /60\.5 %/);
});

test("the arithmetic of a step ends at the state", () => {
  const story = stories.lstm.count, one = run(story)[3];
  const rows = arithmetic(story, one);
  assert.equal(rows.length, 8);
  assert.ok(rows.at(-1)[2].endsWith(one.h.toFixed(4)));
});
