"""Every task that the text sets for a figure is done with it: by mouse, by finger, and by keys alone.

A task is a function whose docstring is how the text sets it; what it asserts is what the reader is to find.
"""

import re
import time
from dataclasses import dataclass

import pytest
from places import bench_page, page_with
from test_rnn_playground import READS
from test_scalar_rnn import fixed_points_shown

from tools.course import ROOT, Notebook, find_all, some

WAYS = ("mouse", "touch", "keys")


@dataclass
class Hand:
    """A reader with a mouse, with a finger, or with a keyboard and nothing else."""

    figure: object
    way: str

    def get(self, trait):
        self.figure.settle()
        return self.figure.get(trait)

    @property
    def words(self):
        self.figure.settle()
        return self.figure.box.locator(".report").first.inner_text().replace("\u00a0", " ")

    def keys(self, *keys):
        for key in keys:
            self.figure.page.keyboard.press(key)
        self.figure.settle()

    def press(self, name, key="Enter"):
        self.press_it(self.figure.box.get_by_role("button", name=name, exact=True), key)

    def press_it(self, one, key="Enter"):
        if self.way == "keys":
            one.focus()
            self.keys(key)
        else:
            one.click() if self.way == "mouse" else one.tap()
        self.figure.settle()

    def tick(self, label):
        self.press_it(self.figure.box.get_by_label(label), key="Space")

    def choose(self, label):
        """A radio button. By keys one comes to the one that is chosen, and goes on from it."""
        one = self.figure.box.get_by_role("radio", name=label, exact=True)
        if self.way != "keys":
            return self.press_it(one)
        group = self.figure.box.locator(f"input[name='{one.get_attribute('name')}']")
        group.and_(self.figure.box.locator(":checked")).focus()
        for _ in range(group.count()):
            if not one.is_checked():
                self.keys("ArrowRight")
        assert one.is_checked(), label

    def at(self, one, across, down):
        """Press a place of an element, given as shares of its width and height."""
        one.scroll_into_view_if_needed()
        box = one.bounding_box()
        x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
        (self.figure.page.mouse.click if self.way == "mouse" else self.figure.page.touchscreen.tap)(x, y)
        self.figure.settle()

    def drag(self, path):
        """Press at the first of these points of the screen, go along the others, and let go."""
        page = self.figure.page
        if self.way == "mouse":
            page.mouse.move(*path[0])
            page.mouse.down()
            for point in path[1:]:
                page.mouse.move(*point, steps=6)
            page.mouse.up()
        else:
            finger, lifted = page.context.new_cdp_session(page), time.time() - 1    # a tap so soon after it is no tap
            for kind, points in (("touchStart", path[:1]), *(("touchMove", [one]) for one in path[1:]),
                                 ("touchEnd", [])):
                finger.send("Input.dispatchTouchEvent", {"type": kind, "timestamp": lifted,
                                                         "touchPoints": [{"x": x, "y": y} for x, y in points]})
        self.figure.settle()

    def hold(self, start, places, done):
        """With the mouse: press, go to each of these places in turn until it is done, and let go."""
        mouse = self.figure.page.mouse
        mouse.move(*start)
        mouse.down()
        for place in places:
            mouse.move(*place)
            self.figure.settle()
            if done():
                break
        mouse.up()
        self.figure.settle()

    def slide(self, label, to):
        """A slider, to a place that is one of its notches: by keys notch by notch, else near it and then on it."""
        one = self.figure.box.get_by_role("slider", name=label, exact=True)
        now, low, high, step = (float(text) for text in one.evaluate("one => [one.value, one.min, one.max, one.step]"))
        if self.way == "keys":
            one.focus()
            steps = round((to - now) / step)
            self.keys(*["ArrowRight" if steps > 0 else "ArrowLeft"] * abs(steps))
        else:
            one.scroll_into_view_if_needed()
            box, there = one.bounding_box(), lambda: abs(float(one.input_value()) - to) < step / 2
            x, y = lambda value: box["x"] + 8 + (box["width"] - 16) * (value - low) / (high - low), box["height"] / 2
            around = [x(to) + off for off in sorted((k / 2 for k in range(-16, 17)), key=abs)]
            if self.way == "mouse":
                self.hold((x(now), box["y"] + y), [(one, box["y"] + y) for one in around], there)
            else:
                for place in around:
                    self.figure.page.touchscreen.tap(place, box["y"] + y)
                    self.figure.settle()
                    if there():
                        break
        assert float(one.input_value()) == pytest.approx(to, abs=step / 100), f"{label} by {self.way}"

    def write(self, text):
        field = self.figure.box.get_by_role("textbox", name="expression")
        self.press_it(field, key="End")
        self.keys("ControlOrMeta+a")
        self.figure.page.keyboard.type(text)
        self.keys("Enter")

    def wait(self, expression):
        self.figure.page.wait_for_function(expression, arg=self.figure.box.element_handle())


