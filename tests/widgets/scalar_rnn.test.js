import test from "node:test";
import assert from "node:assert/strict";
import { STORIES, curve, finding, fixedPoints, keyed, onGrid, states } from "../../seqlab/widgets/scalar_rnn.js";

const silence = (n) => Array(n).fill(0);
const net = (traits) => ({ w_x: 0.8, w_h: 0.5, b: 0, h_0: 0, inputs: [1, ...silence(19)], ...traits });
const story = (name) => STORIES.find(([text]) => text === name)[1];

test("the four states of the chapter", () => {
  const h = states({ w_x: 0.8, w_h: 0.5, b: 0.1, h_0: 0, inputs: [1, 0.5, -1, 2] });
  [0.7163, 0.6953, -0.3385, 0.9106].forEach((value, k) => assert.ok(Math.abs(h[k] - value) < 5e-5));
});

test("the start state counts", () => assert.equal(states(net({ h_0: 0.4, inputs: [0, 0] }))[0], Math.tanh(0.2)));

test("each fixed point is one, to 1e-12, and the slope is the slope there", () => {
  for (let w = -3; w <= 3.001; w += 0.05) {
    for (let drive = -11; drive <= 11.001; drive += 0.05) {
      for (const { h, slope } of fixedPoints(w, drive)) {
        assert.ok(Math.abs(Math.tanh(w * h + drive) - h) < 1e-12, `w ${w} drive ${drive}: ${h}`);
        const nudge = (Math.tanh(w * (h + 1e-6) + drive) - Math.tanh(w * (h - 1e-6) + drive)) / 2e-6;
        assert.ok(Math.abs(slope - nudge) < 1e-7);
      }
    }
  }
});

test("none is missed: as many as a fine search for sign changes finds", () => {
  for (let w = -3.03; w <= 3; w += 0.11) {
    for (let drive = -2.01; drive <= 2; drive += 0.033) {
      let changes = 0;
      const gap = (h) => Math.tanh(w * h + drive) - h;
      for (let k = 0; k < 6000; k++) changes += gap(-1.5 + k * 0.0005) * gap(-1.5 + (k + 1) * 0.0005) < 0;
      assert.equal(fixedPoints(w, drive).length, changes, `w ${w} drive ${drive}`);
    }
  }
});

test("two that lie very close to each other are both found", () => {
  const w = 2;
  const bend = Math.atanh(Math.sqrt(1 - 1 / w));
  const touch = Math.tanh(bend) * w - bend;                       // at this drive the curve touches the diagonal
  assert.equal(fixedPoints(w, -touch + 1e-9 * Math.sign(touch) * -1).length, 1);
  assert.equal(fixedPoints(w, -touch + 1e-9 * Math.sign(touch)).length, 3);
});

test("kinds: one that attracts, then two around one that repels, and the border between", () => {
  const kinds = (w, drive = 0) => fixedPoints(w, drive).map((point) => point.kind).join(" ");
  assert.equal(kinds(0), "attracts");
  assert.equal(kinds(0.99), "attracts");
  assert.equal(kinds(1), "slow");
  assert.equal(kinds(1.01), "attracts repels attracts");
  assert.equal(kinds(-0.99), "attracts");
  assert.equal(kinds(-1.01), "repels");
  assert.equal(kinds(3, 9), "attracts");
});

test("what is said fits what is so", () => {
  assert.match(finding(story("Fade")),
    /^The input is forgotten: after 6 silent steps h is within 0.01 of the fixed point 0.00/);
  assert.match(finding(story("Keep")),
    /^One bit is kept: .* fixed point −0.86. From the other side of 0.00 it would have ended at 0.86/);
  assert.match(finding(story("Flip")), /^The state flips .* between 0.66 and −0.66/);
  assert.match(finding(story("Saturate")), /^The input shouts: .* overwritten/);
  assert.match(finding(net({ inputs: silence(8), h_0: 0.9 })), /^The start is forgotten/);
  assert.match(finding(net({ w_h: 1, inputs: [1, ...silence(10)] })), /slowly: after 10 silent steps/);
  assert.match(finding(net({ w_h: 1.5, inputs: silence(8) })), /^h sits on 0.00, a fixed point that repels/);
  assert.match(finding(net({ w_h: -0.5 })), /forgotten: .*flips from side to side/);
  assert.match(finding(net({ inputs: [1, -0.5, 0.3, 0.2, 1] })), /^Inputs keep coming/);
  assert.match(finding(net({ inputs: [0, 0, 1] })), /too few/);
  assert.match(finding(net({ w_x: 0 })), /^h starts on the fixed point 0.00, and there it stays/);
});

test("something is said, without holes, over a grid of settings", () => {
  const weights = [-3, -1, 0, 1, 3].flatMap((w_h) => [-3, 0, 1].map((w_x) => ({ w_h, w_x })));
  const starts = [-2, 0, 0.3].flatMap((b) => [-1, 0, 1].map((h_0) => ({ b, h_0 })));
  const inputs = [[0, 0], [1, -1, 3], [2, ...silence(12)], Array(40).fill(-3)];
  for (const weight of weights) for (const start of starts) for (const input of inputs) {
    assert.doesNotMatch(finding({ ...weight, ...start, inputs: input }), /NaN|undefined|-\d|Infinity/);
  }
});

test("the curve runs from end to end of the map, and between its points a straight line is as good as tanh", () => {
  for (const [w, drive] of [[3, 0], [-3, 2], [0.5, -0.3]]) {
    const drawn = curve(w, drive);
    assert.ok(Math.abs(drawn[0][0] + 1.12) < 1e-9 && Math.abs(drawn.at(-1)[0] - 1.12) < 1e-9);
    drawn.slice(1).forEach(([h, after], k) => {
      const [old, before] = drawn[k];
      assert.ok(Math.abs((before + after) / 2 - Math.tanh(w * (old + h) / 2 + drive)) < 0.001);   // a ninth of a pixel
    });
  }
});

test("keys: arrows by one step, with Shift or Page by five, ends, and zero", () => {
  assert.equal(keyed({ key: "ArrowUp" }, 0.2, -3, 3), 0.3);
  assert.equal(keyed({ key: "ArrowDown", shiftKey: true }, 0.2, -3, 3), -0.3);
  assert.equal(keyed({ key: "PageUp" }, 2.8, -3, 3), 3);
  assert.equal(keyed({ key: "Home" }, 2.8, -3, 3), -3);
  assert.equal(keyed({ key: "0" }, 2.8, -3, 3), 0);
  assert.equal(keyed({ key: "a" }, 2.8, -3, 3), null);
  assert.equal(onGrid(-0.04, -3, 3), 0);
});
