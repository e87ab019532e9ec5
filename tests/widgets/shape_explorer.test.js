import test from "node:test";
import assert from "node:assert/strict";
import {
  boxes, code, facts, finding, lengths, parameters, shapes, stories,
} from "../../seqlab/widgets/shape_explorer.js";

const plain = stories.plain;

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

test("the marked parts of out and h_n lie inside their boxes, and hold equally many numbers", () => {
  const settings = { ...plain, kind: "lstm", batch: 3, num_layers: 2, bidirectional: true, packed: true };
  const found = Object.fromEntries(boxes(settings).map((block) => [block.name, block]));
  const volume = (block, mark) => block.parts.filter((part) => part.mark === mark).reduce((sum, part) => {
    const { right, deep, up = [0, block.up] } = part;
    assert.ok(right[0] >= 0 && right[1] <= block.right && deep[1] <= block.deep && up[1] <= block.up);
    return sum + (right[1] - right[0]) * (deep[1] - deep[0]) * (up[1] - up[0]);
  }, 0);
  for (const mark of ["A", "B"]) assert.equal(volume(found.out, mark), volume(found.h_n, mark));
  assert.equal(volume(found.x, "padding"), (3 * 5 - (5 + 4 + 2)) * 4);
});

test("every story says something of its own", () => {
  assert.equal(new Set(Object.values(stories).map(finding)).size, 5);
});

test("code and facts name the layer that is meant", () => {
  assert.match(code({ ...plain, kind: "gru", num_layers: 2 }), /nn\.GRU\(4, 6, num_layers=2, batch_first=True\)/);
  const found = facts(plain).map(({ left, right, equal }) => [left, right, equal]);
  assert.deepEqual(found, [["out[:, -1]", "h_n[-1]", true]]);
});
