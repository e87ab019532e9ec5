// A small part of what a tensor of PyTorch understands, with its error messages: indices, slices, view and transpose.

export const READS = "This field reads x, out, h_n and c_n, with [indices], .view(...), .transpose(...) and .shape.";

/** What PyTorch, or Python, says to a wrong expression; or READS, where this is not it. */
export class Wrong extends Error {}

const range = (count) => Array.from({ length: count }, (_, k) => k);
const product = (list) => list.reduce((one, other) => one * other, 1);

// --- what is written ------------------------------------------------------------------------------------------------

const TOKEN = /\s*(?:((?:0|[1-9]\d{0,5})(?![\w.])|[A-Za-z_]\w*|\.\.\.|[[\]():,.*+-])|$)/y;

const LONGEST = 200;

function tokens(text) {
  const found = [];
  if (text.length > LONGEST) throw new Wrong(READS);
  TOKEN.lastIndex = 0;
  for (let one = TOKEN.exec(text); one?.[1]; one = TOKEN.exec(text)) found.push(one[1]);
  if (TOKEN.lastIndex < text.length) throw new Wrong(READS);
  return found;
}

/** Reads tokens one by one: `take` goes on if the next is this one, `need` if not, too far. */
function reader(text) {
  const list = tokens(text);
  let at = 0;
  const take = (...those) => (those.includes(list[at]) ? list[at++] : "");
  const need = (one) => { if (!take(one)) throw new Wrong(READS); };
  const any = (form) => { if (!form.test(list[at] ?? "")) throw new Wrong(READS); return list[at++]; };
  const since = (start) => list.slice(start, at).join(" ").replace(/^- /, "-");
  return { take, need, any, since, at: () => at, next: () => list[at] ?? "" };
}

const TENSORS = ["x", "out", "h_n", "c_n"], CONSTANTS = ["None", "True", "False"];
const NUMBER = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b };

/** A whole number, as a function of the sizes that have a name: 2 * hidden_size - 1. */
function number(read) {
  const one = () => {
    if (read.take("-")) { const inner = one(); return (sizes) => -inner(sizes); }
    if (read.take("(")) { const inner = number(read); read.need(")"); return inner; }
    const word = read.any(/^(\d|[A-Za-z_])/);
    if (TENSORS.includes(word) || CONSTANTS.includes(word)) throw new Wrong(READS);
    return /\d/.test(word[0]) ? () => Number(word) : (sizes) => named(sizes, word);
  };
  const chain = (part, ...signs) => {
    let all = part();
    for (let sign = read.take(...signs); sign; sign = read.take(...signs)) {
      const left = all, right = part(), by = NUMBER[sign];
      all = (sizes) => by(left(sizes), right(sizes));
    }
    return all;
  };
  return chain(() => chain(one, "*"), "+", "-");
}

function named(known, name) {
  if (!Object.hasOwn(known, name)) throw new Wrong(`name '${name}' is not defined`);
  return known[name];
}

/** One index between commas: {at}, {slice: [start, stop, step]}, {all: true} for ... and {fresh: true} for None. */
function item(read) {
  if (read.take("...")) return { all: true };
  if (read.take("None")) return { fresh: true };
  const bound = () => ([":", ",", "]"].includes(read.next()) ? null : number(read));
  const start = bound();
  if (!read.take(":")) return start ? { at: start } : read.need("an index");
  const stop = bound();
  return { slice: [start, stop, read.take(":") ? bound() : null] };
}

/** An index with its numbers, undefined where none is written. */
function settled({ at, slice: bounds, ...more }, sizes) {
  if (at) return { at: at(sizes) };
  return bounds ? { slice: bounds.map((bound) => bound?.(sizes)) } : more;
}

/** What stands between brackets: the items, and whether they are a tuple, for which the messages are others. */
function items(read) {
  const found = [item(read)];
  let tuple = false;
  while (read.take(",")) {
    tuple = true;
    if (read.next() !== "]") found.push(item(read));
  }
  read.need("]");
  if (found.filter(({ all }) => all).length > 1) throw new Wrong(READS);
  return { found, tuple };
}

/** The numbers of a call, each with the words that it was written in. */
function numbers(read) {
  const found = [];
  read.need("(");
  do {
    const start = read.at(), value = number(read);
    found.push({ value, words: read.since(start) });
  } while (read.take(","));
  read.need(")");
  return found;
}

