"""The questions of the course as files that a learning platform imports: Moodle XML, and QTI for Canvas.

Every question goes into both. Where a platform has no place for a piece of feedback of its own, that is shown with
another, and `Made.notes` says so, question by question; a question that a format cannot take at all is in `Made.left`.
Both files are read back (`read_moodle`, `read_qti`) and compared with the course's own before they are handed out.
"""

import io
import posixpath
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

from defusedxml import ElementTree

from seqlab.widgets.quiz import QUIZZES, read_quiz
from tools import course, set_address

from .markup import MARKS, from_html, to_html

ORIGIN = {"myths": "book/appendix/myths"}       # the page of a quiz that belongs to no chapter
CHOOSE, ARRANGE = " (Choose all that are right.)", " (Put them in order.)"
MATCH = " (Give each line its place, from 1.)"


class QuizFileError(Exception):
    """What was asked for is not there, or a made file does not say what the course says."""


class Question(NamedTuple):
    """One question of the course with the name under which it is chosen, such as lstm/3."""

    name: str
    content: dict

    @property
    def quiz(self) -> str:
        return self.name.partition("/")[0]

    @property
    def title(self) -> str:
        """What a question bank lists it by."""
        words = " ".join(MARKS.sub(lambda mark: next(filter(None, mark.groups())), self.content["text"]).split())
        return f"{self.name}: {words if len(words) <= 60 else words[:57].rstrip() + '...'}"


class Made(NamedTuple):
    """A file to import, and what it does not hold as the course does."""

    content: bytes
    notes: list[str]        # what is shown otherwise than in the course, one sentence each
    left: dict[str, str]    # {name of a question that is not in the file: why}
    changed: dict[str, dict]        # {name of a question: {key: what stands there instead of the course's}}


def names() -> list[str]:
    """The quizzes of the course: the chapters' in their order, then what else there is."""
    chapters = [one.subject for one in course.chapters()]
    files = sorted(path.stem for path in course.some(QUIZZES.glob("*.toml")))
    return [name for name in chapters if name in files] + [name for name in files if name not in chapters]


def choose(wanted: list[str], folder: Path = QUIZZES) -> list[Question]:
    """The questions that these words name: `lstm` or `08` (a whole chapter), `lstm/3` (its third), `all`.

    Raises:
        QuizFileError: a word names nothing; the sentence says what there is.
    """
    numbers = {one.number: one.subject for one in course.chapters()} if folder == QUIZZES else {}
    chosen = {}
    for word in wanted:
        if word == "all":
            for name in names():
                chosen |= {one.name: one for one in _of(name, folder)}
            continue
        name, _, number = word.partition("/")
        name = numbers.get(name.zfill(2), name)
        if not (Path(folder) / f"{name}.toml").is_file():
            raise QuizFileError(f"There is no quiz {name!r}. Those that are there: "
                                f"{', '.join(sorted(path.stem for path in Path(folder).glob('*.toml')))}.")
        there = _of(name, folder)
        if number and not (number.isdecimal() and 1 <= int(number) <= len(there)):
            raise QuizFileError(f"The quiz {name!r} has the questions {name}/1 to {name}/{len(there)}, "
                                f"and no {word!r}.")
        chosen |= {one.name: one for one in ([there[int(number) - 1]] if number else there)}
    return list(chosen.values())


def _of(name: str, folder: Path) -> list[Question]:
    return [Question(f"{name}/{number}", content) for number, content in enumerate(read_quiz(name, folder), 1)]


def site() -> str:
    """The address of the course's site, to which links lead; empty until an owner has set one."""
    return set_address.spellings(set_address.address())["site"] if set_address.is_set() else ""


def address_of(target: str, quiz: str, site: str) -> str:
    """Where a link of this quiz leads from outside the site: an address, or nothing while there is no site."""
    if target.startswith("https://"):
        return target
    if not site:
        return ""
    chapters = {one.subject: f"book/{one.name}" for one in course.chapters()}
    page = ORIGIN.get(quiz) or chapters.get(quiz, "book/intro")
    path, _, part = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    return f"{site}/{re.sub(r'[.](ipynb|md)$', '.html', path)}{'#' + part if part else ''}"


def expected(question: Question, site: str = "") -> dict:
    """The question with its links as a file has them: what reading a file back must give."""
    def linked(text):
        return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", lambda link: (
            f"[{link[1]}]({where})" if (where := address_of(link[2], question.quiz, site)) else link[1]), text)

    def through(value):
        if isinstance(value, str):
            return linked(value).strip()
        if isinstance(value, list):
            return [through(one) for one in value]
        return {key: through(one) for key, one in value.items()} if isinstance(value, dict) else value

    return {key: through(value) for key, value in question.content.items() if key not in {"shown", "item"}}


