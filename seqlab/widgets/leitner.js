import { kept } from "./kept.js";

// When a question comes back: the boxes of Sebastian Leitner's card file (So lernt man lernen, 1972). A question enters
// the first box when it is answered for the first time. From then on a right answer moves it one box on, if it was due;
// a wrong one moves it back to the first. It is due again so many days later, by its box:

const DAYS = [1, 3, 7, 21, 60];

/** A question's name on the reader's device: its quiz, and a short hash of what it asks. */
export function idOf(quiz, { text, options = [], items = [] }) {
  let hash = 2166136261;
  for (const letter of JSON.stringify([text, ...[...options, ...items].map((part) => part.text)])) {
    hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  }
  return `${quiz}:${(hash >>> 0).toString(36)}`;
}

/** The beginning of the day that comes so many days after the moment `now`, where the reader is. */
export function dayAfter(now, days) {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + days);
  return day.getTime();
}

/** The card of a question, { box, when }, after an answer; `card` is undefined before the first. */
export function answered(card, right, now) {
  if (right && card && card.when > now) return card;      // too early to tell what stays
  const box = right && card ? Math.min(card.box + 1, DAYS.length - 1) : 0;
  return { box, when: dayAfter(now, DAYS[box]) };
}

const fits = (card) => Number.isInteger(card?.box) && card.box in DAYS && Number.isFinite(card.when);

/** All cards on this device, by the names of their questions. */
export function cards() {
  return Object.fromEntries(Object.entries(kept.table("due")).filter(([, card]) => fits(card)));
}

/** Keep what the first answer of a sitting says of a question. Returns its card. */
export function record(id, right) {
  const all = cards(), card = answered(all[id], right, Date.now());
  kept.set("due", { ...all, [id]: card });
  return card;
}

/**
 * Which of these questions to ask: { why, asked, due, next }. `quizzes` are lists of names, nearest chapter first; of
 * what is due, those that have waited longest come first, at most `most` of them (0: all). Where none was answered on
 * this device, two are asked all the same, of different chapters if there are several. Where none is due, `asked` is
 * what comes back first, `why` says so, and `next` is when.
 */
export function choose(quizzes, all, now, most) {
  const some = (names, limit) => (limit ? names.slice(0, limit) : names);
  const waiting = quizzes.flat().filter((id) => all[id]).sort((one, other) => all[one].when - all[other].when);
  const due = waiting.filter((id) => all[id].when <= now);
  const next = waiting.length ? all[waiting[0]].when : 0;
  if (due.length) return { why: "due", asked: some(due, most), due: due.length, next };
  if (waiting.length) return { why: "none due", asked: some(waiting, most || 3), due: 0, next };
  const longest = Math.max(...quizzes.map((names) => names.length));
  const turns = Array.from({ length: longest }, (_, k) => quizzes.flatMap((names) => names.slice(k, k + 1))).flat();
  return { why: "none kept", asked: turns.slice(0, 2), due: 0, next };
}

/** Whether a question of another quiz than these is due. */
export function dueElsewhere(quizzes, all, now) {
  return Object.entries(all).some(([id, { when }]) => when <= now && !quizzes.includes(id.split(":")[0]));
}

/** "today", "tomorrow", "in 3 days". */
export function until(when, now) {
  const days = Math.round((when - dayAfter(now, 0)) / 86400000);
  if (days < 2) return days < 1 ? "today" : "tomorrow";
  return `in ${days} days`;
}
