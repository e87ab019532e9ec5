import assert from "node:assert/strict";
import test from "node:test";

import { kept } from "../../seqlab/widgets/kept.js";
import { answered, cards, choose, dayAfter, dueElsewhere, idOf, until } from "../../seqlab/widgets/leitner.js";

const now = new Date(2026, 2, 10, 20, 15).getTime();        // an evening, where the reader is
const days = (card) => Math.round((card.when - dayAfter(now, 0)) / 86400000);

test("the boxes: 1, 3, 7, 21 and 60 days, and back to the first", () => {
  const seen = [];
  let card = answered(undefined, true, now);
  for (let k = 0; k < 6; k++) {
    seen.push(days(card));
    card = answered({ ...card, when: now }, true, now);
  }
  assert.deepEqual(seen, [1, 3, 7, 21, 60, 60]);
  for (const before of [undefined, { box: 4, when: now }, { box: 4, when: dayAfter(now, 9) }]) {
    assert.deepEqual(answered(before, false, now), { box: 0, when: dayAfter(now, 1) });
  }
  const early = { box: 1, when: dayAfter(now, 1) };
  assert.equal(answered(early, true, now), early);
});

test("a day begins at midnight, so what is due tomorrow is due in the morning", () => {
  const { when } = answered(undefined, true, now);
  assert.ok(when <= new Date(2026, 2, 11, 0, 0).getTime() && when > new Date(2026, 2, 10, 23, 59).getTime());
  assert.deepEqual([0, 1, 3].map((k) => until(dayAfter(now, k), now)), ["today", "tomorrow", "in 3 days"]);
});

const quizzes = [["b1", "b2"], ["a1", "a2", "a3"]];
const at = (k) => ({ box: 0, when: dayAfter(now, k) });

test("what is due: the longest overdue first, at most so many", () => {
  const all = { a1: at(-1), b2: at(-5), a3: at(0), b1: at(1), other: at(-9) };
  const found = (most) => choose(quizzes, all, now, most);
  assert.deepEqual(found(2), { why: "due", asked: ["b2", "a1"], due: 3, next: at(-5).when });
  assert.deepEqual(found(0).asked, ["b2", "a1", "a3"]);
});

test("where nothing is kept two are asked, of two chapters; where nothing is due, what comes next", () => {
  assert.deepEqual(choose(quizzes, { other: at(-9) }, now, 3).asked, ["b1", "a1"]);
  assert.deepEqual(choose([["b1", "b2", "b3"]], {}, now, 0).asked, ["b1", "b2"]);
  const all = { a1: at(4), b2: at(2), a2: at(60), a3: at(21) };
  const { when: next } = at(2);
  assert.deepEqual(choose(quizzes, all, now, 3), { why: "none due", asked: ["b2", "a1", "a3"], due: 0, next });
});

test("what is due of other chapters is known, and what is not due yet does not count", () => {
  const all = { "gru:a": at(-1), "lstm:b": at(0), "shapes:c": at(2) };
  assert.deepEqual([["gru", "lstm"], ["gru"], []].map((names) => dueElsewhere(names, all, now)), [false, true, true]);
  assert.equal(dueElsewhere(["gru"], { "shapes:c": at(2) }, now), false);
});

test("a question has a name of its own, which changes with what it asks and not with its feedback", () => {
  const question = { text: "What?", options: [{ text: "this", feedback: "yes" }] };
  const name = idOf("gru", question);
  assert.match(name, /^gru:\w{4,7}$/);
  assert.equal(idOf("gru", { ...question, options: [{ text: "this", feedback: "indeed" }] }), name);
  const others = [{ ...question, text: "Which?" }, { ...question, options: [{ text: "that" }] }];
  assert.equal(new Set([name, idOf("lstm", question), ...others.map((one) => idOf("gru", one))]).size, 4);
});

test("without storage all is kept as long as the page, and what is not a card is none", () => {
  kept.set("due", { good: at(1), bad: { box: 9, when: 1 }, worse: 3, none: null });
  assert.deepEqual(Object.keys(cards()), ["good"]);
  kept.set("due", [1]);
  assert.deepEqual(cards(), {});
  assert.equal(kept.wipe(), 1);
  assert.equal(kept.get("due"), null);
});