def check(made: Made, chosen: list[Question], read, site: str = "") -> None:
    """Read a made file back and compare it with the course, question by question.

    Raises:
        QuizFileError: with the first question that says something else in the file.
    """
    found, wanted = read(made.content), [one for one in chosen if one.name not in made.left]
    if [one["name"] for one in found] != [one.name for one in wanted]:
        raise QuizFileError("The made file does not hold the questions that were chosen.")
    for back, question in zip(found, wanted, strict=True):
        for key, value in {**expected(question, site), **made.changed.get(question.name, {})}.items():
            if back.get(key) != value:
                raise QuizFileError(f"In the made file {question.name} has another {key}: {back.get(key)!r}, "
                                    f"not {value!r}.")


def hints(question: Question) -> list[str]:
    """The feedback that a platform can show only all at once, a line for each wrong answer or item."""
    content = question.content
    if content["kind"] == "order":
        return [f"{item['text']} {item['feedback']}" for item in content["items"]]
    return [f"{slip['value']}: {slip['feedback']}" for slip in content["typical"]]


def asked(question: Question, order: str = ARRANGE) -> str:
    """The question with what the platform does not say by itself: what kind of answer it waits for."""
    content = question.content
    if content["kind"] == "numeric":
        return content["text"] + f" (A number{', ' + content['unit'] if content['unit'] else ''}.)"
    return content["text"] + {"multiple": CHOOSE, "order": order}.get(content["kind"], "")


def _not_asked(text: str) -> tuple[str, str | None]:
    """A question without what `asked` added, and the unit of its number if it wants one."""
    number = re.search(r" \(A number(?:, (.*))?\.\)$", text)
    if number:
        return text[:number.start()], number[1] or ""
    for added in (CHOOSE, ARRANGE, MATCH):
        text = text.removesuffix(added)
    return text, None


# --- Moodle ----------------------------------------------------------------------------------------------------------


def moodle(chosen: list[Question], site: str = "") -> Made:
    """All of them as Moodle XML. Formulas are for its MathJax filter, code is HTML; a point for each question."""
    notes, parts, quiz = [], [], None
    for question in chosen:
        if question.quiz != quiz:
            quiz = question.quiz
            parts.append('<question type="category"><category><text>'
                         f"$course$/top/seqlab/{quiz}</text></category></question>")
        parts.append(_moodle_question(question, site))
        if question.content["kind"] == "order":
            notes.append(f"{question.name}: Moodle has no feedback for one line of an order, so a wrong order is "
                         "answered with that of all lines.")
    whole = '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(parts) + "\n</quiz>\n"
    return Made(whole.encode(), notes, {}, {})


def _moodle_question(question: Question, site: str) -> str:
    content = question.content
    say = lambda text: to_html(text, address=lambda target: address_of(target, question.quiz, site))
    kind = {"single": "multichoice", "multiple": "multichoice", "numeric": "numerical", "order": "ordering"}
    lines = [f'<question type="{kind[content["kind"]]}">',
             f"<name><text>{_cdata(question.title)}</text></name>",
             _field("questiontext", say(asked(question))),
             _field("generalfeedback", say(content["explanation"])),
             "<defaultgrade>1</defaultgrade><penalty>0.3333333</penalty><hidden>0</hidden>",
             f"<idnumber>seqlab/{question.name}</idnumber>"]
    if content["kind"] == "numeric":
        lines += _moodle_numbers(content, say)
    elif content["kind"] == "order":
        lines += _moodle_order(question, say)
    else:
        lines += _moodle_options(content, say)
    return "\n".join([*lines, "</question>"])


def _moodle_options(content, say):
    right = sum(option["right"] for option in content["options"])
    wrong = len(content["options"]) - right
    single = content["kind"] == "single"
    yield f"<single>{str(single).lower()}</single><shuffleanswers>true</shuffleanswers>"
    yield "<answernumbering>abc</answernumbering>"
    for option in content["options"]:
        fraction = 100 / right if option["right"] else 0 if single else -100 / wrong
        yield _answer(f"{fraction:.5f}", say(option["text"]), say(option["feedback"]))


def _moodle_numbers(content, say):
    tolerance = f"<tolerance>{content['tolerance']}</tolerance>"
    plain = 'format="moodle_auto_format"'
    yield _answer("100", str(content["answer"]), say(content["feedback"]), tolerance, plain)
    for slip in content["typical"]:
        yield _answer("0", str(slip["value"]), say(slip["feedback"]), tolerance, plain)
    yield _answer("0", "*", say(content["otherwise"]), "<tolerance>0</tolerance>", plain)
    yield "<unitgradingtype>0</unitgradingtype><unitpenalty>0.1</unitpenalty><showunits>3</showunits>"
    yield "<unitsleft>0</unitsleft>"


