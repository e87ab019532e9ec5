"""The measuring kit: its forms are parallel and right, its files read with care, its intervals hold what they say."""

import json
import math
import tomllib

import numpy as np
import pytest
from click.testing import CliRunner

from instructor.__main__ import main
from instructor.kit import analysis, answers, forms, statistics
from tools import course

every_form = pytest.mark.parametrize("form", list(forms.FORMS))


# --- the forms --------------------------------------------------------------------------------------------------------


@every_form
def test_a_form_is_what_the_ideas_make_of_it(form):
    assert (forms.HERE / f"form-{form}.toml").read_text("utf8") == forms.write(form), "python -m instructor.kit.forms"
    assert len(forms.questions(form)) == 12


def test_the_forms_ask_the_same_ideas_with_other_numbers():
    asked = [forms.questions(form) for form in forms.FORMS]
    for several in zip(*asked, strict=True):
        assert len({one["idea"] for one in several}) == len({one["kind"] for one in several}) == 1
        assert len({one["text"] for one in several}) == 3, "the same question twice"
    answered = [[one.get("answer") for one in form] for form in asked]
    assert all(one != other for one, other in zip(*answered[:2], strict=True) if one is not None)


def test_every_chapter_up_to_the_first_classifier_of_images_has_its_question():
    """Later chapters compare and look into what these have built; twelve questions are what a class answers twice."""
    asked = [idea["subject"] for idea in forms.ideas() if idea["name"] != "parameters"]
    assert asked == [one.subject for one in course.chapters()][:len(asked)] and asked[-1] == "hand-built-digits"


@every_form
def test_the_answers_are_right(form):
    for question in tomllib.loads((forms.HERE / f"form-{form}.toml").read_text("utf8"))["question"]:
        if question["kind"] == "numeric":
            assert question["answer"] == pytest.approx(eval(question["computed"], {"math": math}), rel=1e-6)
            assert len({slip["value"] for slip in question["typical"]} | {question["answer"]}) == 3


@every_form
def test_the_right_options_are_computed_by_another_route(form):
    import torch
    from torch import nn

    values = {idea["name"]: idea["values"][forms.FORMS.index(form)] for idea in forms.ideas()}
    said = {one["idea"]: next(option["text"] for option in one["options"] if option["right"])
            for one in forms.questions(form) if one["kind"] == "single"}
    k = values["chance"]["k"]
    loss = nn.functional.cross_entropy(torch.zeros(1, k), torch.tensor([1])).item()
    assert float(said["chance"]) == pytest.approx(loss, abs=0.006)
    keeping = values["keeping"]
    enough = [gate for gate in (keeping["low"], keeping["middle"], keeping["high"], 1) if gate**keeping["n"] >= 0.5]
    assert float(said["keeping"]) == min(enough) == keeping["high"]
    assert said["parameters"] == str(values["parameters"]["p"])
    numbers = {one["idea"]: one["answer"] for one in forms.questions(form) if one["kind"] == "numeric"}
    v = values["clipping"]
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([v["g"], (v["n"]**2 - v["g"]**2) ** 0.5])
    nn.utils.clip_grad_norm_([weight], v["m"])
    assert numbers["clipping"] == pytest.approx(weight.grad[0].item(), abs=1e-4)
    v = values["axes"]
    layer = nn.GRU(v["i"], v["h"], batch_first=True, bidirectional=True)
    assert layer(torch.zeros(v["n"], v["t"], v["i"]))[0].shape[-1] == numbers["axes"]


def test_a_form_that_is_not_there():
    with pytest.raises(ValueError, match="There is no form 'd'"):
        forms.questions("d")


# --- the page and the file --------------------------------------------------------------------------------------------


def content(form="a", occasion="before", learner="ada", given=None, **more):
    """A file as the page saves it, all answers right unless others are given."""
    right = [next(k for k, option in enumerate(one["options"]) if option["right"]) if one["kind"] == "single"
             else one["answer"] for one in forms.questions(form)]
    return {"format": answers.FORMAT, "form": form, "fingerprint": answers.fingerprint(form), "occasion": occasion,
            "learner": learner, "answers": right if given is None else given, "saved": "2026-11-20T10:00:00.000Z",
            **more}


