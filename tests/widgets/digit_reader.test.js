import assert from "node:assert/strict";
import test from "node:test";
import {
  answers, arithmetic, asMnist, best, finding, float16, leaders, likeness, painted, places, read, smooth, strangeness,
  unitAt, unpack,
} from "../../seqlab/widgets/digit_reader.js";

const SEVEN = [[70, 70, 120, 66, 200, 60, 206, 62, 170, 130, 120, 240]];
const moved = (strokes, move) => strokes.map((stroke) => stroke.map(move));
const rows = (image) => Array.from({ length: 28 }, (_, row) => image.slice(28 * row, 28 * row + 28));
const columns = (image) => rows(image)[0].map((_, k) => rows(image).map((row) => row[k]));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const inked = (lines) => {
  const used = lines.map((line) => sum(line) > 0);
  return used.lastIndexOf(true) - used.indexOf(true) + 1;
};
const middle = (lines) => sum(lines.map((line, k) => sum(line) * (k + 0.5))) / sum(lines.flat());

/** A network of H units: every weight given by a function of its place. */
function network(H, weight) {
  const bytes = new DataView(new ArrayBuffer(4 * (4 * H * 28 + 4 * H * H + 4 * H + 10 * H + 10)));
  for (let k = 0; k < bytes.byteLength / 4; k++) bytes.setFloat32(4 * k, weight(k), true);
  return unpack(bytes, H);
}

test("a drawing is fitted into 20 pixels and centred by its mass, wherever and however large it was drawn", () => {
  for (const move of [(v) => v, (v) => v / 3, (v) => v / 3 + 170, (v) => v / 8 + 20]) {
    const image = asMnist(moved(SEVEN, move));
    assert.ok(Math.abs(inked(rows(image)) - 20) <= 2, `${inked(rows(image))} rows`);
    assert.ok(Math.abs(middle(rows(image)) - 14.5) < 0.1 && Math.abs(middle(columns(image)) - 14.5) < 0.1);
    const same = asMnist(SEVEN);
    assert.ok(image.every((ink, k) => Math.abs(ink - same[k]) <= 1), "the same image from every place and size");
  }
});

test("without centring the pad is only made smaller", () => {
  const image = asMnist(moved(SEVEN, (v) => v / 3), false);
  assert.ok(middle(columns(image)) < 8 && inked(rows(image)) < 12);
});

test("nothing, a dot, and lines at the border", () => {
  assert.deepEqual(asMnist([]), Array(784).fill(0));
  assert.deepEqual(asMnist([], false), Array(784).fill(0));
  const dot = asMnist([[3, 270]]);
  assert.ok(inked(rows(dot)) <= 4 && Math.abs(middle(rows(dot)) - 14.5) < 0.01);
  const images = [asMnist([[0, 0, 280, 0]]), asMnist([[0, 0, 0, 280, 280, 280]]), asMnist([[0, 0, 280, 280]], false)];
  for (const image of images) {
    assert.equal(image.length, 784);
    assert.ok(image.every((ink) => Number.isInteger(ink) && ink >= 0 && ink <= 255) && sum(image) > 0);
  }
});

test("a stroke is as wide after fitting, however small it was drawn", () => {
  for (const length of [40, 250]) {
    const across = rows(asMnist([[140, 140 - length / 2, 140, 140 + length / 2]]))[14];
    assert.ok(Math.abs(sum(across) / 255 - 2.4) < 0.1, `${sum(across) / 255} pixels`);
  }
});

test("smoothing keeps the ends and cuts the corners; two points stay a line", () => {
  const line = smooth([0, 0, 10, 0, 10, 10]);
  assert.deepEqual([line[0], line.at(-1)], [[0, 0], [10, 10]]);
  assert.ok(!line.some(([x, y]) => x === 10 && y === 0));
  assert.deepEqual(smooth([0, 0, 10, 0, 30, 10], 1), [[0, 0], [7.5, 0], [15, 2.5], [30, 10]]);
  assert.deepEqual(smooth([1, 2, 3, 4]), [[1, 2], [3, 4]]);
  assert.deepEqual(smooth([1, 2]), [[1, 2]]);
});

test("ink fades over one pixel", () => {
  const ink = painted([[[0, 14.5], [28, 14.5]]]);
  assert.equal(ink[28 * 14 + 5], 1);
  assert.ok(Math.abs(ink[28 * 15 + 5] - 0.7) < 1e-9 && Math.abs(ink[28 * 13 + 5] - 0.7) < 1e-9);
  assert.equal(ink[28 * 16 + 5], 0);
});