def _moodle_order(question, say):
    items = question.content["items"]
    told = "<ul>" + "".join(f"<li>{say(line)}</li>" for line in hints(question)) + "</ul>"
    yield "<layouttype>VERTICAL</layouttype><selecttype>ALL</selecttype>"
    yield f"<selectcount>{len(items)}</selectcount><gradingtype>ABSOLUTE_POSITION</gradingtype>"
    yield "<showgrading>SHOW</showgrading><numberingstyle>none</numberingstyle><shownumcorrect>1</shownumcorrect>"
    yield _field("correctfeedback", "")
    yield _field("partiallycorrectfeedback", told)
    yield _field("incorrectfeedback", told)
    for place, item in enumerate(items, 1):
        yield _answer(str(place), say(item["text"]), "")


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>" if text else ""


def _field(tag: str, content: str) -> str:
    return f'<{tag} format="html"><text>{_cdata(content)}</text></{tag}>'


def _answer(fraction, text, feedback, more="", format='format="html"'):
    return (f'<answer fraction="{fraction}" {format}><text>{_cdata(text)}</text>'
            f"{_field('feedback', feedback)}{more}</answer>")


def read_moodle(content: bytes) -> list[dict]:
    """What a Moodle XML file asks, in the form of `expected`; feedback shown all at once is told apart again."""
    found = []
    for element in ElementTree.fromstring(content).iterfind("question"):
        if element.get("type") != "category":
            found.append(_read_moodle_question(element))
    return found


def _read_moodle_question(element):
    text = lambda parent, path: from_html(parent.findtext(path) or "")
    asks, unit = _not_asked(text(element, "questiontext/text"))
    answers = [(float(one.get("fraction")), text(one, "text"), text(one, "feedback/text"), one)
               for one in element.iterfind("answer")]
    found = {"name": element.findtext("idnumber").removeprefix("seqlab/"), "text": asks,
             "explanation": text(element, "generalfeedback/text")}
    kind = element.get("type")
    if kind == "numerical":
        (_, answer, feedback, first), *others, (_, any_other, otherwise, _) = answers
        assert any_other == "*"
        return {**found, "kind": "numeric", "unit": unit, "answer": _number(answer), "feedback": feedback,
                "tolerance": _number(first.findtext("tolerance")), "otherwise": otherwise,
                "typical": [{"value": _number(value), "feedback": said} for _, value, said, _ in others]}
    if kind == "ordering":
        told = [from_html(part) for part in re.findall("<li>(.*?)</li>", element.findtext("incorrectfeedback/text"))]
        ordered = [item for _, item, _, _ in sorted(answers, key=lambda one: one[0])]
        return {**found, "kind": "order", "items": _items(ordered, told)}
    single = element.findtext("single") == "true"
    return {**found, "kind": "single" if single else "multiple", "options": [
        {"right": fraction > 0, "text": said, "feedback": feedback} for fraction, said, feedback, _ in answers]}


def _items(texts, told):
    return [{"text": text, "feedback": line.removeprefix(text).strip()} for text, line in zip(texts, told, strict=True)]


def _number(text):
    value = float(text)
    return int(value) if value.is_integer() else value


# --- Canvas ----------------------------------------------------------------------------------------------------------


