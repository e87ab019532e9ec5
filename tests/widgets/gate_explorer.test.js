import test from "node:test";
import assert from "node:assert/strict";
import { arithmetic, deciding, finding, left, run, step, stories } from "../../seqlab/widgets/gate_explorer.js";

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
    if (kind === "lstm") assert.ok(steps.slice(0, 49).every(({ h }) => Math.abs(h) < 0.01));
  }
});

test("remember: at the step that it starts at, x, h and the bias all have a part in f", () => {
  const story = stories.lstm["remember for 50 steps"], one = run(story)[story.step];
  const [, sum] = arithmetic(story, one, "f")[0];
  assert.match(sum, /^\u03c3\(6\.00 from x \u2212 8\.9\d from h \+ 10\.00\)$/);
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

const CELL = { ...stories.lstm.leak, f: 1, i: 1, o: 1 }, UNIT = { ...stories.gru.forget, r: 0.5, z: 0.9, w_xn: 0 };
const decided = (s, x, h, c) => {
  const [most, ...more] = deciding(s, step(s, x, h, c));
  return most && { ...most, more: more.map(({ gate }) => gate) };
};

test("the gate that decides is the one whose other end would move the memory most", () => {
  const g = Math.tanh(4);
  const carried = decided({ ...CELL, i: 0 }, 0, 0, 3);                  // c = 3; f shut: 0; i open: 3
  assert.equal(carried.gate, "f");
  assert.deepEqual([carried.other, carried.would, carried.difference, carried.more], [0, 0, 3, []]);
  const wiped = decided({ ...CELL, f: 0, i: 0 }, 0, 0, 3);               // c = 0; f open: 3
  assert.deepEqual([wiped.gate, wiped.other, wiped.would], ["f", 1, 3]);
  const written = decided({ ...CELL, f: 0 }, 1, 0, 0);                   // c = g; i shut: 0; f open: still g
  assert.deepEqual([written.gate, written.other, written.would, written.more], ["i", 0, 0, []]);
  const kept = decided({ ...CELL, i: 0 }, -1, 0, 2);                     // c = 2; f shut: 0; i open: 2 - g
  assert.deepEqual([kept.gate, kept.more], ["f", ["i"]]);
  const shut = decided({ ...CELL, i: 0 }, -1, 0, 0.5);                   // c = 0.5; f shut: 0; i open: 0.5 - g
  assert.deepEqual([shut.gate, shut.more], ["i", ["f"]]);
  near(shut.would, 0.5 - g);
  assert.equal(decided(CELL, 0, 0, 0), undefined);                       // there is nothing to keep or write
  assert.equal(decided({ ...CELL, o: 0 }, 0, 0, 3).gate, "f");           // what is shown is not what is remembered
});

test("of a GRU too, where the reset gate decides through the candidate", () => {
  const copied = decided({ ...UNIT, z: 1 }, 0, 0.8);                     // h = 0.8; z shut: n = 0; r: nothing
  assert.deepEqual([copied.gate, copied.other, copied.would, copied.more], ["z", 0, 0, []]);
  const reset = decided({ ...UNIT, z: 0.4, r: 0, w_hn: 8 }, 0, 0.1);     // h = 0.04; z open: 0.1; r open: 0.04 + 0.6 n
  assert.deepEqual([reset.gate, reset.other, reset.more], ["r", 1, ["z"]]);
  near(reset.would, 0.4 * 0.1 + 0.6 * Math.tanh(0.8));
});

test("half open counts as open: the other end is the one that is farther off", () => {
  assert.equal(decided({ ...CELL, f: 0.5, i: 0 }, 0, 0, 1).other, 0);
  assert.equal(decided({ ...CELL, f: 0.49, i: 0 }, 0, 0, 1).other, 1);
});

test("the sentence names the gate that decides, and what is shown", () => {
  const say = (name, at, changed = {}) => finding({ ...stories.lstm[name], ...changed }, at);
  assert.match(say("remember for 50 steps", 0), /step 1, i decides that c is 0\.96: it is open/);
  assert.match(say("remember for 50 steps", 20), /f decides .* o is shut \(0\.00\): h shows nothing of it\./);
  assert.match(say("count", 35), /that c is 7\.9\d.* h shows 1\.00: after the tanh, large numbers look alike/);
  assert.match(say("reset", 22), /f decides that c is 0\.00: it is shut \(0\.00\); if it were open, c would be [34]\./);
  assert.match(say("leak", 50), /60\.5 % is left 50 steps later/);
  const inputs = stories.lstm.count.inputs.map((x, t) => (t === 7 ? -1 : x));        // the task of the chapter
  assert.match(say("count", 7, { inputs }), /i decides that c is 1\.00: it is shut .* open, c would be 0\.00/);
  assert.match(say("count", 0), /no gate decides: open or shut, c stays near 0\.00/);
  assert.match(finding(stories.gru.overwrite, 15), /z decides that h is 0\.46: it is shut/);
});

test("the formulas of a step end at the state, and each factor lights a part", () => {
  for (const [kind, own] of [["lstm", "count"], ["gru", "overwrite"]]) {
    const story = stories[kind][own], one = run(story)[3];
    for (const gate of kind === "lstm" ? "figo" : "rzn") for (const mode of ["weights", "openings"]) {
      const rows = arithmetic({ ...story, mode }, one, gate);
      assert.equal(rows.length, kind === "lstm" ? 3 : 2);
      assert.equal(rows[0][2], one[gate].toFixed(4));
      assert.equal(last(rows)[2], one.h.toFixed(4));
      const buttons = rows.flatMap(([html]) => html.match(/<button.*?>/g));
      assert.ok(buttons.length > 5 && buttons.every((each) => /data-part="[a-z ]+" aria-label=".+"/.test(each)));
    }
  }
});

test("the gate's row tells the share of x from the share of h", () => {
  const story = { ...stories.lstm["remember for 50 steps"], w_xf: 3 }, steps = run({ ...story, inputs: [1, -1, 0.5] });
  const [, sum] = arithmetic(story, steps[2], "f")[0], minus = "\u2212";
  near(steps[1].h, 0.7447, 5e-3);
  const ofH = (12 * steps[1].h).toFixed(2);
  assert.equal(sum, `\u03c3(1.50 from x ${minus} ${ofH} from h + 10.00)`);
  near(steps[2].f, 1 / (1 + Math.exp(-(1.5 - 12 * steps[1].h + 10))));
});