# --- ScalarRNN -------------------------------------------------------------------------------------------------------


def set_bar(hand, step, value):
    bar = hand.figure.box.get_by_label(f"input of step {step}", exact=True)
    if hand.way == "touch":
        hand.at(bar, 0.5, 0.05)
        return hand.slide("input of the marked step", value)
    now = hand.get("inputs")[step - 1]
    if hand.way == "keys":
        bar.focus()
        return hand.keys(*["ArrowUp" if value > now else "ArrowDown"] * round(abs(value - now) * 10))
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    x, y = box["x"] + box["width"] / 2, lambda one: box["y"] + box["height"] * (0.5 - one / 6)
    around = [(x, y(value) + off) for off in sorted((k / 2 for k in range(-9, 10)), key=abs)]
    return hand.hold((x, y(now)), around, lambda: abs(hand.get("inputs")[step - 1] - value) < 0.01)


def no_longer_turned(hand):
    """Raise the bar of step 11 until the state no longer turns over."""
    assert hand.get("h")[-1] < -0.8
    set_bar(hand, 11, -1.7)
    assert hand.get("inputs")[10] == pytest.approx(-1.7) and hand.get("h")[-1] < 0
    set_bar(hand, 11, -1.6)
    assert hand.get("inputs")[10] == pytest.approx(-1.6) and hand.get("h")[-1] > 0


def three_dots_become_one(hand):
    """Press Reset. Lower Wh slowly: when do three dots become one, and where is h then?"""
    hand.press("Reset")
    assert hand.get("inputs")[10] == -2
    hand.slide("recurrent weight W h", 1.05)
    assert len(fixed_points_shown(hand.figure)) == 3
    hand.slide("recurrent weight W h", 1)
    assert fixed_points_shown(hand.figure) == [(0.0, "slow")]


def smaller_stairs(hand):
    """Fade, then Walk."""
    hand.press("Fade")
    hand.press("Walk")
    hand.wait("host => host.model.get('step') >= 3 && host.model.get('step') < 20")
    hand.press("Stop")
    assert hand.figure.box.locator(".path polyline:visible").count() >= 2


def a_bit_is_lost(hand):
    """Keep, then Silence all inputs. Drag the start h0 to both sides of the hollow dot. Then move b until two dots
    meet."""
    hand.press("Keep")
    hand.press("Silence all inputs")
    for side, far in ((1, 1), (-1, 2)):
        handle = hand.figure.box.locator("g[aria-label='start state h 0, over time']")
        if hand.way == "keys":
            handle.focus()
            hand.keys(*["ArrowUp" if side > 0 else "ArrowDown"] * 12 * far)
        else:
            mark = handle.locator(".mark")
            mark.scroll_into_view_if_needed()
            box = mark.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            hand.drag([(x, y), (x, y - side * 15), (x, y - side * far * 60)])
        assert side * hand.get("h_0") > 0 and side * hand.get("h")[-1] > 0.8
    hand.slide("bias b", 0.2)
    assert len(fixed_points_shown(hand.figure)) == 3
    hand.slide("bias b", 0.4)
    assert len(fixed_points_shown(hand.figure)) == 1 and hand.get("h")[-1] > 0.8


# --- ShapeExplorer ---------------------------------------------------------------------------------------------------


def the_other_rows_numbers(hand):
    """Tick bidirectional."""
    hand.tick("bidirectional")
    assert hand.get("h_n_shape")[0] == 2 and "h_n[-2]" in hand.words
    hand.write("out[:, 0, hidden_size:]")
    assert hand.words.endswith("It equals h_n[-1].")