/** A function that finds the view: parse("out[:, -1]")({ tensors, sizes }). Raises Wrong, and so does the function. */
export function parse(text) {
  const read = reader(text), name = read.any(/^[A-Za-z_]/), steps = [];
  if (CONSTANTS.includes(name)) throw new Wrong(READS);
  while (read.next()) {
    if (read.take("[")) {
      const { found, tuple } = items(read);
      steps.push((view, sizes) => index(view, found.map((one) => settled(one, sizes)), tuple));
      continue;
    }
    read.need(".");
    const called = read.any(/^(view|transpose|shape)$/);
    if (called === "shape") {
      if (read.next()) throw new Wrong(READS);
      continue;
    }
    const those = numbers(read), all = (sizes) => those.map(({ value }) => value(sizes));
    if (called === "transpose" && those.length !== 2) throw new Wrong(READS);
    steps.push((view, sizes) => (called === "transpose" ? transpose(view, ...all(sizes))
      : viewAs(view, all(sizes), those.map(({ words }) => words))));
  }
  return ({ tensors, sizes }) => {
    if (Object.hasOwn(sizes, name)) throw new Wrong(READS);
    return steps.reduce((view, step) => step(view, sizes), whole(named(tensors, name)));
  };
}

// --- what it means: a view is sizes, strides and an offset into its tensor, as in PyTorch ---------------------------

/** All of a tensor, which is { name, sizes, strides, axes }. */
export const whole = (base) => ({ base, offset: 0, sizes: base.sizes, strides: base.strides, axes: base.axes });

/** The strides of a tensor that lies row by row. */
export const rowByRow = (sizes) => sizes.map((_, k) => product(sizes.slice(k + 1)));

function index(view, found, tuple) {
  const dims = view.sizes.length, wanted = found.filter(({ all, fresh }) => !all && !fresh).length;
  if (dims === 0 && !tuple && found[0].at !== undefined) {
    throw new Wrong("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
      + "to convert a 0-dim tensor to a number");
  }
  if (dims === 0 && !tuple && found[0].slice) throw new Wrong("slice() cannot be applied to a 0-dim tensor.");
  if (wanted > dims) throw new Wrong(`too many indices for tensor of dimension ${dims}`);
  let { offset } = view, axis = 0;
  const kept = [];                                             // [size, stride, name] of each axis that stays
  const keep = () => { kept.push([view.sizes[axis], view.strides[axis], view.axes[axis]]); axis += 1; };
  for (const [position, one] of found.entries()) {
    if (one.fresh) kept.push([1, 0, "new"]);
    else if (one.all) for (const _ of range(dims - wanted)) keep();
    else if (one.at !== undefined) {
      offset += place(one.at, view, axis, position) * view.strides[axis];
      axis += 1;
    } else {
      const { start, size, step } = slice(one.slice, view.sizes[axis]);
      kept.push([size, view.strides[axis] * step, part(view.axes[axis], start, size, view.sizes[axis])]);
      offset += size ? start * view.strides[axis] : 0;
      axis += 1;
    }
  }
  while (axis < dims) keep();
  return { ...view, offset, sizes: kept.map(([size]) => size), strides: kept.map(([, stride]) => stride),
    axes: kept.map(([, , name]) => name) };
}

/** The place that an index means; PyTorch's message gives its position between the brackets for its dimension. */
function place(at, { sizes }, axis, position) {
  const size = sizes[axis];
  if (at >= size || at < -size) {
    throw new Wrong(`index ${at} is out of bounds for dimension ${position} with size ${size}`);
  }
  return at < 0 ? at + size : at;
}

function slice([first, last, step], size) {
  if (step === 0) throw new Wrong("slice step cannot be zero");
  if (step < 0) throw new Wrong("step must be greater than zero");
  const within = (at, usual) => Math.max(0, Math.min(size, at === undefined ? usual : at < 0 ? at + size : at));
  const start = within(first, 0), stop = Math.max(start, within(last, size));
  return { start, size: Math.ceil((stop - start) / (step ?? 1)), step: step ?? 1 };
}

/** The name of an axis of which so many places are left: half of "2 · hidden_size" is "hidden_size" again. */
function part(name, start, size, before) {
  if (size === before) return name;
  const half = name.startsWith("2 · ") && size === before / 2 && start % size === 0;
  return half ? name.slice(4) : `${size} of ${name.replace(/^\d+ of /, "")}`;
}

function transpose(view, ...pair) {
  const dims = Math.max(1, view.sizes.length);
  const [one, other] = pair.map((axis) => {
    if (axis < -dims || axis >= dims) {
      throw new Wrong(`Dimension out of range (expected to be in range of [${-dims}, ${dims - 1}], but got ${axis})`);
    }
    return axis < 0 ? axis + dims : axis;
  });
  const turned = (list) => list.map((value, k) => list[k === one ? other : k === other ? one : k]);
  return { ...view, sizes: turned(view.sizes), strides: turned(view.strides), axes: turned(view.axes) };
}

