import { button, draggable, make } from "./shared.js";
import { toMathML } from "./tex.js";

// Questions: how they are read, judged and shown. Quiz asks those of a chapter, Due those that come back.

// --- what a quiz holds ----------------------------------------------------------------------------------------------

/** The questions from their packed text: it only keeps the answers from being read in passing. */
export function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter, k) => letter.charCodeAt(0) ^ ((k * 7 + 91) & 255));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Text with `code`, $formulas$, **bold**, *italics* and [links](to): a list of strings and [kind, inner, address]. */
export function inline(text) {
  const marks = /`([^`]+)`|\$([^$]+)\$|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(marks)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    const [whole, code, formula, bold, italic, link, address] = found;
    if (code) parts.push(["code", code]);
    else if (formula) parts.push(["math", formula]);
    else if (bold) parts.push(["strong", inline(bold)]);
    else if (italic) parts.push(["em", inline(italic)]);
    else parts.push(["a", inline(link), address]);
    from = found.index + whole.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

// --- answers --------------------------------------------------------------------------------------------------------

/** An answer not yet given. */
export function blank(question) {
  const choice = { single: -1, multiple: [], numeric: "", order: question.shown }[question.kind];
  return { choice, checked: false, tries: 0, right: false, first: false };
}

/** An answer that was kept, if it can be one to this question; else undefined. */
export function fitting({ kind, options, items }, answer) {
  const among = (parts) => (k) => Number.isInteger(k) && k in parts;
  const fits = {
    single: (choice) => among(options)(choice),
    multiple: (choice) => Array.isArray(choice) && choice.length > 0 && choice.every(among(options)),
    numeric: (choice) => typeof choice === "string" && !Number.isNaN(readNumber(choice)),
    order: (choice) => Array.isArray(choice) && items.every((_, k) => choice.filter((one) => one === k).length === 1),
  }[kind];
  if (!(answer?.tries > 0) || !fits(answer.choice)) return undefined;
  const { choice, tries, right, first } = answer;
  return { choice, checked: Boolean(answer.checked), tries, right: Boolean(right), first: Boolean(first) };
}

/** A number as people write it: 0.5, 0,5, −3, 1,000; NaN if it is none. */
export function readNumber(text) {
  const plain = text.trim().replace(/^[\u2212\u2013]/, "-").replace(/[\s_\u202f]/g, "");
  const whole = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain) ? plain.replace(/,/g, "") : plain.replace(",", ".");
  return /^-?(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(whole) ? Number(whole) : NaN;
}

const letter = (k) => "ABCDEFGH"[k];
const near = (value, target, tolerance) => Math.abs(value - target) <= tolerance + 1e-9;

/** What is there to check, or a sentence that says what is missing. */
export function unready(question, choice) {
  if (question.kind === "single" && choice < 0) return "Choose an answer first.";
  if (question.kind === "multiple" && !choice.length) return "Choose at least one answer first.";
  if (question.kind === "numeric" && !choice.trim()) return "Type a number first.";
  if (question.kind === "numeric" && Number.isNaN(readNumber(choice))) {
    return "This is not a number that can be read. Write it in digits, such as 12 or 0.5.";
  }
  return "";
}

/** Is the choice right, and what is there to say: { right, lead, says: [[mark, name, feedback], ...] }. */
export function judge(question, choice) {
  const judges = { single: judgeSingle, multiple: judgeMultiple, numeric: judgeNumeric, order: judgeOrder };
  return judges[question.kind](question, choice);
}

function judgeSingle({ options }, choice) {
  const { right, feedback } = options[choice];
  return { right, lead: "", says: [["", "", feedback]] };
}

function judgeMultiple({ options }, choice) {
  const missed = options.filter((option, k) => option.right && !choice.includes(k)).length;
  const wrong = choice.filter((k) => !options[k].right).length;
  const right = missed + wrong === 0;
  let lead = "";
  if (missed && wrong) lead = "Not all of these belong, and something is missing.";
  else if (missed) lead = "What you chose is right, and something is still missing.";
  else if (wrong) lead = "All that belong are there, and something that does not.";
  const say = (k) => [options[k].right ? "✓" : "✗", letter(k), options[k].feedback];
  const says = [...choice].sort((a, b) => a - b).map(say);
  return { right, lead, says };
}

function judgeNumeric({ answer, tolerance, feedback, typical, otherwise }, choice) {
  const value = readNumber(choice);
  if (near(value, answer, tolerance)) return { right: true, lead: "", says: [["", "", feedback]] };
  const known = typical.find((slip) => near(value, slip.value, tolerance));
  return { right: false, lead: "", says: [["", "", known ? known.feedback : otherwise]] };
}

function judgeOrder({ items }, choice) {
  const wrong = choice.findIndex((item, place) => item !== place);
  if (wrong < 0) return { right: true, lead: "", says: items.map((item, k) => [`${k + 1}.`, "", item.feedback]) };
  const good = wrong ? `The first ${wrong > 1 ? `${wrong} are` : "one is"} in place. ` : "";
  const lead = `${good}Look at number ${wrong + 1}:`;
  return { right: false, lead, says: [["", "", items[choice[wrong]].feedback]] };
}

/** The answer after its choice has been checked. */
export function checked(question, answer) {
  const { right } = judge(question, answer.choice);
  const tries = answer.tries + 1, first = answer.first || (right && tries === 1);
  return { ...answer, checked: true, tries, right: answer.right || right, first };
}

/** What else there is to learn once the answer is right: [name, feedback] of all that was not chosen. */
export function others(question, choice) {
  if (question.kind === "numeric") return question.typical.map(({ value, feedback }) => [String(value), feedback]);
  if (question.kind === "order") return [];
  const chosen = question.kind === "single" ? [choice] : choice;
  return question.options.flatMap(({ feedback }, k) => (chosen.includes(k) ? [] : [[letter(k), feedback]]));
}

/** The list with the entry at `from` moved to `to`. */
export function moved(list, from, to) {
  const rest = list.filter((_, k) => k !== from);
  return [...rest.slice(0, to), list[from], ...rest.slice(to)];
}

/** The line under the quiz. */
export function standing(answers) {
  const right = answers.filter((answer) => answer.right).length;
  const first = answers.filter((answer) => answer.first).length;
  if (!answers.some((answer) => answer.tries)) return `${answers.length} questions. Try as often as you like.`;
  const how = first ? `, ${first === answers.length ? "all" : first} at the first try` : "";
  return `${right === answers.length ? `All ${right}` : `${right} of ${answers.length}`} right${how}.`;
}

// --- on the page ----------------------------------------------------------------------------------------------------

const HINTS = {
  single: "Choose one.", multiple: "Choose all that are right.", numeric: "Type a number.",
  order: "Drag the lines into order, or move them with the arrows.",
};

/** Marked-up text as nodes. On the website a notebook's page ends in .html. */
function written(parts) {
  return (typeof parts === "string" ? inline(parts) : parts).map((part) => {
    if (typeof part === "string") return part;
    const [kind, inner, address] = part;
    if (kind === "math") return formula(inner);
    if (kind === "code") return make("code", {}, ...breakable(inner));
    if (kind !== "a") return make(kind, {}, ...written(inner));
    const page = location.pathname.endsWith(".html") ? address.replace(/\.(ipynb|md)(?=#|$)/, ".html") : address;
    return make("a", { href: page }, ...written(inner));
  });
}

/** Code that may break after an open bracket. */
const breakable = (code) => code.split(/(?<=\()/).flatMap((piece, k) => (k ? [make("wbr"), piece] : [piece]));

function formula(tex) {
  const holder = make("span", { class: "formula" });
  try { holder.innerHTML = toMathML(tex); } catch { holder.append(make("code", {}, tex)); }
  return holder;
}

/** One question: its element, and what draws an answer into it. */
export function place(question, { k, group, current, choose, settle }) {
  const number = make("span", { class: "number" }, `${k + 1}`);
  const legend = make("legend", {}, number, make("span", { class: "text" }, ...written(question.text)));
  const kinds = { single: options, multiple: options, numeric: field, order: lines };
  const input = kinds[question.kind](question, { group, current, choose, submit });
  const check = button("Check", submit);
  check.className = "check";
  const verdict = make("div", { class: "verdict", role: "status" });
  const rest = make("div", { class: "rest" });
  const hint = make("p", { class: "hint" }, HINTS[question.kind]);
  const element = make("fieldset", { class: "question" }, legend, hint, input.element, check, verdict, rest);
  let shown = "";

  function submit() {
    const problem = unready(question, current().choice);
    if (problem) verdict.replaceChildren(make("p", {}, problem));
    else settle();
    shown = problem;
  }

  return {
    element,
    draw(answer) {
      input.draw(answer);
      number.textContent = answer.right ? "✓" : `${k + 1}`;
      element.toggleAttribute("data-done", answer.right);
      const state = JSON.stringify([answer.checked, answer.checked && answer.choice, answer.tries]);
      if (state === shown) return;
      shown = state;
      verdict.replaceChildren(...(answer.checked ? spoken(question, answer) : []));
      verdict.dataset.kind = answer.checked ? String(judge(question, answer.choice).right) : "";
      rest.replaceChildren(...(answer.checked ? further(question, answer) : []));
    },
  };
}

/** The verdict on an answer, in words; `after` is what it changed, for who does not see the line that shows it. */
function spoken(question, { choice, after }) {
  const { right, lead, says } = judge(question, choice);
  const head = make("p", {}, make("strong", {}, right ? "✓ Right. " : "✗ Not yet. "), lead);
  const rest = after ? [make("p", { class: "spoken" }, after)] : [];
  if (says.length === 1 && !says[0][0]) {
    head.append(lead ? " " : "", ...written(says[0][2]));
    return [head, ...rest];
  }
  return [head, ...says.map(([mark, name, feedback]) => (
    make("p", { class: "say" }, `${mark} ${name ? `${name}: ` : ""}`, ...written(feedback)))), ...rest];
}

/** What a right answer opens: the explanation, and why the other answers are wrong. */
function further(question, { choice }) {
  if (!judge(question, choice).right) return [];
  const found = others(question, choice);
  const nodes = question.explanation ? [make("p", {}, ...written(question.explanation))] : [];
  if (found.length) {
    const summary = question.kind === "numeric" ? "How other numbers come about" : "And the other answers?";
    nodes.push(make("details", {}, make("summary", {}, summary), ...found.map(([name, feedback]) => (
      make("p", { class: "say" }, make("strong", {}, `${name}: `), ...written(feedback))))));
  }
  return nodes;
}

// --- the four ways to answer ----------------------------------------------------------------------------------------

function options(question, { group, current, choose, submit }) {
  const one = question.kind === "single";
  const type = one ? "radio" : "checkbox";
  const inputs = question.options.map((_, k) => make("input", { type, name: group, value: String(k) }));
  const labels = question.options.map((option, k) => make("label", {}, inputs[k], make("b", {}, `${letter(k)}.`),
    make("span", {}, ...written(option.text))));
  inputs.forEach((input, k) => {
    input.addEventListener("change", () => {
      const others = one ? [] : current().choice.filter((other) => other !== k);
      choose(one ? k : input.checked ? [...others, k] : others);
    });
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") submit(); });
  });
  const draw = ({ choice, checked: told }) => inputs.forEach((input, k) => {
    input.checked = one ? choice === k : choice.includes(k);
    labels[k].dataset.told = told && input.checked ? String(question.options[k].right) : "";
  });
  return { element: make("div", { class: "options" }, ...labels), draw };
}

function field(question, { choose, submit }) {
  const input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": "your number",
    size: "8" });
  input.addEventListener("input", () => choose(input.value));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") submit(); });
  const draw = ({ choice }) => { if (input.value !== choice) input.value = choice; };
  return { element: make("div", { class: "field" }, input, make("span", {}, ...written(question.unit))), draw };
}

function lines(question, { current, choose }) {
  const list = make("ol", { class: question.items.some(({ text }) => text.length > 24) ? "lines long" : "lines" });
  const said = make("p", { class: "spoken", role: "status" });
  const go = (item, to) => {
    const order = current().choice;
    if (to < 0 || to >= order.length || order[to] === item) return;
    choose(moved(order, order.indexOf(item), to));
    said.textContent = `Now at ${to + 1} of ${order.length}.`;
  };
  const rows = question.items.map(({ text }, item) => line(text, item));

  function line(text, item) {
    const plain = text.replace(/[`$*]/g, "");
    const handle = make("span", { class: "handle", "aria-hidden": "true" }, "⠿");
    const up = button("↑", () => go(item, current().choice.indexOf(item) - 1), `Move up: ${plain}`);
    const down = button("↓", () => go(item, current().choice.indexOf(item) + 1), `Move down: ${plain}`);
    const row = make("li", {}, handle, make("span", { class: "text" }, ...written(text)), up, down);
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      row.classList.add("held");
      event.preventDefault();
    });
    draggable(handle);                             // or a quick flick would swallow the next tap
    handle.addEventListener("pointermove", (event) => {
      if (!row.classList.contains("held")) return;
      const centres = [...list.children].filter((other) => other !== row).map((other) => {
        const { top, height } = other.getBoundingClientRect();
        return top + height / 2;
      });
      go(item, centres.filter((centre) => centre < event.clientY).length);
    });
    for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => row.classList.remove("held"));
    return row;
  }

  const draw = ({ choice }) => arrange(list, choice.map((item) => rows[item]));
  return { element: make("div", {}, list, said), draw };
}

/** Put the rows in this order; the one in hand or with the focus never leaves the page, or it would lose it. */
function arrange(list, rows) {
  const focused = list.getRootNode().activeElement;
  const kept = rows.findIndex((row) => row.classList.contains("held") || row.contains(focused));
  if (rows.every((row, k) => list.children[k] === row)) return;
  if (kept < 0 || !rows[kept].parentNode) {
    list.replaceChildren(...rows);
    return;
  }
  for (const row of rows.slice(0, kept)) rows[kept].before(row);
  for (const row of rows.slice(kept + 1).reverse()) rows[kept].after(row);
}
