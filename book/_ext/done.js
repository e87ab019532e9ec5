// What is done, in the menu, and the button that forgets it. site_done.py puts kept.js in front, and `pages`: of each
// page that asks something, its quiz, how many questions that has, and the exercises that can be answered there.
/* global kept, pages */

/** [how many are right, how many there are] on a page. */
function standing({ quiz, questions, exercises }) {
  const answered = quiz ? Object.values(kept.table(`quiz:${quiz}`)).filter((answer) => answer?.right).length : 0;
  const written = exercises.filter((id) => kept.table(`answer:${id}`).right).length;
  return [answered + written, questions + exercises.length];
}

/** What stands behind a page's name: for the eye, and for a screen reader. */
function mark([right, all]) {
  const part = (words, attributes) => Object.assign(document.createElement("span"), { textContent: words }, attributes);
  const done = right >= all;
  const mark = part("", { className: done ? "done" : "done in-part" });
  mark.append(part(done ? "✓" : `${right}/${all}`, { ariaHidden: "true" }),
    part(done ? ", done" : `, ${right} of ${all} right`, { className: "done-words" }));
  return mark;
}

function markAll() {
  for (const link of document.querySelectorAll("nav.bd-links a")) {
    const place = link.pathname.replace(/\.html$/, "");
    const name = Object.keys(pages).find((page) => place.endsWith(`/${page}`));
    if (!name) continue;
    const [right, all] = standing(pages[name]), before = link.querySelector(".done");
    if (right) (before ?? link.appendChild(document.createElement("span"))).replaceWith(mark([right, all]));
    else before?.remove();
  }
}

/** Two presses: the first one asks. */
function offerToForget() {
  const [button, said] = document.querySelectorAll(".forget > *");
  if (!button) return;
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.textContent === words) {
      button.textContent = "Really forget it?";
      return;
    }
    button.textContent = words;
    const count = kept.wipe();
    said.textContent = count ? `Done: ${count} ${count > 1 ? "entries are" : "entry is"} gone, and nothing is left.`
      : "There was nothing to forget.";
  });
  button.addEventListener("blur", () => { button.textContent = words; });
}

function begin() {
  markAll();
  offerToForget();
  for (const event of ["seqlab:kept", "seqlab:wiped"]) document.addEventListener(event, markAll);
  addEventListener("storage", markAll);           // another tab
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