def both_ends(hand):
    """Pick out[:, -1], drag seq_len to 1, then up."""
    hand.press("out[:, -1]")
    hand.slide("seq_len", 0)
    assert hand.get("seq_len") == 1 and "Only its forward half" not in hand.words
    hand.slide("seq_len", 1)
    assert hand.get("seq_len") == 2 and "Only its forward half is an end" in hand.words


def the_state_keeps_its_shape(hand):
    """Untick batch_first."""
    before = hand.get("h_n_shape")
    hand.tick("batch_first")
    assert hand.get("batch_first") is False and hand.get("h_n_shape") == before and "not a step" in hand.words
    hand.write("out[-1]")
    assert "the last" in hand.words and hand.get("picked_shape") == [5, 12]


def the_end_of_layer_one(hand):
    """Press three layers."""
    hand.press("three layers")
    hand.write("h_n[1, 0]")
    assert hand.get("picked_shape") == [6]


def no_parameter_more(hand):
    """Which controls never change the number of parameters?"""
    before = hand.get("parameters")
    for label in ("batch", "seq_len"):
        hand.slide(label, 9)
        assert hand.get("parameters") == before
    for label in ("batch_first", "packed (lengths differ)"):
        hand.tick(label)
        assert hand.get("parameters") == before
    for label, to in (("num_layers", 0), ("input_size", 9), ("hidden_size", 9)):
        hand.slide(label, to)
        assert hand.get("parameters") != before
        before = hand.get("parameters")


# --- GradientExplorer ------------------------------------------------------------------------------------------------


def a_guess_and_a_sweep(hand):
    """Press Try it (by keys: Enter) and see how far your guess was off. Then sweep the weight slowly from 0 across 1,
    and on to 3."""
    cover = hand.figure.box.get_by_role("slider", name="your guess")
    if hand.way == "keys":
        cover.focus()
        hand.keys("ArrowLeft", "ArrowUp", "ArrowUp")
    else:
        hand.at(cover, 0.7, 0.3)
    assert len(hand.get("guess")) == 2
    if hand.way == "keys":
        hand.keys("Enter")
    else:
        hand.press("Try it")
    assert hand.words.startswith("You guessed") and "too high" in hand.words
    for weight in (0, 0.5, 0.9, 1, 1.05, 1.5, 3):
        hand.slide("recurrent weight", weight)
    tried = dict(zip(hand.get("tried"), hand.get("arrives"), strict=True))
    assert max(tried, key=lambda weight: abs(tried[weight])) in (1, 1.05)
    assert tried[0.9] == pytest.approx(0.018, abs=5e-4)


def off_the_edge(hand):
    """Press On the edge. Then give the input one notch of swing."""
    hand.press("On the edge")
    assert hand.get("gradient") == pytest.approx(85_223, abs=1) and hand.words.startswith("It explodes")
    hand.slide("input swing", 0.05)
    assert abs(hand.get("gradient")) < 0.01


def only_one_holds(hand):
    """Press Holds, set the lag to 100, and move the weight by one notch."""
    hand.press("Holds")
    hand.slide("lag, steps back", 100)
    assert hand.get("gradient") == 1
    hand.slide("recurrent weight", 0.95)
    assert hand.get("gradient") == pytest.approx(0.95**100) and hand.words.startswith("It vanishes")


def cut_off(hand):
    """Press Explodes. Then lower the level to 0 and the weight below 1: what cuts the product off?"""
    hand.press("Explodes")
    assert hand.words.startswith("It explodes")
    hand.slide("input level", 0)
    hand.slide("recurrent weight", 0.95)
    assert hand.get("gradient") == 0 and "the slope of the ReLU is 0" in hand.words


def the_slope_stays(hand):
    """In Explodes and in Fades, turn on clipping, a limit for the size (more below). What happens to the slope of the
    line?"""
    for name in ("Explodes", "Fades"):
        hand.press(name)
        hand.tick("Clip the gradient")
        assert hand.get("clip") and hand.get("scale") < 1
        assert "clipping multiplies everything by" in hand.words and ("stays vanished" in hand.words
                                                                      or "differ as before" in hand.words)


