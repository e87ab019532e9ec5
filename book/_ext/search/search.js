// The search page: MiniSearch ranks the sections of sections.js, and the best are shown, each with a link to its place.
// See site_search.py. All of it happens in the reader's browser, so it works from disk too.

const SHOWN = 20;
const OF_A_PAGE = 3;            // at most, so that no page fills the list
const EXCERPT = 180;            // characters
const COUNTS = { title: 4, prose: 1, more: 0.7, page: 1 };
const SKIPPED = new Set(("a an and are as at be but by can did do does for from had has have how i if in into "
  + "is it its me my no not of on or so than that the their then there these this to "
  + "versus vs was were what when where which who why will with you your").split(" "));

// What readers say, and what the course says: the word on the left is searched for as those on the right, too.
const ALSO = { hidden: ["h_n"], seq2seq: ["sequence-to-sequence"] };

const { pages, sections } = self.seqlabSections;
const WEIGHT = 5;               // where it stands in a section

function tokens(text) {
  return text.match(/[\p{L}\p{N}_]+/gu) ?? [];
}

// One form for clip, clips, clipping and clipped. Nothing for what everybody writes, and for numbers.
function stem(word) {
  const low = word.toLowerCase();
  if (SKIPPED.has(low) || low.length < 2 || /^\d+$/.test(low)) return null;
  if (low.length < 5 || low.includes("_")) return low;
  return low.replace(/(?:ing|ed|es|(?<![suia])s)$/, "").replace(/([bdgmnprt])\1$/, "$1").replace(/e$/, "");
}

const index = new MiniSearch({ fields: Object.keys(COUNTS), tokenize: tokens, processTerm: stem });
index.addAll(sections.map(([page, , title, prose, more], id) => ({ id, title, page: pages[page][1], prose, more })));

// Small letters, and quotation marks as they are typed.
function simple(text) {
  return text.toLowerCase().replace(/[‘’]/g, "'").replace(/[“”]/g, '"');
}

// Whether the section holds the query as it is written: an error message, or words that belong together.
function literally(id, query) {
  const [, , title, prose, more] = sections[id];
  const wanted = simple(query.trim());
  return /[^\p{L}\p{N}_]/u.test(wanted) && [title, prose, more].some((text) => simple(text).includes(wanted));
}

// The words of a query: a name of code that no page has is taken apart, and two words that make up one are joined.
function asked(query) {
  const known = (word) => index.search(word).length > 0;
  const said = tokens(query).flatMap((word) => (known(word) ? [word] : word.split("_")));
  const names = said.slice(1).map((word, k) => `${said[k]}_${word}`).filter(known);
  return { said: [...said, ...names], also: said.flatMap((word) => ALSO[word.toLowerCase()] ?? []) };
}

// The sections that fit, the best first: [{ id, terms }], with the terms by which each was found.
function rank(query) {
  const { said, also } = asked(query);
  const found = index.search([...said, ...also].join(" "), {
    boost: COUNTS,
    prefix: (term) => term.length > 2,
    fuzzy: (term) => (term.length > 5 ? 0.2 : false),
    weights: { prefix: 0.3, fuzzy: 0.1 },
    boostTerm: (term, k) => (k < said.length ? 1 : 0.5),
    boostDocument: (id) => sections[id][WEIGHT] * (literally(id, query) ? 2 : 1),
  });
  const of = {};
  return found.filter(({ id }, k, all, page = sections[id][0]) => (of[page] = (of[page] ?? 0) + 1) <= OF_A_PAGE)
    .slice(0, SHOWN);
}

// --- what is shown ---------------------------------------------------------------------------------------------------

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// Some words of the section around the first that was found, with all that were found marked.
function excerpt(prose, terms) {
  const found = [...prose.matchAll(/[\p{L}\p{N}_]+/gu)].filter(([word]) => terms.includes(stem(word)));
  const first = found[0]?.index ?? 0;
  const start = first < EXCERPT / 2 ? 0 : prose.lastIndexOf(" ", first - EXCERPT / 3) + 1;
  const end = prose.length - start <= EXCERPT ? prose.length : prose.lastIndexOf(" ", start + EXCERPT);
  const parts = [start ? "… " : ""];
  let at = start;
  const inside = found.filter((one) => one.index >= start && one.index + one[0].length <= end);
  for (const { 0: word, index: place } of inside) {
    parts.push(prose.slice(at, place), element("mark", "", word));
    at = place + word.length;
  }
  return element("p", "search-excerpt", ...parts, prose.slice(at, end), end < prose.length ? " …" : "");
}

function result({ id, terms }) {
  const [page, place, title, prose] = sections[id];
  const [address, name] = pages[page];
  const link = element("a", "", place ? title : name);
  link.href = place ? `${address}#${place}` : address;
  return element("li", "", link, place ? element("p", "search-page", name) : "", excerpt(prose, terms));
}

const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
const field = document.querySelector(".bd-search-container input");
field.value = query;
field.focus();
if (query) {
  const found = rank(query);
  const said = document.querySelector("#search-said");
  said.textContent = found.length
    ? `The ${found.length} best places for “${query}”:`.replace("The 1 best places", "One place")
    : `Nothing found for “${query}”. Try one word of it, or another name; the `;
  if (!found.length) {
    const glossary = element("a", "", "glossary");
    glossary.href = pages.find(([, name]) => name === "Glossary")[0];
    said.append(glossary, " has the terms.");
  }
  document.querySelector("#search-results").append(...found.map(result));
}
