import assert from "node:assert/strict";
import test from "node:test";

import { toMathML } from "../../seqlab/widgets/tex.js";

const inner = (tex) => toMathML(tex).replace(/^<math>|<\/math>$/g, "");

test("letters, numbers and signs", () => {
  assert.equal(inner("h = 0.5"), "<mi>h</mi><mo>=</mo><mn>0.5</mn>");
  assert.equal(inner("a < b"), "<mi>a</mi><mo>&lt;</mo><mi>b</mi>");
});

test("scripts, single and in braces, in either order", () => {
  assert.equal(inner("h_t"), "<msub><mi>h</mi><mi>t</mi></msub>");
  assert.equal(inner("h_{t-1}"), "<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub>");
  assert.equal(inner("x^2_i"), inner("x_i^2"));
  assert.equal(inner("x_i^2"), "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>");
});

test("a minus binds to what follows at the start, after a sign and after a bracket", () => {
  const prefix = '<mo form="prefix">−</mo>';
  assert.equal(inner("-a"), `${prefix}<mi>a</mi>`);
  assert.ok(inner("b = -1").includes(prefix));
  assert.ok(inner("\\sigma(-a)").includes(prefix));
  assert.ok(!inner("1 - z").includes(prefix));
});

test("functions, Greek, signs and accents", () => {
  assert.ok(inner("\\tanh(x)").startsWith("<mi>tanh</mi><mo>&#x2061;</mo>"));
  assert.equal(inner("\\ln 2"), "<mi>ln</mi><mo>&#x2061;</mo><mn>2</mn>");
  assert.equal(inner("\\sigma \\odot h"), "<mi>σ</mi><mo>⊙</mo><mi>h</mi>");
  assert.equal(inner("a \\cdot -b"), '<mi>a</mi><mo>·</mo><mo form="prefix">−</mo><mi>b</mi>');
  assert.equal(inner("\\tilde{h}"), '<mover accent="true"><mrow><mi>h</mi></mrow><mo>~</mo></mover>');
});

test("what cannot be read says why", () => {
  assert.throws(() => toMathML("\\wurst x"), /\\wurst is not known/);
  assert.throws(() => toMathML("\\text{if} x"), /\\text is not known/);
  assert.throws(() => toMathML("\\constructor"), /\\constructor is not known/);
  assert.throws(() => toMathML("h_{t"), /a \} is missing/);
  assert.throws(() => toMathML("h}"), /a \} too many/);
  assert.throws(() => toMathML("x_"), /missing at its end/);
  assert.throws(() => toMathML("x_10"), /10 needs braces/);
  assert.throws(() => toMathML("a_b_c"), /two _ in a row/);
  assert.throws(() => toMathML("a & b"), /& has no meaning/);
});