# --- GateExplorer ----------------------------------------------------------------------------------------------------


def left(hand):
    return float(re.search(r"([\d.]+) % is left", hand.words)[1])


def set_input(hand, value):
    """The input at the step of the cursor."""
    strip = hand.figure.box.get_by_role("slider", name="input at the step of the cursor")
    at, now = hand.get("step"), hand.get("inputs")
    if hand.way == "keys":
        strip.focus()
        return hand.keys(*["ArrowUp" if value > now[at] else "ArrowDown"] * round(abs(value - now[at]) * 10))
    knob = hand.figure.box.locator("rect.held")
    knob.scroll_into_view_if_needed()
    box, room = knob.bounding_box(), strip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    each = room["height"] / 48 * 42 / 2 / 2          # of the strip's 48 units 42 are for inputs from -2 to 2
    for off in (0, -1, 1, -2, 2, 3, -3):
        box = knob.bounding_box()
        y = box["y"] + box["height"] / 2
        now = hand.get("inputs")[at]
        if now != pytest.approx(value, abs=0.01):
            hand.drag([(x, y), (x, y - (value - now) * each / 2), (x, y - (value - now) * each + off)])
    return None


def half_is_lost(hand, gate):
    hand.slide(f"bias, {gate}", 4.5)
    assert 50 < left(hand) < 65
    hand.slide(f"bias, {gate}", 4)
    assert 35 < left(hand) < 50


def near_to_one(hand):
    """remember for 50 steps: drag bz down until half of the number is lost. Read off z: how near to 1 is it?"""
    hand.press("remember for 50 steps")
    assert left(hand) > 99
    half_is_lost(hand, "update gate")
    assert re.search(r"for z is 0\.98\d* on average", hand.words)


def one_z_for_all_steps(hand):
    """forget: here you set z by hand, the same at every step. Move it up, then down."""
    hand.press("forget")
    hand.slide("opening of the update gate", 0.99)
    up = hand.get("h")
    hand.slide("opening of the update gate", 0.5)
    down = hand.get("h")
    assert up[9] < 0.2 and up[39] / up[9] > 0.7 and down[9] > 0.9 and down[39] / down[9] < 1e-6


def the_value_is_the_command(hand):
    """overwrite: select step 16 and drag its input down to 0.2."""
    hand.press("overwrite")
    hand.slide("step", 17)
    hand.slide("step", 16)
    set_input(hand, 0.2)
    assert hand.get("inputs")[15] == pytest.approx(0.2, abs=0.06)
    assert hand.get("h")[15] == pytest.approx(hand.get("h")[14], rel=0.2) and "z decides" in hand.words
    hand.slide("bias, update gate", 4)
    assert hand.get("h")[15] < 0.4, "written"
    assert hand.get("h")[14] < 0.9 * hand.get("h")[3], "and the waiting steps keep less"


def the_candidate_repeats_the_state(hand):
    """forget again, with z = 0.5 and Whn = 2 (press n to find it): without input, the state no longer fades, for the
    candidate now repeats it. Shut r. Is the state gone at once?"""
    hand.press("forget")
    hand.slide("opening of the update gate", 0.5)
    hand.press("n, candidate, over time")
    hand.slide("weight of the state, candidate", 2)
    assert hand.get("h")[39] > 0.9
    hand.press("r, reset gate, over time")
    hand.slide("opening of the reset gate", 0)
    h = hand.get("h")
    assert h[10:] == pytest.approx([0.5 * before for before in h[9:-1]])


def opened_at_the_last_steps(hand):
    """remember for 50 steps: play it, and watch o at the last two steps. Then drag bf down until about half is lost."""
    hand.press("remember for 50 steps")
    hand.press("play")
    hand.wait("host => [1, 2, 3].includes(host.model.get('step'))")
    hand.press("pause")
    hand.slide("step", 51)
    assert "o is open" in hand.words and "for f is 0.99993" in hand.words
    half_is_lost(hand, "forget gate")


