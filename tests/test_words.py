"""One spelling, and one name for one thing, in all that a reader reads; every term that is defined is in the glossary,
and every symbol on the notation page.

To decide a word: write into WORDS what we write, what we do not, and why. To define a term in a chapter: write it in
bold where it is explained, and put it into the glossary. What is bold, in small letters, and no term: NO_TERMS.
"""

import re

import pytest

from seqlab.widgets.quiz import QUIZZES
from tools import prose
from tools.course import BOOK, chapters, notebooks, some

# What we write; what we do not, as a pattern; why; and in which words it may stand all the same, most often a title.
WORDS = [
    ("half open", r"half[ -]closed", "a gate at 0.5 is both; one word for it", ()),
    ("cell state", r"\bbelts?\b", "the field's word; the belt is an image, which chapter and glossary introduce once",
     ("conveyor belt", "\nbelt\n", "And the belt, with $f", "The belt with $f", "The belt is the whole idea")),
    ("step", r"\btime[ -]?steps?\b", "a step of the loop need not be one of time", ()),
    ("dataset", r"\bdata sets?\b", "PyTorch's word, `Dataset`", ()),
    ("optimise, initialise, ...", r"\b(?:optimiz|initializ|normaliz|realiz|recogniz|generaliz|summariz|visualiz)\w*",
     "British spelling; a name in code is written as code",
     ("stochastic optimization", "Optimizing performance of", "way to initialize recurrent",
      "Visualizing and understanding", "directions for generalization", "wider optima and better generalization")),
    ("colour, grey, behaviour, neighbour", r"\b(?:colors?|gray|behaviors?|neighbors?)\b", "British spelling",
     ("color blindness",)),
    ("backpropagation", r"\bback-propagat\w*|\bbackprop\b", "one word, and all of it", ("backprop-through-time",)),
    ("batch", r"\bmini-?batch\w*", "PyTorch's word", ()),
    ("sequence-to-sequence", r"\bseq2seq\b", "the whole word", ()),
    ("pre-activation", r"\bpre ?activations?\b", "with a hyphen", ()),
    ("unrolled", r"\bunrolled-?out\b|\bunfolded (?:net|network|loop)\b", "a page unfolds, a loop is unrolled", ()),
    ("hand-built", r"\bhand ?built\b", "with a hyphen", ("hand_built",)),
    ("checkpoint", r"\bcheck[ -]points?\b", "one word", ()),
]
CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+|<[^<>]*>", re.DOTALL)
GLOSSARY = (BOOK / "appendix" / "glossary.md").read_text("utf8")
NOTATION = (BOOK / "appendix" / "notation.md").read_text("utf8")

# Bold for stress, or a name of code that is no term.
NO_TERMS = {"all", "and", "different lengths", "every", "first", "i f g o", "keeps", "last", "level", "next", "not",
            "nothing", "one direction", "one number", "only order", "r z n", "real", "refuted", "row", "trend", "tuple",
            "two", "`nn.RNN`'s"}
FORMS = {"unrolled": "unrolling", "pack": "packing"}
ELSEWHERE = {"teacher forcing"}      # terms of other texts, whose entry says so


def said():
    """{where: text} of all prose: chapters and practice by their subject, the pages, the questions."""
    pages = {f"book/{path.relative_to(BOOK).as_posix()}": path.read_text("utf8")
             for path in some([*BOOK.glob("*.md"), *(BOOK / "appendix").glob("*.md")])}
    cells = {f"{'practice of ' * (notebook.path.parent.name == 'exercises')}{notebook.subject}, cell {k}":
             "\n".join(prose.texts(cell).values()) for notebook in notebooks() for k, cell in enumerate(notebook.cells)}
    quizzes = {f"quizzes/{path.name}": re.sub(r"^#.*", "", path.read_text("utf8"), flags=re.MULTILINE)
               for path in some(QUIZZES.glob("*.toml"))}
    return {**pages, **cells, **quizzes}


def refused(text, pattern, allowed):
    text = CODE.sub(" ", text)
    for words in allowed:
        text = text.replace(words, " ")
    return [text[max(0, found.start() - 40):found.end() + 20].replace("\n", " ")
            for found in re.finditer(pattern, text, re.IGNORECASE)]


@pytest.mark.parametrize(("wanted", "pattern", "why", "allowed"), WORDS, ids=[word[0] for word in WORDS])
def test_one_name_for_one_thing(wanted, pattern, why, allowed):
    found = [f"{where}: ...{words}..." for where, text in said().items() for words in refused(text, pattern, allowed)]
    assert not found, f"say {wanted} ({why}):\n" + "\n".join(found)


def test_h_n_is_the_final_state_and_no_part_of_a_gate():
    """In code too: a GRU's three parts are r_x, z_x, n_x and r_h, z_h, n_h."""
    wrong = [f"{notebook.name}, cell {k}: {line}" for notebook in notebooks() for k, cell in enumerate(notebook.cells)
             if cell.kind == "code" for line in cell.source.splitlines() if re.search(r"\bh_n\b.*=.*\.chunk\(", line)]
    assert not wrong, "\n".join(wrong)


