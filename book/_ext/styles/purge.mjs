// The style sheet without the rules that no page uses, by PurgeCSS: node purge.mjs FOLDER-OF-PURGECSS, with
// {css, content: [{raw, extension}], keep: [pattern of a class that scripts add]} as JSON at its input.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { PurgeCSS } = createRequire(import.meta.url)(process.argv[2]);
const { css, content, keep } = JSON.parse(readFileSync(0, "utf8"));
const safelist = { standard: keep.map((pattern) => new RegExp(`^(?:${pattern})$`)) };
const [purged] = await new PurgeCSS().purge({ css: [{ raw: css }], content, safelist, keyframes: true });
process.stdout.write(purged.css);