function viewAs(view, wanted, words) {
  const all = product(view.sizes);
  let open = false;
  for (const size of wanted) {
    if (size === -1 && open) throw new Wrong("only one dimension can be inferred");
    if (size < -1) throw new Wrong(`invalid shape dimension ${size}`);
    open ||= size === -1;
  }
  const known = product(wanted.filter((size) => size !== -1));
  const shape = `[${wanted.join(", ")}]`;
  if (open && all === 0 && known === 0) {
    throw new Wrong(`cannot reshape tensor of 0 elements into shape ${shape} because the unspecified dimension size -1 `
      + "can be any value and is ambiguous");
  }
  if (open ? !known || all % known : known !== all) {
    throw new Wrong(`shape '${shape}' is invalid for input of size ${all}`);
  }
  const sizes = wanted.map((size) => (size === -1 ? all / known : size));
  const axes = words.map((text, k) => (text === "-1" ? String(sizes[k]) : text.replaceAll("*", "·")));
  return { ...view, sizes, axes, strides: strides(view, sizes) };
}

/** Strides with which the numbers of a view, in their order, have these sizes: as PyTorch's computeStride. */
function strides(view, sizes) {
  if (product(sizes) === 0) return rowByRow(sizes);
  const found = [];
  let k = sizes.length - 1, chunk = 1;
  const old = view.sizes.map((size, axis) => [size, view.strides[axis]]);
  for (let axis = old.length - 1, base = old.at(-1)?.[1] ?? 1; axis >= 0; axis--) {
    chunk *= old[axis][0];
    const together = axis > 0 && (old[axis - 1][0] === 1 || old[axis - 1][1] === chunk * base);
    if (together) continue;
    let filled = 1;
    for (; k >= 0 && (filled < chunk || sizes[k] === 1); k--) {
      found.unshift(filled * base);
      filled *= sizes[k];
    }
    if (filled !== chunk) {
      throw new Wrong("view size is not compatible with input tensor's size and stride (at least one dimension spans "
        + "across two contiguous subspaces). Use .reshape(...) instead.");
    }
    chunk = 1;
    base = old[axis - 1]?.[1];
  }
  while (found.length < sizes.length) found.unshift(1);
  return found;
}

// --- which numbers of its tensor a view holds -----------------------------------------------------------------------

/** The place, one number for each axis of the tensor, that lies at this offset. */
export function placeAt({ sizes, strides: steps }, offset) {
  const order = range(sizes.length).filter((k) => sizes[k] > 1).sort((a, b) => steps[b] - steps[a]);
  const found = sizes.map(() => 0);
  let rest = offset;
  for (const k of order) {
    found[k] = Math.floor(rest / steps[k]);
    rest -= found[k] * steps[k];
  }
  return found;
}

/** A function that says whether the number at an offset is in the view. */
export function holder(view) {
  if (product(view.sizes) === 0) return () => false;
  const axes = range(view.sizes.length).filter((k) => view.sizes[k] > 1).map((k) => [view.strides[k], view.sizes[k]]);
  axes.sort(([one], [other]) => other - one);
  return (offset) => {
    let rest = offset - view.offset;
    for (const [stride, size] of axes) {
      const steps = Math.floor(rest / stride);
      if (steps < 0 || steps >= size) return false;
      rest -= steps * stride;
    }
    return rest === 0;
  };
}

/** The places that a view takes along each axis of its tensor, if it takes all their combinations; else null. */
export function taken(view) {
  const { base } = view;
  if (product(view.sizes) === 0) return base.sizes.map(() => []);
  const found = placeAt(base, view.offset).map((at) => [at]);
  const long = range(base.sizes.length).filter((k) => base.sizes[k] > 1);
  long.sort((one, other) => base.strides[other] - base.strides[one]);
  for (const k of range(view.sizes.length).filter((one) => view.sizes[one] > 1)) {
    const axis = long.find((one) => base.strides[one] <= view.strides[k]);
    const step = view.strides[k] / base.strides[axis], reach = (view.sizes[k] - 1) * step;
    if (!Number.isInteger(step) || Math.max(...found[axis]) + reach >= base.sizes[axis]) return null;
    found[axis] = found[axis].flatMap((at) => range(view.sizes[k]).map((one) => at + one * step));
  }
  return found.map((list) => list.sort((a, b) => a - b));
}