# --- the glossary -----------------------------------------------------------------------------------------------------


def entries():
    """{term: what stands under it}, in the page's order."""
    body = GLOSSARY.split(":::{glossary}\n")[1].removesuffix(":::\n")
    return dict(entry.split("\n", 1) for entry in body.strip().split("\n\n"))


def key(term):
    """Plural and singular, h_n and `h_n`, Sequence and sequence are one term."""
    return re.sub(r"(?<=[a-z]{3})s$", "", term.strip("`$").lower().replace("-", " ").replace("_", " "))


def test_the_glossary_is_in_order_and_each_entry_is_a_sentence_or_two_with_its_chapter():
    terms = [term.strip("`").lower().replace("_", " ") for term in some(entries())]
    assert terms == sorted(terms)
    for term, text in entries().items():
        assert re.match(r"  [A-Z1-9].*\.ipynb\)\.?$", text), term
        assert 5 <= len(text.split("[Chapter")[0].split()) <= 45, term


def test_a_term_s_link_leads_to_a_chapter_that_speaks_of_it():
    """By its own words, or, if it is a phrase, by each of them."""
    for term, text in entries().items():
        file = re.search(r"\]\(\.\./([\w-]+)\.ipynb\)", text)[1]
        notebook = next(one for one in chapters() if one.name == file)
        spoken = " ".join(cell.source for cell in notebook.cells).lower()
        alone = [word for word in re.findall(r"\w+", key(term)) if len(word) > 2 and word not in ("and", "state")]
        missing = [word for word in alone if word[:max(4, len(word) - 4)] not in spoken]      # exploding, explodes
        assert not missing or term in ELSEWHERE, f"{term}: {file} does not say {missing}"


def test_every_term_that_a_chapter_defines_in_bold_is_in_the_glossary():
    known = {key(term) for term in entries()}
    known |= {key(text.split(":")[0].strip()) for text in entries().values()}      # GRU: Gated recurrent unit: ...
    new = [f"{notebook.name}, cell {k}: {bold}" for notebook in chapters() for k, cell in enumerate(notebook.cells)
           if cell.kind == "markdown" for bold in re.findall(r"\*\*([a-z`][^*\n]{1,40}?)\*\*", cell.source)
           if len(bold.split()) <= 3 and not bold.endswith((".", "?", ":", ","))
           and bold not in NO_TERMS
           and not any(f"{term} ".startswith(f"{key(FORMS.get(bold, bold))} ") for term in known)]
    assert not new, "put these terms into the glossary, or, if they are none, into NO_TERMS:\n" + "\n".join(new)


# --- the notation page ------------------------------------------------------------------------------------------------

SIGNS = {"aligned", "approx", "begin", "big", "Big", "cdot", "cdots", "dots", "end", "exp", "frac", "ge", "in",
         "infty", "langle", "ldots", "le", "left", "log", "lVert", "mathbf", "mathrm", "max", "mid", "min", "ne",
         "neq", "not", "odot", "partial", "pm", "prod", "qquad", "quad", "rangle", "right", "rVert", "sigma", "sqrt",
         "sum", "tanh", "text", "tilde", "times", "to"}


def letters(formula):
    """The symbols of a formula, without their indices: `\\delta_t W_h` has \\delta and W."""
    formula = re.sub(r"\\(?:text|mathrm|mathtt|texttt|operatorname)\{[^}]*\}|[_^]\{[^{}]*\}|[_^]\\?\w|'", " ", formula)
    found = re.findall(r"\\[A-Za-z]+|[A-Za-z]", formula)
    return {one for one in found if one.removeprefix("\\") not in SIGNS}


def formulas(text):
    text = re.sub(r"```.*?```|`[^`\n]*`", " ", text, flags=re.DOTALL)
    return [one or other for one, other in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", text, re.DOTALL)]


def test_every_symbol_of_a_formula_stands_on_the_notation_page():
    there = {letter for formula in formulas(NOTATION) for letter in letters(formula)}
    new = sorted({f"{notebook.subject}: {letter} in {formula[:40]}" for notebook in notebooks()
                  for cell in notebook.markdown for formula in formulas(cell.source)
                  for letter in letters(formula) - there})
    assert not new, "\n".join(new)


def test_a_symbol_has_one_row_and_the_lag_the_chunk_the_gradient_and_the_jacobian_have_theirs():
    section = NOTATION.split("## Symbols")[1].split("## Shapes")[0]
    rows = [letters(formula) for line in section.splitlines() if line.startswith("| $")
            for formula in formulas(line.split("|")[1])]
    symbols = sorted(letter for row in rows for letter in row)
    more_than_one = {"y", "W", "L"}     # y and y_t; W_x and W_h; L and L_t
    assert {symbol for symbol in symbols if symbols.count(symbol) > 1} <= more_than_one
    assert {"k", "m", r"\delta", "J", "N", "p", "K"} <= set(symbols)