def it_counts_down(hand):
    """count: drag an input to −1. Why does it not count down? Change the weights of i so that it does."""
    hand.press("count")
    set_input(hand, -1)
    c = hand.get("c")
    assert hand.get("inputs")[35] == pytest.approx(-1, abs=0.06) and c[35] == pytest.approx(c[34], abs=0.01)
    hand.press("i, input gate, over time")
    hand.slide("weight of the input, input gate", 0)
    hand.slide("bias, input gate", 15)
    c = hand.get("c")
    assert c[35] - c[34] == pytest.approx(-1, abs=0.05)


def a_harmless_input(hand):
    """reset: which gate wipes the cell state? Find one weight that makes the same input harmless."""
    hand.press("reset")
    assert abs(hand.get("c")[22]) < 0.01 and "f decides" in hand.words
    hand.press("f, forget gate, over time")
    hand.slide("weight of the input, forget gate", 0)
    assert hand.get("c")[22] == pytest.approx(4, abs=0.1)


def what_leaks(hand):
    """leak: after 50 steps of f = 0.99, how much is left? Try 0.9 and 1."""
    hand.press("leak")
    assert left(hand) == 60.5 and "for f is 0.990 on average" in hand.words
    hand.slide("opening of the forget gate", 0.9)
    assert left(hand) == 0.5
    hand.slide("opening of the forget gate", 1)
    assert left(hand) == 100


def nothing_is_shown(hand):
    """Gates by hand, f = 1 and o = 0: what do you see in h, and what has the cell state lost?"""
    hand.press("remember for 50 steps")
    hand.choose("by hand")
    hand.slide("opening of the forget gate", 1)
    hand.slide("opening of the output gate", 0)
    assert set(hand.get("h")) == {0} and left(hand) == 100


# --- RNNPlayground ---------------------------------------------------------------------------------------------------

SAYS = "host => /solved|right in|diverged/.test(host.shadowRoot.querySelector('.report').textContent)"


def train(hand):
    hand.press("Train")
    hand.wait(SAYS)
    hand.figure.page.wait_for_function(READS, arg=[hand.figure.box.element_handle(), "atRest"])
    return hand.words


def one_change_of_three(hand):
    """Then press Train, and try the three changes under Settings, each with all else as it was."""
    assert "guessing gives" in train(hand)
    hand.slide("learning rate", -1)
    assert hand.get("lr") == 0.1 and "has learned nothing yet" in train(hand)
    hand.slide("learning rate", -1.7)
    hand.slide("hidden size", 32)
    assert hand.get("lr") == 0.02 and "has learned nothing yet" in train(hand)
    hand.slide("hidden size", 12)
    hand.tick("Open the forget or update gate")
    assert "times as much" in hand.words, "before the first batch its gradient already reaches back"
    assert "solved it after 169 batches" in train(hand)


def open_the_gate(hand):
    """Train Gate open, then Gate as PyTorch starts it."""
    hand.press("Gate open")
    assert "has solved it" in train(hand)
    hand.press("Gate as PyTorch starts it")
    assert "has learned nothing yet" in train(hand)


def a_race_at_two_rates(hand):
    """Race at 0.01 lets an RNN and a GRU start from one seed, and after 600 batches the RNN is ahead; in Race at 0.03
    only the rate has changed, and the GRU wins."""
    ahead = []
    for name in ("Race at 0.01", "Race at 0.03"):
        hand.press(name)
        told = train(hand)
        share = {net: 100 if f"The {net} has solved" in told else int(re.search(rf"{net} is right in (\d+)", told)[1])
                 for net in ("RNN", "GRU")}
        ahead.append(max(share, key=share.get))
    assert ahead == ["RNN", "GRU"]


def parity(hand):
    """An LSTM with an open gate learns the parity of 4 bits"""
    hand.press("Parity of 4 bits")
    assert "has solved it" in train(hand)
    hand.press("Parity of 21 bits")
    assert "has learned nothing yet" in train(hand)


# --- BatchFirst ------------------------------------------------------------------------------------------------------


def the_bug_happens(hand):
    """Press batch_first forgotten, then Play. Then tap rows of the images, or choose which answers a row reaches: find
    one whose change no answer notices, and one that all four notice."""
    hand.press("batch_first forgotten")
    hand.press("Play")
    hand.wait("host => host.model.get('step') === 1")
    hand.press("Pause")
    for digit, row, found in ((1, 10, "no answer can change"), (0, 27, "x[0], x[1], x[2] and x[3] can change")):
        if hand.way == "keys":
            hand.choose("which answers a row reaches")
            hand.slide("image", digit)
            hand.slide("row", row)
        else:
            hand.at(hand.figure.box.locator(".batch > g").nth(digit).locator(".edge"), 0.5, (row + 0.5) / 28)
        assert hand.words.startswith(f"Change row {row} of x[{digit}]") and found in hand.words


