"""Checks that need no tensor: plain Python, so that the notebooks and the page of an exercise run the same files.

On a page they run in MicroPython, which has no NumPy, a smaller standard library and a smaller syntax: no star inside
brackets, no `zip(strict=...)`. So nothing is imported here but `math`, and numbers are taken as they come: a list, a
tuple, a generator, an array and a tensor are all turned into a flat list.
"""

EXERCISES = {}      # "scalar-rnn/states" -> the function that checks it


class CheckFailed(AssertionError):
    """An answer that is not right yet. Notebooks show its message alone, without a traceback."""

    def _render_traceback_(self):
        return [f"Not yet: {self}"]


def fail(message):
    """End the check with a message that teaches. Start it in lower case: "Not yet: " is put before it."""
    raise CheckFailed(message)


def exercises_of(module):
    """What registers the checks of a module: `exercise = exercises_of(__name__)`, then `@exercise("states")`."""
    subject = module.split(".")[-1].replace("_", "-")

    def exercise(name):
        def register(function):
            EXERCISES[f"{subject}/{name}"] = function
            return function
        return register
    return exercise


def praise_for(exercise_id, *answers, **named_answers):
    """Run the check of this exercise; returns its line of praise.

    Raises:
        CheckFailed: with a message that names what is wrong and the likely cause.
    """
    given = list(answers) + list(named_answers.values())
    if any(answer is ... for answer in given):
        fail("there is no answer yet. Put yours where the ... stands, run it, and check again")
    if any(answer is None for answer in given):
        fail("what you give is None. So what it was made with returns nothing: if that is a function of an exercise "
             "above, answer that one first")
    return EXERCISES[exercise_id](*answers, **named_answers) or "Right."


def call(function, *arguments, name=None, hints=None):
    """What the learner's function returns; a function that fails or returns nothing ends the check in words.

    `hints` maps words of an error's message to its likely cause; the first that stand in it count.
    """
    name = name or getattr(function, "__name__", "your function")
    if not callable(function):
        fail(f"{name} should be a function, but it is {_kind(function)}")
    try:
        result = function(*arguments)
    except CheckFailed:
        raise
    except Exception as problem:
        given = ", ".join(map(_described, arguments))
        cause = next((". " + hint for words, hint in (hints or {}).items() if words in str(problem)), "")
        given = f"called with {given}" if given else "called without arguments"
        fail(f"{name} stopped with {type(problem).__name__}: {problem} ({given})" + cause)
    if result is None or result is ...:
        fail(f"{name} returns nothing yet. Does the ... still stand there? Every way through your lines has to end "
             "with "
             "return; print only shows a value")
    return result


def _kind(value):
    return type(value).__name__


def _described(value):
    """An argument in a few words: a tensor's shape, a number or a short list as it is, else its type."""
    if hasattr(value, "shape"):
        return str(tuple(value.shape))
    if isinstance(value, (int, float, str)) or (isinstance(value, (list, tuple)) and len(value) <= 6):
        return shown(value)
    return _kind(value)


def shown(value, most=60):
    """The value as Python writes it, cut where it is long; of a float six digits."""
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= most else text[:most - 4] + " ..."


def number(got, what, wanted="one number"):
    """The number that an answer is or holds; a tensor or a list of one number is one, text is not."""
    values = _flat(got)
    if values is None or len(values) != 1:
        fail(f"{what} should be {wanted}, but it is {shown(got)}")
    return values[0]


def whole(got, what, wanted="a whole number"):
    """The whole number that an answer is, as an int; 3.0 is one, 3.5 is not."""
    value = number(got, what, wanted)
    if value != value or value in (float("inf"), -float("inf")) or value != int(value):
        fail(f"{what} should be {wanted}, but it is {shown(got)}")
    return int(value)


def numbers(got, what, wanted):
    """The numbers that an answer holds, one after the other, whatever holds them."""
    values = _flat(got)
    if values is None or (not values and got != [] and got != ()) or _is_single(got):
        fail(f"{what} should be {wanted}, but it is {shown(got)}")
    return values


def listed(got, what, wanted):
    """What an answer holds, as a list: of numbers, or of lists; a number or a text is refused."""
    got = got.tolist() if hasattr(got, "tolist") else got
    if isinstance(got, (str, dict, set)) or not several(got):
        fail(f"{what} should be {wanted}, but it is {shown(got)}")
    return list(got)


def indices(got, what, wanted):
    """The whole numbers that an answer holds, each fit to be an index: neither 2.0 nor True is."""
    values = [value.tolist() if hasattr(value, "tolist") else value for value in listed(got, what, wanted)]
    numbers(values, what, wanted)
    for value in values:
        if type(value) is not int:
            fail(f"{what} holds {shown(value)}, and only whole numbers can be used as an index")
    return values


def several(value):
    """Whether one can go through it: a list, a tuple, a set, an array, a generator; a text too."""
    try:
        iter(value)
    except TypeError:
        return False
    return True


def _is_single(got):
    """Whether it is one bare number; a list, an array or a tensor with an axis is not, however short."""
    return not several(got.tolist() if hasattr(got, "tolist") else got)


def _flat(got):
    """All numbers in a nested answer as floats; None if there is something else in it."""
    if hasattr(got, "tolist"):
        got = got.tolist()
    if isinstance(got, (bool, int, float)):
        return [float(got)]
    if isinstance(got, (str, dict, set)) or got is None:
        return None
    try:
        parts = [_flat(part) for part in got]
    except TypeError:
        return None
    return None if any(part is None for part in parts) else [value for part in parts for value in part]


def close(got, want, tolerance=1e-4):
    """Whether two numbers, or two lists of them, agree within the tolerance, relative to what is wanted."""
    if not isinstance(want, (list, tuple)):
        got, want = [got], [want]
    return len(got) == len(want) and all(abs(got[k] - want[k]) <= tolerance * (1 + abs(want[k]))
                                         for k in range(len(want)))


def expect_count(got, count, what, axes, hints=None):
    """End the check unless there are so many numbers; `hints` maps a wrong count to its likely cause."""
    if len(got) != count:
        cause = (hints or {}).get(len(got))
        numbers = "1 number" if len(got) == 1 else f"{len(got)} numbers"
        fail(f"{what} holds {numbers} instead of {count} ({axes})" + (f". {cause}" if cause else ""))


def expect_close(got, want, what, causes, compare, tolerance=1e-4):
    """End the check unless `got` equals `want`.

    `causes` lists pairs of a likely cause and the value that it gives; one that gives the right value too is passed
    over. `compare` says what to look at next when none of them fits.
    """
    if close(got, want, tolerance):
        return
    for cause, value in causes:
        if close(got, value, tolerance) and not close(value, want, tolerance):
            fail(f"{what} is not right: {cause}")
    fail(f"{what} is not right. {compare}")