def qti(chosen: list[Question], title: str = "seqlab", site: str = "") -> Made:
    """All of them as a QTI 1.2 archive, as Canvas imports it (text2qti), a point for each question.

    An order is asked as a matching question: text2qti has no kind for it, so that item is made here.
    """
    from text2qti.err import Text2qtiError
    from text2qti.qti import QTI

    notes, left, changed, items, taken = [], {}, {}, {}, []
    for question in chosen:
        if question.content["kind"] == "order":
            items[question.name] = _matching(question, site)
            notes.append(f"{question.name}: Canvas has no order to be found, so its lines are matched with their "
                         "places; a wrong order is answered with the feedback of all lines.")
            continue
        try:
            _text2qti(title, [_as_text2qti(question, site)])
        except Text2qtiError as problem:
            left[question.name] = f"text2qti cannot hold it: {str(problem).splitlines()[-1].strip()}"
            continue
        taken.append(question)
        if question.content["kind"] == "numeric":
            notes.append(f"{question.name}: Canvas has no feedback for one wrong number, so any of them is answered "
                         "with that on all typical slips.")
            if rounded := _rounded(question.content):
                changed[question.name] = rounded
                notes.append(f"{question.name}: Canvas keeps four decimals, so the answer {question.content['answer']} "
                             f"is {rounded['answer']} there, right within {rounded['tolerance']}.")
    there = [one for one in chosen if one.name not in left]
    no_other = "1. " + ", ".join(one.name for one in there) + "\n*a) yes\nb) no"     # text2qti wants one: dropped
    whole = _text2qti(title, [_as_text2qti(one, site) for one in taken] or [no_other])
    whole.points_possible = len(there)
    archive = QTI(whole)
    made = re.findall(r"^ *<item .*?</item>\n", archive.assessment, re.DOTALL | re.MULTILINE)
    items |= {one.name: item for one, item in zip(taken, made, strict=bool(taken))}
    before, _, after = archive.assessment.partition('<section ident="root_section">\n')
    after = after[after.rindex("    </section>"):]
    archive.assessment = (f'{before}<section ident="root_section">\n' + "".join(items[one.name] for one in there)
                          + after)
    return Made(_same_every_time(archive.zip_bytes()), notes, left, changed)


def _rounded(content: dict) -> dict:
    """What four decimals make of a number and its tolerance; nothing if they are as they were."""
    answer, tolerance = content["answer"], content["tolerance"]
    low, near, high = (round(value, 4) for value in (answer - tolerance, answer, answer + tolerance))
    rounded = {"answer": near, "tolerance": round(max(high - near, near - low), 4)}
    return {} if abs(near - answer) < 1e-9 and abs(rounded["tolerance"] - tolerance) < 1e-9 else rounded


def _text2qti(title: str, questions: list[str]):
    from text2qti.config import Config
    from text2qti.quiz import Quiz

    return Quiz(f"Quiz title: {title}\n\n" + "\n\n".join(questions) + "\n", config=Config())


def _entities(text: str) -> str:
    """The text with every sign that Markdown might take for its own written as an entity."""
    return re.sub(r"[^\w ,:;()?/\u0080-\U0010ffff]|_", lambda sign: f"&#{ord(sign[0])};", " ".join(text.split(" ")))


def _canvas(question: Question, site: str):
    return lambda text: to_html(text, lambda tex: f"${tex}$", _entities,
                                lambda target: address_of(target, question.quiz, site))


def _as_text2qti(question: Question, site: str) -> str:
    """The question in the format of text2qti, with HTML where that has Markdown."""
    content, say = question.content, _canvas(question, site)
    lines = [f"Title: {question.title}", f"1. {say(asked(question))}"]
    if content["explanation"]:
        lines.append(f"... {say(content['explanation'])}")
    if content["kind"] == "numeric":
        slips = "".join(f"<br>{say(line)}" for line in hints(question))
        lines += [f"+ {say(content['feedback'])}", f"- {say(content['otherwise'])}{slips}",
                  f"= {content['answer']} +- {content['tolerance']}"]
    else:
        marks = {"single": ("*{})", "{})"), "multiple": ("[*]", "[ ]")}[content["kind"]]
        for letter, option in zip("abcdefgh", content["options"], strict=False):
            lines += [f"{marks[not option['right']].format(letter)} {say(option['text'])}",
                      f"... {say(option['feedback'])}"]
    return "\n".join(line.replace("\n", " ") for line in lines)


