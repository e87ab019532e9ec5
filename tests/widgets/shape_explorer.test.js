import test from "node:test";
import assert from "node:assert/strict";
import {
  boxes, code, drawnAxis, evaluate, facts, finding, holds, lengths, parameters, shapes, stories, twin,
} from "../../seqlab/widgets/shape_explorer.js";

const plain = { ...stories.plain, batch: 2, seq_len: 5 };

test("in the first sizes a number tells its axis, however many rows the state has", () => {
  const { batch, seq_len, input_size, hidden_size } = stories.plain;
  assert.equal(new Set([batch, seq_len, input_size, hidden_size]).size, 4);
  for (const num_layers of [1, 2, 3, 4]) for (const bidirectional of [false, true]) {
    assert.notEqual(shapes({ ...stories.plain, num_layers, bidirectional }).h_n[0], batch);
  }
});

test("lengths fall evenly from seq_len and are never 0", () => {
  assert.deepEqual(lengths({ batch: 2, seq_len: 5 }), [5, 3]);
  assert.deepEqual(lengths({ batch: 4, seq_len: 8 }), [8, 6, 4, 2]);
  assert.deepEqual(lengths({ batch: 5, seq_len: 2 }), [2, 2, 2, 1, 1]);
});

test("the state never has the batch first", () => {
  for (const batch_first of [true, false]) assert.deepEqual(shapes({ ...plain, batch_first }).h_n, [1, 2, 6]);
  assert.deepEqual(shapes({ ...plain, batch_first: false }).out, [5, 2, 6]);
});

test("an LSTM alone has a c_n, and packing gives the sum of the lengths", () => {
  assert.deepEqual(shapes({ ...plain, kind: "lstm" }).c_n, [1, 2, 6]);
  assert.equal(shapes(plain).c_n, undefined);
  assert.deepEqual(shapes({ ...plain, packed: true }).packed, [8, 4]);
});

test("parameters: the numbers of the chapter on shapes, and a sum that gives them", () => {
  assert.equal(parameters({ ...plain, kind: "lstm", input_size: 28, hidden_size: 128 }).count, 80896);
  for (const settings of Object.values(stories)) {
    for (const more of [{}, { bidirectional: true }, { num_layers: 4 }, { num_layers: 2, bidirectional: true }]) {
      const { count, formula } = parameters({ ...settings, ...more });
      assert.equal(Function(`return ${formula.replaceAll("·", "*")}`)(), count);
    }
  }
});

test("what is picked and its twin are as many, and padding is what no sequence reaches", () => {
  const settings = { ...plain, kind: "lstm", batch: 3, num_layers: 2, bidirectional: true, packed: true };
  const counted = (expression, wanted) => Object.fromEntries(boxes({ ...settings, expression }).map((block) => {
    const cells = block.right.cells.flatMap((r) => block.deep.cells.flatMap((d) => (
      block.up.cells.map((u) => [r, d, u]))));
    return [block.name, cells.filter((cell) => block.look(...cell.map(({ index }) => index)) === wanted).length];
  }));
  assert.deepEqual(counted("h_n[-1]", "picked"), { x: 0, out: 0, h_n: 18, c_n: 0 });
  assert.deepEqual(counted("h_n[-1]", "twin"), { x: 0, out: 18, h_n: 0, c_n: 0 });
  assert.deepEqual(counted("out[0, -1]", "twin"), { x: 0, out: 0, h_n: 6, c_n: 0 }, "its forward half");
  assert.deepEqual(counted("out[2, -1]", "twin"), { x: 0, out: 0, h_n: 0, c_n: 0 }, "it is padding");
  const [x] = boxes(settings);
  const padded = x.deep.cells.flatMap((d) => x.right.cells.filter((r) => x.pads(r.index, d.index)));
  assert.equal(padded.length, 3 * 5 - (5 + 4 + 2));
});

test("a number of out that is an end has its twin in h_n, and the way back", () => {
  const settings = { ...plain, num_layers: 2, bidirectional: true, batch_first: false };
  assert.deepEqual(twin(settings, "out", [4, 1, 2]), ["h_n", [2, 1, 2]]);
  assert.deepEqual(twin(settings, "h_n", [3, 1, 2]), ["out", [0, 1, 8]]);
  assert.deepEqual([twin(settings, "h_n", [1, 1, 2]), twin(settings, "c_n", [3, 1, 2])], [null, null]);
  assert.equal(twin(settings, "out", [3, 1, 2]), null);
});

test("a long axis shows its first and last places and whatever is picked, with a gap for each that is left out", () => {
  const places = (...given) => drawnAxis(...given).cells.map(({ index }) => index);
  assert.deepEqual(places(5, [10, 6]), [0, 1, 2, 3, 4]);
  assert.deepEqual(places(28, [10, 6]), [0, 1, 2, 3, 4, 5, 25, 26, 27]);
  assert.deepEqual(places(28, [10, 6], [12]), [0, 1, 2, 3, 4, 5, 12, 25, 26, 27]);
  assert.deepEqual(drawnAxis(28, [10, 6], [12]).breaks.length, 2);
  assert.deepEqual(places(256, [8, 5], [], 2), [0, 1, 2, 3, 4, 126, 127, 128, 129, 130, 131, 132, 254, 255]);
});

test("what a view holds, in words", () => {
  const settings = { ...plain, kind: "lstm", num_layers: 2, bidirectional: true };
  const say = (expression) => holds(settings, evaluate({ ...settings, expression }).view);
  assert.equal(say("out[..., :hidden_size]"), "the forward half of all steps of every sequence");
  assert.equal(say("out[0, 1:3, 7]"), "number 7 of steps 1 to 2 of sequence 0, the first,");
  assert.equal(say("out[:, ::2]"), "3 of 5 steps of every sequence");
  assert.equal(say("h_n"), "all 4 rows for every sequence");
  assert.equal(say("c_n[-1]"), "the backward end of the cell state in layer 1, the last, for every sequence");
  assert.equal(say("h_n[1, 0, :2]"), "numbers 0 to 1 of the backward end in layer 0 for sequence 0, the first,");
  assert.equal(say("out[:, 5:]"), "nothing");
  assert.equal(say("h_n.view(-1)"), "");
});

test("every story says something of its own", () => {
  assert.equal(new Set(Object.values(stories).map(finding)).size, 5);
});

test("code and facts name the layer that is meant", () => {
  assert.match(code({ ...plain, kind: "gru", num_layers: 2 }), /nn\.GRU\(4, 6, num_layers=2, batch_first=True\)/);
  const found = facts(plain).map(({ left, right, equal }) => [left, right, equal]);
  assert.deepEqual(found, [["out[:, -1]", "h_n[-1]", true]]);
});
