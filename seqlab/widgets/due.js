import { button, make, mount, redraw } from "./shared.js";
import { blank, checked, place, unpack } from "./questions.js";
import { cards, choose, dueElsewhere, idOf, record, until } from "./leitner.js";

let sittings = 0;       // radio buttons of one question need a name of their own on the page

/** What there is to ask, in words. */
function opening({ why, asked, due, next }, now) {
  if (why === "none kept") {
    const these = asked.length > 1 ? "here are two questions" : "here is a question";
    return `No answer is kept on this device yet, so ${these} to begin with.`;
  }
  if (why === "none due") return `Nothing is due today. The next question comes back ${until(next, now)}.`;
  if (due === 1) return "One question is due.";
  return `${due} questions are due${asked.length < due ? `. Here are the ${asked.length} that waited longest` : ""}.`;
}

/** What is left once all that was asked is answered, in words: `due` of these chapters, `elsewhere` of others. */
function rest({ due, elsewhere }) {
  if (due) return due > 1 ? `${due} more are due.` : "One more is due.";
  return elsewhere ? "That is all from these chapters. More is due from others." : "That is all for now.";
}

/** What an answer has changed, in words. */
function outcome(right, { when }, now) {
  return `${right ? "Right at the first try" : "Not at the first try"}: it comes back ${until(when, now)}.`;
}

/**
 * The questions that are asked, as parts of the page. `told` hears what each first answer has changed, in words, and
 * whether it was the last.
 */
function sitting(asked, told) {
  const number = sittings++, answers = asked.map(({ question }) => blank(question));
  const parts = asked.map(({ id, question }, k) => {
    const give = (answer) => {
      answers[k] = answer;
      parts[k].draw(answer);
    };
    const settle = () => {
      const answer = checked(question, answers[k]);
      if (answer.tries > 1) return give(answer);
      const words = outcome(answer.right, record(id, answer.right), Date.now());
      give({ ...answer, after: words });
      return told(words, answers.every(({ tries }) => tries));
    };
    return place(question, { k, group: `seqlab-due-${number}-${k}`, current: () => answers[k], settle,
      choose: (choice) => give({ ...answers[k], choice, checked: false }) });
  });
  parts.forEach((part, k) => part.draw(answers[k]));
  return parts.map((part) => part.element);
}

/** On the site: a link to the page that asks all that is due, as the menu has it. On that page itself there is none. */
function wayToReview() {
  const address = document.querySelector("nav a[href$='review.html']")?.href;
  return address ? [make("a", { href: address }, "Review: all that is due")] : [];
}

function render({ model, el }) {
  const quizzes = model.get("names").map((name, k) => (
    unpack(model.get("_packed")[k]).questions.map((question) => ({ id: idOf(name, question), question }))));
  const known = new Map(quizzes.flat().map((one) => [one.id, one]));
  const { root, leave } = mount({ model, el }, "Due", () => ({ total: known.size }));
  const line = make("p", { class: "standing" });                 // not read out: each verdict says what it changed
  const list = make("div");
  const say = (words) => { line.textContent = words; };
  const told = (words, last) => {
    const { why, due } = chosen(), elsewhere = dueElsewhere(model.get("names"), cards(), Date.now());
    say(last ? `${words} ${rest({ due, elsewhere })}` : words);
    next.hidden = !(last && why === "due");
  };
  const ask = (ids) => list.replaceChildren(...sitting(ids.map((id) => known.get(id)), told));
  const go = () => {
    anyway.hidden = next.hidden = true;
    ask(chosen().asked);
    list.querySelector("input, button").focus();
  };
  const anyway = button("Ask me anyway", go), next = button("Ask me more", go);
  const chosen = () => (
    choose(quizzes.map((questions) => questions.map(({ id }) => id)), cards(), Date.now(), model.get("most")));
  root.setAttribute("aria-label", "Questions from earlier chapters");
  root.classList.add("quiz", "due");
  const more = make("p", { class: "more" }, next, ...wayToReview());
  root.append(make("h2", {}, "From earlier chapters"), line, anyway, list, more);

  const begin = () => {
    const found = chosen();
    say(opening(found, Date.now()));
    anyway.hidden = found.why !== "none due";
    next.hidden = true;
    ask(found.why === "none due" ? [] : found.asked);
  };
  const stop = redraw(model, ["most"], begin);
  document.addEventListener("seqlab:wiped", begin);
  return () => { stop(); leave(); document.removeEventListener("seqlab:wiped", begin); };
}

export default { render };