test("float16: ones, signs, small ones", () => {
  const known = [[0x3c00, 1], [0xc000, -2], [0x3555, 0.333251953125], [0x0001, 2 ** -24], [0x0400, 2 ** -14],
    [0x8000, -0], [0x7bff, 65504]];
  for (const [bits, value] of known) assert.equal(float16(bits), value);
});

test("weights of a wrong size are refused", () => {
  assert.throws(() => unpack(new DataView(new ArrayBuffer(10)), 64), /10 bytes of weights for 24458 numbers/);
});

test("one unit, computed by hand", () => {
  // Gates in PyTorch's order i, f, g, o: a weight for the state, a bias, and 0 for every pixel.
  const ofState = [0.5, -0.25, 0.75, 1];
  const net = network(1, (k) => (k < 112 ? 0 : k < 116 ? ofState[k - 112] : k < 120 ? k - 116 : 0));
  const { h, c, i, f, g, o, probabilities } = read(net, Array(784).fill(255));
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  let [state, cell] = [0, 0];
  for (let t = 0; t < 28; t++) {
    const [a, b, d, e] = ofState.map((weight, k) => weight * state + k);
    cell = sigmoid(b) * cell + sigmoid(a) * Math.tanh(d);
    state = sigmoid(e) * Math.tanh(cell);
    const pairs = [[i, sigmoid(a)], [f, sigmoid(b)], [g, Math.tanh(d)], [o, sigmoid(e)], [c, cell], [h, state]];
    for (const [mine, right] of pairs) {
      assert.ok(Math.abs(mine[t] - right) < 1e-6);
    }
  }
  assert.deepEqual(probabilities[27], Array(10).fill(0.1));
});

test("what was read does not depend on the rows to come, and probabilities add up to 1", () => {
  const net = network(6, (k) => Math.sin(k));
  const image = Array.from({ length: 784 }, (_, k) => (37 * k) % 256);
  const [whole, half] = [read(net, image), read(net, image.map((ink, k) => (k < 28 * 14 ? ink : 0)))];
  assert.deepEqual(whole.probabilities.slice(0, 14), half.probabilities.slice(0, 14));
  assert.notDeepEqual(whole.probabilities[27], half.probabilities[27]);
  for (const row of whole.probabilities) assert.ok(Math.abs(sum(row) - 1) < 1e-12);
});

const sure = (digit, p = 0.91) => Array.from({ length: 10 }, (_, k) => (k === digit ? p : (1 - p) / 9));

test("the answers on the way: from the first ink on, without weak ones", () => {
  const image = Array(784).fill(0).fill(255, 28 * 5);
  const probabilities = [...Array(5).fill(sure(7)), ...Array(5).fill(sure(1, 0.3)), ...Array(6).fill(sure(2)),
    ...Array(2).fill(sure(4, 0.3)), ...Array(2).fill(sure(2)), ...Array(8).fill(sure(3))];
  assert.deepEqual(answers(probabilities, image), [{ digit: 2, row: 19 }, { digit: 3, row: 21 }]);
  assert.deepEqual(answers(Array(28).fill(sure(3, 0.2)), image), [{ digit: 3, row: 28 }]);
  assert.equal(best(sure(6)), 6);
});

test("the leading digit of every row, in runs, each written where it begins", () => {
  const probabilities = [...Array(3).fill(sure(7)), sure(1), ...Array(24).fill(sure(2))];
  assert.deepEqual(leaders(probabilities, 28),
    [{ digit: 7, from: 1, to: 3 }, { digit: 1, from: 4, to: 4 }, { digit: 2, from: 5, to: 28 }]);
  assert.deepEqual(leaders(probabilities, 4).at(-1), { digit: 1, from: 4, to: 4 });
  assert.deepEqual(leaders(probabilities, 0), []);
  assert.deepEqual(places(leaders(probabilities, 28), 2), [[0, 0.5], [0, 3.5], [1, 4.5]]);
});

test("however often the leader changes, no two of its digits are written over each other", () => {
  const restless = leaders(Array.from({ length: 28 }, (_, t) => sure(t % 10)), 28);
  const found = places(restless, 2);
  for (const [k, [column, row]] of found.entries()) {
    const above = found.slice(0, k).filter(([other]) => other === column).at(-1);
    assert.ok(!above || row - above[1] >= 2);
  }
  assert.deepEqual(found.slice(0, 3), [[0, 0.5], [1, 1.5], [0, 2.5]]);
});

