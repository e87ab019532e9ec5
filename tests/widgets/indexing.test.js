import test from "node:test";
import assert from "node:assert/strict";
import { READS, Wrong, holder, parse, placeAt, rowByRow, taken } from "../../seqlab/widgets/indexing.js";

const named = (name, sizes, axes) => ({ name, sizes, axes, strides: rowByRow(sizes) });
const out = named("out", [2, 5, 12], ["batch", "seq_len", "2 · hidden_size"]);
const h_n = named("h_n", [4, 2, 6], ["2 · num_layers", "batch", "hidden_size"]);
const sizes = { batch: 2, seq_len: 5, hidden_size: 6, num_layers: 2, directions: 2 };
const read = (text) => parse(text)({ tensors: { out, h_n }, sizes });
const says = (text) => { try { return read(text).sizes; } catch (problem) { return problem.message; } };

test("axes keep their names, and a part of one says so", () => {
  assert.deepEqual(read("out[:, -1]").axes, ["batch", "2 · hidden_size"]);
  assert.deepEqual(read("out[..., hidden_size:]").axes, ["batch", "seq_len", "hidden_size"]);
  assert.deepEqual(read("out[None, 0, 1:4][:, ::2]").axes, ["new", "2 of seq_len", "2 · hidden_size"]);
  assert.deepEqual(read("out.transpose(0, 1)").axes, ["seq_len", "batch", "2 · hidden_size"]);
  const rows = read("h_n.view(num_layers, directions, -1, 2 * 3)");
  assert.deepEqual([rows.sizes, rows.axes], [[2, 2, 2, 6], ["num_layers", "directions", "2", "2 · 3"]]);
});

test("numbers may be sums and products of the sizes, in brackets too", () => {
  assert.deepEqual(says("out[:, seq_len - 2 * 1, -(hidden_size - 1):]"), [2, 5]);
  assert.deepEqual(says("out[0, 0, 2 + 3 * 2:]"), [4]);
});

test("a wrong expression raises Wrong, with PyTorch's words or with what the field reads", () => {
  assert.throws(() => read("out[2]"), Wrong);
  assert.equal(says("out[2]"), "index 2 is out of bounds for dimension 0 with size 2");
  assert.equal(says("out[0, 0, 0, 0]"), "too many indices for tensor of dimension 3");
  assert.equal(says("out[::-1]"), "step must be greater than zero");
  assert.equal(says("h_n.view(3, 2, 2, 6)"), "shape '[3, 2, 2, 6]' is invalid for input of size 48");
  assert.match(says("out[:, 1:].view(-1)"), /^view size is not compatible .* Use \.reshape\(\.\.\.\) instead\.$/);
  assert.equal(says("c_n[0]"), "name 'c_n' is not defined");
  for (const text of ["", "out[", "out.sum()", "batch", "out[h_n]", "out.shape[0]"]) assert.equal(says(text), READS);
});

test("a view knows which numbers it holds, along each axis where that can be said", () => {
  const view = read("out[1, ::2, :6]"), has = holder(view);
  assert.deepEqual(taken(view), [[1], [0, 2, 4], [0, 1, 2, 3, 4, 5]]);
  assert.deepEqual([60, 66, 72, 84, 0].map(has), [true, false, false, true, false]);
  assert.equal(taken(read("out.view(-1)[3:70]")), null);
  assert.deepEqual(taken(read("out[5:]")), [[], [], []]);
  assert.deepEqual(placeAt(out, 60 + 24 + 7), [1, 2, 7]);
});
