import { button, change, make, mount, redraw } from "./shared.js";
import { blank, checked, fitting, place, standing, unpack } from "./questions.js";
import { kept } from "./kept.js";
import { idOf, record } from "./leitner.js";

let quizzes = 0;        // radio buttons of one question need a name of their own on the page

/**
 * The answers of before, where the reader gave some on this device. Only on a page: in a notebook Python holds the
 * answers, and a cell that is run anew asks anew.
 */
function recall(model, questions, ids) {
  const before = model.widget_manager ? {} : kept.table(`quiz:${model.get("name")}`);
  const answers = questions.map((question, k) => fitting(question, before[ids[k]]) ?? blank(question));
  if (answers.some((answer) => answer.tries)) change(model, { answers });
}

function keep(model, ids, answers) {
  if (model.widget_manager) return;
  const given = ids.flatMap((id, k) => (answers[k].tries ? [[id, answers[k]]] : []));
  kept.set(`quiz:${model.get("name")}`, given.length ? Object.fromEntries(given) : null);
}

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "Quiz");
  const { questions } = unpack(model.get("_packed"));
  const ids = questions.map((question) => idOf(model.get("name"), question));
  const number = quizzes++;
  const answers = () => questions.map((question, k) => model.get("answers")[k] ?? blank(question));
  const give = (k, answer) => change(model, { answers: answers().map((old, other) => (other === k ? answer : old)) });
  recall(model, questions, ids);

  const parts = questions.map((question, k) => {
    const choose = (choice) => give(k, { ...answers()[k], choice, checked: false });
    const settle = () => {
      const answer = checked(question, answers()[k]);
      if (answer.tries === 1) record(ids[k], answer.right);
      give(k, answer);
      keep(model, ids, answers());
    };
    return place(question, { k, group: `seqlab-quiz-${number}-${k}`, current: () => answers()[k], choose, settle });
  });
  const line = make("p", { class: "standing" });
  const again = button("Start again", () => {
    change(model, { answers: [] });
    keep(model, ids, answers());
    parts[0].element.querySelector("input, button").focus();
  });
  root.setAttribute("aria-label", "Quiz");
  root.classList.add("quiz");
  root.append(...parts.map((part) => part.element), make("div", { class: "foot" }, line, again));

  const stop = redraw(model, ["answers"], () => {
    const now = answers();
    parts.forEach((part, k) => part.draw(now[k]));
    line.textContent = standing(now);
    again.hidden = !now.some((answer) => answer.tries);
  });
  return () => { stop(); leave(); };
}

export default { render };
