// Formulas: the small part of TeX that the quizzes use, as MathML, which every browser draws by itself.

/** The commands that are known, each with what makes MathML of it; a test says which ones no quiz uses any more. */
export const COMMANDS = {
  sigma: () => "<mi>σ</mi>",
  odot: () => "<mo>⊙</mo>",
  cdot: () => "<mo>·</mo>",
  tanh: () => "<mi>tanh</mi><mo>&#x2061;</mo>",
  ln: () => "<mi>ln</mi><mo>&#x2061;</mo>",
  tilde: (source) => `<mover accent="true">${argument(source)}<mo>~</mo></mover>`,
};
const TOKEN = /\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S/g;
const NEUTRAL = { "<": "&lt;", ">": "&gt;", "-": "−", "*": "∗" };

/** The formula as the text of a <math> element; an Error says which command is not known or which brace is missing. */
export function toMathML(tex) {
  const source = { tex, tokens: tex.match(TOKEN) ?? [], at: 0 };
  const parts = row(source);
  if (source.at < source.tokens.length) fail(source, "a } too many");
  return `<math>${parts}</math>`;
}

function fail({ tex }, problem) { throw new Error(`In the formula ${tex}: ${problem}.`); }

/** Everything up to the end or to the brace that closes this group. */
function row(source) {
  let parts = "";
  let before = "";       // a minus after nothing, a sign or an open bracket belongs to what follows
  while (source.at < source.tokens.length && source.tokens[source.at] !== "}") {
    const token = source.tokens[source.at];
    parts += token === "-" && /^$|^[=<>([,+]$|^\\cdot$/.test(before) ? prefixMinus(source) : scripted(source);
    before = token;
  }
  return parts;
}

function prefixMinus(source) {
  source.at += 1;
  return '<mo form="prefix">−</mo>';
}

/** One thing with what stands below and above it. */
function scripted(source) {
  const base = single(source);
  const scripts = {};
  while ("_^".includes(source.tokens[source.at] ?? "none")) {
    const place = source.tokens[source.at++];
    if (place in scripts) fail(source, `two ${place} in a row`);
    scripts[place] = argument(source);
  }
  const { _: below, "^": above } = scripts;
  if (below && above) return `<msubsup>${base}${below}${above}</msubsup>`;
  if (below) return `<msub>${base}${below}</msub>`;
  return above ? `<msup>${base}${above}</msup>` : base;
}

/** What a command or a script applies to: a group in braces or one sign. */
function argument(source) {
  if (/^\d./.test(source.tokens[source.at] ?? "")) fail(source, `${source.tokens[source.at]} needs braces here`);
  return single(source);
}

/** One letter, number, sign, command or group. */
function single(source) {
  const token = source.tokens[source.at++];
  if (token === undefined) fail(source, "something is missing at its end");
  if (token === "{") return group(source);
  if (token[0] === "\\") return command(token, source);
  if (/^\d/.test(token)) return `<mn>${token}</mn>`;
  if (/^[A-Za-z]$/.test(token)) return `<mi>${token}</mi>`;
  if (/^[()[\]|]$/.test(token)) return `<mo stretchy="false" lspace="0" rspace="0">${token}</mo>`;
  if (/^[-+=<>,.:;/*!']$/.test(token)) return `<mo>${NEUTRAL[token] ?? token}</mo>`;
  return fail(source, `${token} has no meaning here`);
}

function group(source) {
  const parts = row(source);
  if (source.tokens[source.at++] !== "}") fail(source, "a } is missing");
  return `<mrow>${parts}</mrow>`;
}

function command(token, source) {
  const name = token.slice(1);
  if (!Object.hasOwn(COMMANDS, name)) fail(source, `${token} is not known; tex.js lists what is`);
  return COMMANDS[name](source);
}