# --- DigitReader -----------------------------------------------------------------------------------------------------


def draw(hand, *strokes):
    """Lines along the edges of a grid of 10 in the pad's 280."""
    pad = hand.figure.box.get_by_role("application")
    if hand.way != "keys":
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        for stroke in strokes:
            hand.drag([(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in stroke])
        return
    pad.focus()
    x, y = getattr(hand, "pen", (140, 140))
    for stroke in strokes:
        for k, (right, down) in enumerate(stroke):
            hand.keys(*["ArrowRight" if right > x else "ArrowLeft"] * (abs(right - x) // 10),
                      *["ArrowDown" if down > y else "ArrowUp"] * (abs(down - y) // 10))
            x, y = right, down
            if k in (0, len(stroke) - 1):
                hand.keys("Space")
    hand.pen = x, y


def empty(hand):
    hand.press("Clear the drawing")


def closed_at_the_top(hand):
    """Draw a 4 with an open top, then close the top. Which answer do you get, and from which row on?"""
    empty(hand)
    draw(hand, [(90, 60), (90, 150), (190, 150)], [(190, 60), (190, 240)])
    assert hand.get("prediction") == 4 and hand.words.startswith("It reads a 4")
    draw(hand, [(90, 60), (190, 60)])
    assert hand.get("prediction") == 9 and len(hand.get("strokes")) == 3
    hand.slide("rows read", 10)
    assert hand.get("row") == 10


def not_where_digits_are(hand):
    """Draw a small 5 in a corner, then untick fit and centre it."""
    empty(hand)
    draw(hand, [(80, 30), (40, 30), (40, 60), (80, 60), (80, 100), (40, 100)])
    assert hand.get("prediction") == 5
    strokes = hand.get("strokes")
    hand.tick("fit and centre it")
    hand.wait("host => !host.model.get('centred')")
    assert hand.get("strokes") == strokes and hand.get("prediction") != 5


def a_column_that_keeps(hand):
    """Choose f."""
    hand.choose("f")
    assert hand.get("part") == "f"
    hand.choose("c")
    cell = hand.figure.box.get_by_label("unit and row looked at")
    if hand.way == "keys":
        cell.focus()
        hand.keys("ArrowRight", "ArrowDown")
    else:
        hand.at(cell, 20.5 / 64, 15.5 / 28)
    sums = hand.figure.box.locator(".sums p").first.inner_text()
    assert sums.startswith(f"c{hand.get('row')} = f · c{hand.get('row') - 1} + i · g")


def none_of_these(hand):
    """Take the heart. How sure is it?"""
    hand.press("a heart, which is no digit")
    assert hand.get("strangeness") > 0.5 and max(hand.get("probabilities")[-1]) > 0.5


def look_at(hand, unit, row):
    hand.slide("unit looked at", unit)
    hand.slide("rows read", row)
    names = hand.figure.box.locator(".numbers > div")
    pairs = names.evaluate_all("all => all.map(one => [...one.children].map(each => each.textContent))")
    return {name: float(value.replace("\u2212", "-")) for name, value in some(pairs)}


def what_protects_it(hand):
    """Unit 12, from row 15 on: the candidate is often near −1, and yet c moves little. Which gate keeps it, and which
    one protects it? Look at the sum of one such row."""
    assert hand.get("unit") == 11
    for row in (15, 20, 26):
        found = look_at(hand, 12, row)
        assert found["f"] > 0.95 and found["i"] < 0.11
    assert hand.figure.box.locator(".sums p").first.inner_text().startswith("c26 = f · c25 + i · g")


def what_lets_it_out(hand):
    """Unit 1: step from row 23 to the end."""
    opened = [look_at(hand, 1, row)["o"] for row in range(23, 29)]
    assert opened[0] == pytest.approx(0.05, abs=0.01) and opened[-1] == pytest.approx(0.92, abs=0.01)


def a_number_in_both(hand):
    """Take the ready 7, then the 6. Does unit 12 keep a number in both, and is it the same one? Then draw a digit of
    your own."""
    hand.press("a seven")
    assert look_at(hand, 12, 28)["c"] == pytest.approx(1.7, abs=0.15)
    hand.press("a six")
    assert look_at(hand, 12, 28)["c"] < 0
    empty(hand)
    draw(hand, [(140, 40), (140, 230)])
    assert hand.get("prediction") == 1


# --- all of them -----------------------------------------------------------------------------------------------------

TASKS = [
    ("book/02-scalar-rnn", "ScalarRNN", (no_longer_turned, three_dots_become_one, smaller_stairs, a_bit_is_lost)),
    ("book/03-shapes", "ShapeExplorer", (the_other_rows_numbers, both_ends, the_state_keeps_its_shape,
                                         the_end_of_layer_one, no_parameter_more)),
    ("book/06-backprop-through-time", "GradientExplorer", (a_guess_and_a_sweep, off_the_edge, only_one_holds, cut_off,
                                                           the_slope_stays)),
    ("book/07-gru", "GateExplorer", (near_to_one, one_z_for_all_steps, the_value_is_the_command,
                                     the_candidate_repeats_the_state)),
    ("book/08-lstm", "GateExplorer", (opened_at_the_last_steps, it_counts_down, a_harmless_input, what_leaks,
                                      nothing_is_shown)),
    ("book/08-lstm", "DigitReader", (what_protects_it, what_lets_it_out, a_number_in_both)),
    ("book/09-what-a-net-keeps", "RNNPlayground", (one_change_of_three,)),
    ("book/10-images-as-sequences", "BatchFirst", (the_bug_happens,)),
    ("book/11-hand-built-digits", "DigitReader", (closed_at_the_top, not_where_digits_are, a_column_that_keeps,
                                                  none_of_these)),
    ("book/playground", "RNNPlayground", (open_the_gate, a_race_at_two_rates, parity)),
]
PLACES = [pytest.param(*one, id=f"{one[0].partition('/')[2]}-{one[1]}") for one in TASKS]


def plain(text):
    """Text without its marks: no code, stress or formula is marked, and no index set off."""
    return " ".join(re.sub(r"[*`$_{}\\]", "", text.replace(" _", "_").replace("batch_first", "batch\0first")
                           .replace("hidden_size", "hidden\0size").replace("seq_len", "seq\0len")
                           .replace("h_n[", "h\0n[")).replace("\0", "_").split())


def cell_of(page, name):
    """The Python that makes the figure, and the text beside it: what stands before and after its cell."""
    if (ROOT / f"{page}.md").exists():
        text = (ROOT / f"{page}.md").read_text("utf8")
        return find_all(r"\{interactive\} (.*)", text)[0], [text]
    cells = Notebook(ROOT / f"{page}.ipynb").cells
    at, = (k for k, one in enumerate(cells) if f"import {name}" in one.source and one.kind == "code")
    return cells[at].source[cells[at].source.rindex(f"{name}("):], [cells[at - 1].source, cells[at + 1].source]


@pytest.mark.parametrize(("page", "name", "tasks"), PLACES)
def test_each_task_of_the_text_is_tried(page, name, tasks):
    """None is missing: a numbered list under a figure has as many points as there are tasks."""
    text = cell_of(page, name)[1]
    for task in tasks:
        assert " ".join(task.__doc__.split()) in plain(" ".join(text)), task.__name__
    numbered = re.findall(r"(?m)^\d+\. ", text[-1].partition("<details>")[0])
    assert len(numbered) in (0, len(tasks))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("page", "name", "tasks"), PLACES)
def test_the_tasks_are_done(browser, tmp_path, page, name, tasks, way):
    """With the figure as the page makes it, one task after the other, as a reader does them."""
    url = bench_page(" ".join(cell_of(page, name)[0].split()), tmp_path).as_uri()
    moving = {"reduced_motion": "no-preference"} if name in ("ScalarRNN", "BatchFirst") else {}
    with page_with(browser, url, name, **moving) as figure:
        for task in tasks:
            task(Hand(figure, way))
        assert figure.problems == []