def put(folder, name, what):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(what if isinstance(what, str) else json.dumps(what), "utf8")
    return folder / name


@pytest.mark.parametrize("occasion", answers.OCCASIONS)
def test_the_page_holds_no_answer_and_asks_for_nothing_outside(occasion):
    page = answers.page(occasion)
    form = answers.WHICH[occasion]
    assert page.count("<fieldset>") == 12 and answers.fingerprint(form) in page and "://" not in page
    for question in forms.questions(form):
        told = [question.get("feedback", ""), question.get("otherwise", "")]
        told += [part["feedback"] for part in question.get("options", question.get("typical", []))]
        assert [text for text in told if text and text in page] == []
    assert "true" not in page.partition("<main>")[2].partition("<script>")[0]
    with pytest.raises(ValueError, match="There is no occasion 'noon'"):
        answers.page("noon")


def test_what_the_page_saves_can_be_read(browser, tmp_path):
    (tmp_path / "page.html").write_text(answers.page("before"), "utf8")
    tab = browser.new_page()
    asked, errors = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    tab.goto((tmp_path / "page.html").as_uri())
    tab.get_by_role("button").click()
    assert tab.get_by_role("status").inner_text() == "Write a name of letters and digits."
    tab.get_by_label("A name that you").fill("Ada 7")
    wanted = content(learner="Ada 7")["answers"]
    for number, (question, answer) in enumerate(zip(forms.questions("a"), wanted, strict=True), 1):
        if question["kind"] == "single":
            tab.locator(f"[name=q{number}][value='{answer}']").check()
        elif number == 1:
            tab.locator("[name=q1]").fill("six")
        elif number != 2:
            tab.locator(f"[name=q{number}]").fill(str(answer).replace(".", ","))
    tab.get_by_role("button").click()
    assert tab.get_by_role("status").inner_text() == "The answer to question 1 is no number."
    tab.locator("[name=q1]").fill(f" {wanted[0]} ")
    with tab.expect_download() as download:
        tab.get_by_role("button").click()
    assert download.value.suggested_filename == "answers-before-Ada-7.json"
    download.value.save_as(tmp_path / "saved.json")
    read = answers.read_answers(tmp_path / "saved.json")
    assert (read.learner, read.occasion, read.form) == ("ada 7", "before", "a")
    assert list(read.answers) == [wanted[0], None, *wanted[2:]] and sum(analysis.marked(read)) == 11
    assert errors == [] and [url for url in asked if not url.startswith(("file:", "blob:"))] == []
    tab.close()


@pytest.mark.parametrize(("what", "sentence"), [
    ("{", "not JSON"), ("[" * 5000, "not JSON"), ("[]", "not a file of answers"), ("x" * 200_000, "too large"),
    (content() | {"format": "other"}, "not a file of answers"), (content() | {"form": "d"}, "names no form"),
    (content() | {"form": ["a"]}, "names no form"), (content() | {"form": "ab"}, "names no form"),
    (content() | {"occasion": "noon"}, "or no occasion"), (content() | {"occasion": []}, "or no occasion"),
    (content() | {"fingerprint": "0"}, "another wording of form a"),
    (content() | {"learner": "<b>"}, "names no learner"),
    (content() | {"learner": 7}, "names no learner"), (content(given=[1]), "does not hold 12 answers"),
    (content(given=["6"] + [None] * 11), "answer to question 1"), (content(given=[True] + [None] * 11), "question 1"),
    (content(given=[None] * 3 + [4] + [None] * 8), "question 4"),
    (content(given=[None] * 3 + [0.5] + [None] * 8), "question 4"),
])
def test_a_file_that_the_page_did_not_save_is_refused(tmp_path, what, sentence):
    with pytest.raises(answers.AnswersError, match=sentence):
        answers.read_answers(put(tmp_path, "x.json", what))


