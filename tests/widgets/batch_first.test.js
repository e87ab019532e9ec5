import test from "node:test";
import assert from "node:assert/strict";
import {
  before, finding, history, ink, lit, marks, reading, results, strokes,
} from "../../seqlab/widgets/batch_first.js";

const right = { batch_first: true, step: 27, show: "seen", digit: 2, row: 10 };
const wrong = { ...right, batch_first: false };
const blank = new Uint8Array(4 * 784);

test("the state goes down a digit, or to the same row of the next digit", () => {
  assert.deepEqual([before(true, [2, 5]), before(true, [2, 0])], [[2, 4], null]);
  assert.deepEqual([before(false, [2, 5]), before(false, [0, 5])], [[1, 5], null]);
  assert.deepEqual(history(true, [3, 2]), [[3, 0], [3, 1], [3, 2]]);
  assert.deepEqual(history(false, [3, 2]), [[0, 2], [1, 2], [2, 2], [3, 2]]);
});

test("what an answer has seen, and which answers a row reaches", () => {
  assert.equal(results(right).seen.length, 28);
  assert.deepEqual(results(wrong).seen, [[0, 27], [1, 27], [2, 27]]);
  assert.deepEqual([results(right).reached, results(wrong).reached], [[2], []]);
  assert.deepEqual(results({ ...wrong, row: 27 }).reached, [2, 3]);
  assert.deepEqual([results(right).steps, results(wrong).steps], [28, 4]);
});

test("what is lit grows with the steps, and ends with what the answer has seen", () => {
  const sizes = (s, steps) => steps.map((step) => lit({ ...s, step }).states.size);
  assert.deepEqual(sizes(right, [0, 12, 27]), [1, 13, 28]);
  assert.deepEqual(sizes(wrong, [0, 1, 2, 3, 27]), [1, 2, 3, 3, 3]);
  const found = lit({ ...wrong, show: "reached", digit: 1 });
  assert.deepEqual([...found.rows], [38]);
  assert.deepEqual([...found.states], [38, 66, 94]);
  assert.equal(found.answers.size, 0);
});

test("every finding is a sentence of its own", () => {
  const say = (s, images = blank) => finding(s, images);
  assert.equal(say(right), "After the last step the answer for x[2] has seen all 28 rows of x[2], and no other image.");
  assert.equal(say(wrong), "After the last step the answer for x[2] has seen row 27 of x[0], x[1] and x[2], "
    + "and no other row. "
    + "There is no ink in it.");
  assert.equal(say({ ...wrong, digit: 0 }, blank.map(() => 9)),
    "After the last step the answer for x[0] has seen row 27 of x[0], and no other row.");
  const reach = (s) => say({ ...s, show: "reached" });
  assert.equal(reach(right), "Change row 10 of x[2]: the answer for x[2] can change, and no other.");
  assert.match(reach(wrong), /^Change row 10 of x\[2\]: no answer can change/);
  assert.match(reach({ ...wrong, row: 27 }), /the answers for x\[2\] and x\[3\] can change\.$/);
  assert.match(reach({ ...wrong, digit: 3, row: 27 }), /only the answer for x\[3\] can change/);
});

test("a step says what is read and where the states go", () => {
  assert.match(reading({ ...right, step: 3 }), /^Step 3: row 3 of every image .* goes on to its own row 4\.$/);
  assert.match(reading({ ...wrong, step: 1 }), /^Step 1: x\[1\] is read whole, .* the same row of x\[2\]\.$/);
  assert.match(reading(wrong), /^Step 3: x\[3\] .* It is the last\.$/);
});

test("the marks are explained: one step is a row of every image, or one image whole", () => {
  const [stripes, ...frames] = [right, wrong].map((s) => marks(s).split(" Frame: one step, ")).flat();
  assert.deepEqual([stripes, ...frames], ["Stripes: the state h behind each row.",
    "which reads one row of every image.", stripes, "which reads one image whole, 28 rows at once."]);
});

test("ink is counted in the rows that are asked for, and drawn in four strengths", () => {
  const images = blank.map((_, k) => (k === 784 + 27 * 28 + 3 ? 200 : 0));
  assert.deepEqual([ink(images, [[1, 27]]), ink(images, [[1, 26], [0, 27]])], [1, 0]);
  assert.deepEqual(strokes([0, 1, 255, 0, 255]), [[1, "M1 0h1v1h-1z"], [4, "M2 0h1v1h-1zM4 0h1v1h-1z"]]);
});
