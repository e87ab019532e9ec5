import assert from "node:assert/strict";
import test from "node:test";

import {
  blank, checked, fitting, inline, judge, moved, others, readNumber, standing, unpack, unready,
} from "../../seqlab/widgets/questions.js";

const option = (text, right) => ({ text, right, feedback: `about ${text}` });
const single = { kind: "single", options: [option("one", false), option("two", true), option("three", false)] };
const multiple = { kind: "multiple", options: [option("one", true), option("two", false), option("three", true)] };
const numeric = { kind: "numeric", answer: 4, tolerance: 0.1, feedback: "four", otherwise: "count",
  typical: [{ value: 3, feedback: "three" }] };
const lines = ["a", "b", "c"].map((text) => ({ text, feedback: `why ${text}` }));
const order = { kind: "order", items: lines, shown: [2, 0, 1] };
const said = (question, choice) => judge(question, choice).says.map((say) => say[2]);

test("single: the word on the option that was chosen", () => {
  assert.deepEqual(said(single, 0), ["about one"]);
  assert.equal(judge(single, 0).right, false);
  assert.equal(judge(single, 1).right, true);
  assert.deepEqual(others(single, 1), [["A", "about one"], ["C", "about three"]]);
});

test("multiple: a word on each that was chosen, and none that names one which is missing", () => {
  assert.equal(judge(multiple, [2, 0]).right, true);
  assert.deepEqual(judge(multiple, [0]), { right: false,
    lead: "What you chose is right, and something is still missing.", says: [["✓", "A", "about one"]] });
  assert.deepEqual(said(multiple, [1, 0]), ["about one", "about two"]);
  assert.match(judge(multiple, [1, 0]).lead, /something is missing/);
  assert.match(judge(multiple, [0, 1, 2]).lead, /something that does not/);
});

test("numeric: tolerance, typical slips, and all others", () => {
  assert.equal(judge(numeric, "4.1").right, true);
  assert.equal(judge(numeric, "4.2").right, false);
  assert.deepEqual(said(numeric, "3,05"), ["three"]);
  assert.deepEqual(said(numeric, "17"), ["count"]);
});

test("order: what stands at the first wrong place", () => {
  assert.deepEqual(judge(order, [2, 0, 1]), { right: false, lead: "Look at number 1:", says: [["", "", "why c"]] });
  assert.equal(judge(order, [0, 2, 1]).lead, "The first one is in place. Look at number 2:");
  assert.equal(judge(order, [0, 1, 2]).right, true);
  assert.deepEqual(said(order, [0, 1, 2]), ["why a", "why b", "why c"]);
});

test("nothing chosen is not a try", () => {
  for (const question of [single, multiple, numeric]) assert.notEqual(unready(question, blank(question).choice), "");
  assert.match(unready(numeric, "four"), /not a number/);
  assert.equal(unready(order, order.shown), "");
  assert.equal(unready(single, 0), "");
});

test("numbers as people write them", () => {
  const cases = { "3": 3, " 0.5 ": 0.5, "0,5": 0.5, "−2": -2, "1,000": 1000, "18 048": 18048, ".25": 0.25,
    "1e-3": 0.001, "2.": 2 };
  for (const [text, value] of Object.entries(cases)) assert.equal(readNumber(text), value, text);
  for (const text of ["", "abc", "1/2", "3 %", "1.2.3"]) assert.ok(Number.isNaN(readNumber(text)), text);
});

test("what was right once stays right, and the first try is remembered", () => {
  const wrong = checked(single, { ...blank(single), choice: 0 });
  assert.deepEqual([wrong.tries, wrong.right, wrong.first], [1, false, false]);
  const mended = checked(single, { ...wrong, choice: 1 });
  assert.deepEqual([mended.tries, mended.right, mended.first], [2, true, false]);
  assert.equal(checked(single, { ...mended, choice: 2 }).right, true);
  assert.equal(checked(single, { ...blank(single), choice: 1 }).first, true);
});

test("an answer that was kept comes back only if it can be one to this question", () => {
  const kept = { choice: 1, checked: true, tries: 2, right: true, first: false };
  assert.deepEqual(fitting(single, kept), kept);
  assert.deepEqual(fitting(order, { ...kept, choice: [0, 1, 2] }).choice, [0, 1, 2]);
  for (const [question, choice] of [[single, 3], [single, -1], [multiple, 1], [multiple, []], [multiple, [0, 9]],
    [numeric, "four"], [numeric, 4], [order, [0, 1]], [order, [0, 0, 1]]]) {
    assert.equal(fitting(question, { ...kept, choice }), undefined, `${question.kind}: ${choice}`);
  }
  for (const answer of [undefined, null, "x", { ...kept, tries: 0 }]) assert.equal(fitting(single, answer), undefined);
});

test("the line under the quiz", () => {
  const none = blank(single);
  const first = { ...none, tries: 1, right: true, first: true };
  const later = { ...none, tries: 2, right: true };
  assert.equal(standing([none, none]), "2 questions. Try as often as you like.");
  assert.equal(standing([first, none]), "1 of 2 right, 1 at the first try.");
  assert.equal(standing([first, later]), "All 2 right, 1 at the first try.");
  assert.equal(standing([first, first]), "All 2 right, all at the first try.");
  assert.equal(standing([later, none]), "1 of 2 right.");
});

test("moving a line", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, 0), ["c", "a", "b"]);
});

test("marks in text", () => {
  assert.deepEqual(inline("see `out[:, -1]` and $h_t$"), ["see ", ["code", "out[:, -1]"], " and ", ["math", "h_t"]]);
  assert.deepEqual(inline("**all `x`**"), [["strong", ["all ", ["code", "x"]]]]);
  assert.deepEqual(inline("[chapter *six*](06.ipynb#top)"), [["a", ["chapter ", ["em", ["six"]]], "06.ipynb#top"]]);
  assert.deepEqual(inline("2 * 3 * 4"), ["2 * 3 * 4"]);
});

test("what Python packs is unpacked", () => {
  const content = { questions: ["h ≤ 1, ü"] };
  const bytes = new TextEncoder().encode(JSON.stringify(content)).map((byte, k) => byte ^ ((k * 7 + 91) & 255));
  assert.deepEqual(unpack(btoa(String.fromCharCode(...bytes))), content);
});