def _matching(question: Question, site: str) -> str:
    """A matching question of Canvas: to each line its place."""
    from xml.sax.saxutils import escape, quoteattr

    from text2qti.config import Config
    from text2qti.markdown import Markdown

    say, number = _canvas(question, site), len(question.content["items"])
    shown = lambda text: escape(Markdown(Config()).md_to_html(say(text)))
    name = "seqlab-" + question.name.replace("/", "-")
    field = lambda label, entry: (f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry>"
                                  "</qtimetadatafield>")
    material = lambda inner, kind="text/html": (f'<material><mattext texttype="{kind}">{inner}</mattext></material>')
    feedback = lambda ident, text: (f'<itemfeedback ident="{ident}"><flow_mat>{material(text)}</flow_mat>'
                                    "</itemfeedback>")
    places = "".join(f'<response_label ident="{name}-{place}">{material(place, "text/plain")}</response_label>'
                     for place in range(1, number + 1))
    told = escape("<ul>") + "".join(escape("<li>") + shown(line) + escape("</li>") for line in hints(question))
    lines = [f'      <item ident="{name}" title={quoteattr(question.title)}>', "<itemmetadata><qtimetadata>",
             field("question_type", "matching_question"), field("points_possible", 1),
             field("original_answer_ids", ",".join(f"{name}-{place}" for place in range(1, number + 1))),
             field("assessment_question_identifierref", f"{name}-question"), "</qtimetadata></itemmetadata>",
             f"<presentation>{material(shown(asked(question, MATCH)))}"]
    for k in question.content["shown"]:
        lines.append(f'<response_lid ident="response_{name}-line-{k + 1}">'
                     f"{material(shown(question.content['items'][k]['text']))}"
                     f"<render_choice>{places}</render_choice></response_lid>")
    lines += ["</presentation>", '<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" '
              'vartype="Decimal"/></outcomes>']
    for place in range(1, number + 1):
        lines.append(f'<respcondition><conditionvar><varequal respident="response_{name}-line-{place}">'
                     f'{name}-{place}</varequal></conditionvar><setvar varname="SCORE" action="Add">'
                     f"{100 / number:.2f}</setvar></respcondition>")
    for ident in ("general_fb", "general_incorrect_fb"):
        lines.append('<respcondition continue="Yes"><conditionvar><other/></conditionvar>'
                     f'<displayfeedback feedbacktype="Response" linkrefid="{ident}"/></respcondition>')
    lines += ["</resprocessing>", feedback("general_fb", shown(question.content["explanation"])),
              feedback("general_incorrect_fb", told + escape("</ul>")), "      </item>\n"]
    return "\n".join(lines)


def _same_every_time(archive: bytes) -> bytes:
    """The zip file without the time of its making, so that the same questions give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


SPACE = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def read_qti(content: bytes) -> list[dict]:
    """What a QTI archive asks, in the form of `expected`, but for what Canvas cannot hold."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name, = (name for name in archive.namelist() if "assessment" in name and name.endswith(".xml")
                 and not name.endswith("meta.xml"))
        tree = ElementTree.fromstring(archive.read(name))
    return [_read_item(item) for item in tree.iter(f"{SPACE}item")]


def _read_item(item):
    at = lambda path: path.replace("/", f"/{SPACE}") if path.startswith("./") else path
    text = lambda element: from_html(element.findtext(f".//{SPACE}mattext") or "") if element is not None else ""
    presentation, processing = item.find(at("./presentation")), item.find(at("./resprocessing"))
    fields = {field[0].text: field[1].text for field in item.iter(f"{SPACE}qtimetadatafield")}
    feedback = {one.get("ident"): one for one in item.iterfind(at("./itemfeedback"))}
    asks, unit = _not_asked(text(presentation.find(at("./material"))))
    found = {"name": item.get("title").partition(":")[0], "text": asks, "explanation": text(feedback.get("general_fb"))}
    kind = fields["question_type"]
    if kind == "numerical_question":
        values = {tag: float(processing.findtext(f".//{SPACE}{tag}")) for tag in ("varequal", "vargte", "varlte")}
        first, *told = (feedback["general_incorrect_fb"].findtext(f".//{SPACE}mattext")).split("<br>")
        slips = [from_html(line).partition(": ") for line in told]
        return {**found, "kind": "numeric", "unit": unit, "answer": _number(values["varequal"]),
                "tolerance": _number(round(max(values["varlte"] - values["varequal"],
                                               values["varequal"] - values["vargte"]), 4)),
                "feedback": text(feedback["correct_fb"]), "otherwise": from_html(first),
                "typical": [{"value": _number(value), "feedback": said} for value, _, said in slips]}
    if kind == "matching_question":
        places = {lid.get("ident").partition("_")[2]: text(lid.find(at("./material")))
                  for lid in presentation.iterfind(at("./response_lid"))}
        rule = {one.get("respident").partition("_")[2]: int(one.text.rpartition("-")[2])
                for one in processing.iter(f"{SPACE}varequal")}
        told = re.findall("<li>(.*?)</li>", feedback["general_incorrect_fb"].findtext(f".//{SPACE}mattext"))
        ordered = [places[ident] for ident, _ in sorted(rule.items(), key=lambda pair: pair[1])]
        return {**found, "kind": "order", "items": _items(ordered, [from_html(line) for line in told])}
    refused = {one.text for rule in processing.iter(f"{SPACE}not") for one in rule}
    right = {one.text for rule in processing if rule.find(at("./setvar")) is not None
             for one in rule.iter(f"{SPACE}varequal")} - refused
    return {**found, "kind": "multiple" if kind == "multiple_answers_question" else "single", "options": [
        {"right": label.get("ident") in right, "text": text(label),
         "feedback": text(feedback.get(f"{label.get('ident')}_fb"))}
        for label in presentation.iter(f"{SPACE}response_label")]}