def test_a_link_is_not_followed_and_infinity_is_no_answer(tmp_path):
    put(tmp_path, "real.json", content())
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(answers.AnswersError, match="no plain file"):
        answers.read_answers(tmp_path / "link.json")
    text = json.dumps(content()).replace("[6,", "[Infinity,")
    assert answers.read_answers(put(tmp_path, "inf.json", text)).answers[0] is None
    with pytest.raises(answers.AnswersError, match="question 1"):
        answers.read_answers(put(tmp_path, "inf.json", text.replace("Infinity", "1e999")))


# --- the analysis -----------------------------------------------------------------------------------------------------


def test_a_class_small_enough_to_work_out_by_hand(tmp_path):
    wrong = [None] * 12
    for name, occasion, given in (("ada", "before", wrong), ("ada", "after", None), ("bo", "before", None),
                                  ("bo", "after", None), ("cy", "before", wrong), ("dee", "after", wrong)):
        put(tmp_path, f"{name}-{occasion}.json", content(answers.WHICH[occasion], occasion, name, given))
    put(tmp_path, "again.json", content("b", "after", "Dee ", saved="2026-11-21T10:00:00Z"))
    put(tmp_path, "notes.json", "[]")
    read, left = analysis.read_folder([tmp_path])
    found = analysis.analyse(read)
    assert len(read) == 6 and sorted(left.values()) == [
        "It is not a file of answers that the page saves.", "dee saved again.json later, on the same occasion."]
    assert found["occasions"]["before"]["score"][0] == 4 and found["occasions"]["after"]["score"][0] == 12
    gain, = found["gains"]
    assert (gain["from"], gain["to"], gain["learners"]) == ("before", "after", 2)
    assert gain["gain"][0] == 6 and gain["normalised gain"][0] == 1
    first = found["questions"][0]
    assert (first["question"], first["right"], first["of"], first["difficulty"][0]) == ("order", 1, 3, 0.33)
    assert found["questions"][1]["discrimination"] == [None, None, None], "everybody was right"
    assert "2 learners answered only one of before and after" in found["warnings"][0]
    assert "cy, dee" in found["warnings"][0]
    assert any("half of the class form b" in one for one in found["warnings"])


def test_with_the_forms_crossed_nothing_is_said_of_them(tmp_path):
    for name, first, then in (("ada", "a", "b"), ("bo", "b", "a")):
        put(tmp_path, f"{name}1.json", content(first, "before", name))
        put(tmp_path, f"{name}2.json", content(then, "after", name))
    warnings = analysis.analyse(analysis.read_folder([tmp_path])[0])["warnings"]
    assert not any("half of the class" in one for one in warnings) and any("fewer than 8" in one for one in warnings)


# --- simulated classes whose truth is known ---------------------------------------------------------------------------


class Population:
    """Learners of normal ability, 12 questions: the logistic model with two parameters for each (difficulty, slope)."""

    difficulty, slope = np.linspace(-1.5, 1.5, 12), np.linspace(0.5, 1.6, 12)[[3, 9, 0, 6, 11, 2, 8, 5, 1, 10, 4, 7]]

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def answers(self, ability, learnt):
        chance = 1 / (1 + np.exp(-self.slope * (ability[:, None] + learnt - self.difficulty)))
        return self.random.random(chance.shape) < chance

    def sample(self, learners):
        ability = self.random.normal(size=learners)
        return self.answers(ability, -0.5), self.answers(ability, 0.6)


@pytest.fixture(scope="module")
def truth():
    before, after = Population(1).sample(200_000)
    gained = after.sum(1) - before.sum(1)
    return {"gain": gained.mean(), "normalised": gained.mean() / (12 - before.sum(1)).mean(), "share": after.mean(0),
            "discrimination": [np.corrcoef(after[:, k], after.sum(1) - after[:, k])[0, 1] for k in range(12)]}