test("the arithmetic of one unit at a row", () => {
  const all = read(network(6, (k) => Math.sin(k)), Array.from({ length: 784 }, (_, k) => (37 * k) % 256));
  for (const [unit, row] of [[0, 1], [5, 1], [3, 17], [5, 28]]) {
    const now = unitAt({ ...all, H: 6 }, unit, row);
    assert.equal(now.before, row === 1 ? 0 : all.c[6 * (row - 2) + unit]);
    assert.ok(Math.abs(now.f * now.before + now.i * now.g - now.c) < 1e-6);
    assert.ok(Math.abs(now.o * Math.tanh(now.c) - now.h) < 1e-6);
    assert.deepEqual([now.kept, now.written], [now.f * now.before, now.i * now.g]);
  }
  const one = { i: 0.5, f: 0.25, g: -0.5, o: 0.75, before: -2, kept: -0.5, written: -0.25, c: -0.75, h: -0.47637 };
  assert.deepEqual(arithmetic(one), [
    ["0.250 · (−2.000) + 0.500 · (−0.500)", "−0.500 − 0.250", "−0.750"],
    ["0.750 · tanh(−0.750)", "0.750 · (−0.635)", "−0.476"]]);
  assert.equal(arithmetic({ ...one, before: -0.0001, kept: -0.00001, written: 0.00001, c: 0 })[0][1], "0.000 + 0.000");
});

test("the finding in words", () => {
  const image = Array(784).fill(0).fill(255, 28 * 5);
  const story = [...Array(12).fill(sure(2)), ...Array(16).fill(sure(8))];
  assert.equal(finding(story, image, 28),
    "It reads an 8 (91\u00a0%). On the way it looked like a 2; since row 13 it looks like an 8.");
  assert.match(finding(story, image, 28, false), /unlike those it learnt from/);
  assert.match(finding(story, image, 9), /^9 of 28 rows read: it looks like a 2/);
  assert.match(finding(story, image, 3), /it can only guess/);
  assert.match(finding(story, image, 0), /nothing yet/);
  assert.match(finding(story, Array(784).fill(0), 28), /The page is empty/);
});

test("how strange a drawing is: what a second head of 24 units makes of the mean state and of the last one", () => {
  const [H, asked] = [3, 24], [half, one, two, minus] = [0x3800, 0x3c00, 0x4000, 0xbc00];
  const bytes = new DataView(new ArrayBuffer(2 * (asked * (2 * H + 2) + 1)));
  const set = (place, bits) => bytes.setUint16(2 * place, bits, true);
  set(1, two);                                                // unit 0: twice the mean of state 1
  set(23 * 2 * H + H + 2, one);                               // unit 23: the last state's number 2, and a half
  set(asked * 2 * H + 23, half);
  set(asked * (2 * H + 1), one);                              // their answers: the one less the other, and 1 more
  set(asked * (2 * H + 1) + 23, minus);
  set(asked * (2 * H + 2), one);
  const states = new Float32Array(28 * H);
  const near = (sum) => assert.ok(Math.abs(strangeness(states, H, bytes) - 1 / (1 + Math.exp(-sum))) < 1e-6);
  near(1 - Math.tanh(0.5));
  for (let t = 0; t < 7; t++) states[t * H + 1] = 1;          // a quarter of the rows
  near(1 + Math.tanh(0.5) - Math.tanh(0.5));
  states[27 * H + 2] = -2;
  near(1 + Math.tanh(0.5) - Math.tanh(-1.5));
  assert.equal(strangeness(states, H, new DataView(new ArrayBuffer(0))), null, "of another network nothing is known");
});

test("what is strange is said in words, once the last row is read", () => {
  const image = Array(784).fill(0).fill(255, 28 * 5);
  const all = Array(28).fill(sure(8));
  assert.equal(finding(all, image, 28, true, 0.51),
    "Unlike any digit it knows. Of the ten, it is nearest to an 8 (91\u00a0%).");
  const torn = Array(28).fill([0, 0.6, 0, 0, 0, 0, 0, 0.4, 0, 0]);
  assert.equal(finding(torn, image, 28, true, 0.51),
    "Unlike any digit it knows. Of the ten, it is nearest to a 1 (60\u00a0%) or perhaps a 7 (40\u00a0%).");
  assert.match(finding(all, image, 28, true, 0.49), /^It reads an 8 .* plain from row 6 on\.$/);
  assert.match(finding(all, image, 27, true, 9), /^27 of 28 rows read/);
  assert.match(finding(all, Array(784).fill(0), 28, true, 9), /^The page is empty/);
  assert.deepEqual([likeness(0.49, 28), likeness(0.51, 28), likeness(0.51, 27)],
    ["like a digit", "unlike any digit it knows", "asked after row 28"]);
});
