// MathML of formulas, by Temml: node to_mathml.mjs FOLDER-OF-TEMML, with [[tex, display], ...] as JSON at its input.
// An inline one comes in parts between which a line may end, after a relation or an operator.
// What it prints is a list of the same length: {mathml}, or {problem} for a formula that Temml cannot set.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { default: temml } = await import(pathToFileURL(join(process.argv[2], "dist", "temml.mjs")));

function set([tex, displayMode]) {
  try {
    return { mathml: temml.renderToString(tex, { displayMode, strict: true, throwOnError: true, wrap: "tex" }) };
  } catch (problem) {
    return { problem: problem.message };
  }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(set)));