@pytest.mark.parametrize("learners", [10, 30])
def test_the_intervals_hold_the_truth_as_often_as_they_say(learners, truth):
    population, held = Population(learners), {name: [] for name in truth}
    for k in range(600):
        before, after = population.sample(learners)
        b, a, q = before.sum(1), after.sum(1), k % 12
        for name, estimate, true in (
                ("gain", statistics.mean(a - b), truth["gain"]),
                ("normalised", statistics.normalised_gain(b, a, 12), truth["normalised"]),
                ("share", statistics.share(int(after[:, q].sum()), learners), truth["share"][q]),
                ("discrimination", statistics.discrimination(after[:, q], a - after[:, q]),
                 truth["discrimination"][q])):
            if estimate.low is not None:
                held[name].append(estimate.low <= true <= estimate.high)
    coverage = {name: np.mean(hits) for name, hits in held.items()}
    assert min(map(len, held.values())) > 500
    assert all(0.925 <= rate <= 0.985 for name, rate in coverage.items() if name != "discrimination"), coverage
    assert 0.925 <= coverage["discrimination"] <= 0.995, "never too sure; with 10 learners a little too careful"


def test_estimates_agree_with_scipy_and_know_when_there_is_nothing_to_say():
    from scipy import stats

    low, high = stats.binomtest(3, 9).proportion_ci(0.95, "wilson")
    assert statistics.share(3, 9)[1:] == pytest.approx((low, high))
    values = [1, 4, 2, 2]
    assert statistics.mean(values)[1:] == pytest.approx(tuple(stats.ttest_1samp(values, 0).confidence_interval(0.95)))
    assert statistics.share(0, 0).value is None and statistics.share(0, 5).low == 0
    assert statistics.mean([]).value is None and statistics.mean([3]) == (3, None, None)
    assert statistics.discrimination([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]).value is None
    assert statistics.discrimination([0, 0, 1, 1], [1, 1, 2, 2]).low is None, "a correlation of 1 has no interval here"
    assert statistics.normalised_gain([12, 12], [12, 12], 12).value is None
    wide = statistics.normalised_gain([12, 12, 0], [12, 12, 6], 12)
    assert wide.value == 0.5 and wide.low is None, "with one learner who had room, any ratio will do"


def test_the_interval_of_a_ratio_is_what_a_t_test_does_not_reject():
    from scipy import stats

    before, after = Population(5).sample(15)
    b, a = before.sum(1), after.sum(1)
    _, low, high = statistics.normalised_gain(b, a, 12)
    for ratio in (low, high):
        assert stats.ttest_1samp((a - b) - ratio * (12 - b), 0).pvalue == pytest.approx(0.05, abs=1e-6)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_page_and_reads_the_answers(tmp_path):
    run = lambda *line: CliRunner().invoke(main, ["kit", *map(str, line)])
    result = run("page", "after", "-o", tmp_path / "after.html")
    assert result.exit_code == 0 and (tmp_path / "after.html").read_text("utf8") == answers.page("after")
    assert run("page", "noon").exit_code == 2
    for k, name in enumerate(["ada", "bo", "cy", "dee", "eli"]):
        for occasion, wrong in (("before", 6), ("after", 2)):
            one = content(answers.WHICH[occasion], occasion, name)
            one["answers"][:wrong + k % 3] = [None] * (wrong + k % 3)
            put(tmp_path / "in", f"{name}-{occasion}.json", one)
    shown, said = run("analyse", tmp_path / "in"), json.loads(run("analyse", tmp_path / "in", "--json").stdout)
    assert shown.exit_code == 0 and "before  after         5  4.00" in shown.stdout
    assert said["gains"][0]["gain"] == [4.0, 4.0, 4.0] and len(said["questions"]) == 24
    put(tmp_path / "in", "x.json", "{}")
    result = run("analyse", tmp_path / "in")
    assert result.exit_code == 1 and "x.json: It is not a file of answers" in result.stderr
