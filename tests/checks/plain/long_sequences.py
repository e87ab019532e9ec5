"""Right and wrong answers in plain Python, which also run on a page."""

import math

# --- your turn: all states --------------------------------------------------------------------------------------------


def all_states(keep, new):
    h, states = 0.0, []
    for share, added in zip(keep, new):
        h = share * h + added
        states.append(h)
    return states


def all_states_by_index(keep, new):
    states = [new[0]]
    for k in range(1, len(new)):
        states.append(keep[k] * states[k - 1] + new[k])
    return states


def all_states_recursive(keep, new):
    if not new:
        return []
    before = all_states_recursive(keep[:-1], new[:-1])
    return before + [keep[-1] * (before[-1] if before else 0) + new[-1]]


def all_states_as_sums(keep, new):
    """Each state is the sum of what was new at every step, times all shares since."""
    states = []
    for t in range(len(new)):
        total = 0
        for k in range(t + 1):
            left = new[k]
            for share in keep[k + 1:t + 1]:
                left *= share
            total += left
        states.append(total)
    return tuple(states)


def all_states_in_rounds(keep, new):
    keep, new, reach = list(keep), list(new), 1
    while reach < len(new):
        new = new[:reach] + [new[k] + keep[k] * new[k - reach] for k in range(reach, len(new))]
        keep = keep[:reach] + [keep[k] * keep[k - reach] for k in range(reach, len(keep))]
        reach *= 2
    return new


def all_states_yielded(keep, new):
    h = 0
    for k in range(len(new)):
        h *= keep[k]
        h += new[k]
        yield h


def stepping(step, h=0.0):
    def answer(keep, new):
        states, state = [], h
        for k in range(len(new)):
            state = step(state, keep[k], new[k])
            states.append(state)
        return states
    return answer


# --- the baseline -----------------------------------------------------------------------------------------------------

def baseline(letters, copied, delay):
    return copied * math.log(letters) / (delay + 2 * copied)


def baseline_step_by_step(letters, copied, delay):
    losses = [0.0] * (copied + delay) + [math.log(letters)] * copied
    return sum(losses) / len(losses)


def baseline_of_probabilities(letters, copied, delay):
    steps = copied + delay + copied
    return -math.log(1 / letters) * copied / steps


def baseline_in_other_logarithm(letters, copied, delay):
    bits = copied * math.log(letters) / math.log(2)
    return [bits * math.log(2) / (delay + copied + copied)]


def baseline_as_share(letters, copied, delay):
    share = copied / (delay + copied * 2)
    return share * math.log(letters)


def baseline_in_a_loop(letters, copied, delay):
    total = 0
    for _ in range(copied):
        total += math.log(letters)
    return total / (2 * copied + delay)


# --- who is ahead -----------------------------------------------------------------------------------------------------

def ahead(histories, seconds):
    best = {}
    for name, history in histories.items():
        best[name] = max([accuracy for accuracy, passed in history if passed <= seconds] + [0])
    return max(best, key=lambda name: best[name])


def ahead_in_a_loop(histories, seconds):
    leader, most = None, -1
    for name in histories:
        for accuracy, passed in histories[name]:
            if passed <= seconds and accuracy > most:
                leader, most = name, accuracy
    return leader


def ahead_sorted(histories, seconds):
    points = [(accuracy, name) for name, history in histories.items() for accuracy, passed in history
              if not passed > seconds]
    return sorted(points)[-1][1]


def ahead_by_pairs(histories, seconds):
    return max([(accuracy, name) for name, history in histories.items() for accuracy, passed in history
                if passed <= seconds])[1]


def ahead_with_a_break(histories, seconds):
    best = {name: 0 for name in histories}
    for name, history in histories.items():
        for accuracy, passed in history:
            if passed > seconds:
                break
            best[name] = max(best[name], accuracy)
    return sorted(best, key=lambda name: -best[name])[0]


def ahead_by_index(histories, seconds):
    names = list(histories)
    best = []
    for name in names:
        score = 0
        for k in range(len(histories[name])):
            if histories[name][k][1] <= seconds:
                score = max(score, histories[name][k][0])
        best.append(score)
    return names[best.index(max(best))]


def ahead_among(chosen):
    """Whose accuracies, of those that are chosen from the history, have the highest maximum."""
    def answer(histories, seconds):
        best = {name: max([0] + chosen(history, seconds)) for name, history in histories.items()}
        return max(best, key=lambda name: best[name])
    return answer


def in_time(history, seconds):
    return [accuracy for accuracy, passed in history if passed <= seconds]


def added_up(history, seconds):
    kept, total = [], 0
    for accuracy, passed in history:
        total += passed
        if total <= seconds:
            kept.append(accuracy)
    return kept


# --- two stretches joined ---------------------------------------------------------------------------------------------

def join(first, second):
    keep = second[0] * first[0]
    return keep, second[0] * first[1] + second[1]


def join_unpacked(first, second):
    (k1, n1), (k2, n2) = first, second
    return [k1 * k2, n2 + n1 * k2]


def join_by_trying(first, second):
    """What becomes of a state of 0, and of a state of 1."""
    def through(h):
        for keep, new in (first, second):
            h = keep * h + new
        return h
    return through(1.0) - through(0.0), through(0.0)


def join_as_a_function(first, second):
    def step(stretch, h):
        return stretch[0] * h + stretch[1]
    new = step(second, step(first, 0))
    return first[0] * second[0], new


def join_in_place(first, second):
    joined = list(first)
    for k in range(2):
        joined[k] *= second[0]
    joined[1] += second[1]
    return joined


def join_by_index(first, second):
    return tuple([first[0] * second[0], first[1] * second[0] + second[1]])


RIGHT = [
    ("turn", all_states),
    ("turn", all_states_by_index),
    ("turn", all_states_recursive),
    ("turn", all_states_as_sums),
    ("turn", all_states_in_rounds),
    ("turn", all_states_yielded),
    ("baseline", baseline),
    ("baseline", baseline_step_by_step),
    ("baseline", baseline_of_probabilities),
    ("baseline", baseline_in_other_logarithm),
    ("baseline", baseline_as_share),
    ("baseline", baseline_in_a_loop),
    ("ahead", ahead),
    ("ahead", ahead_in_a_loop),
    ("ahead", ahead_sorted),
    ("ahead", ahead_by_pairs),
    ("ahead", ahead_with_a_break),
    ("ahead", ahead_by_index),
    ("join", join),
    ("join", join_unpacked),
    ("join", join_by_trying),
    ("join", join_as_a_function),
    ("join", join_in_place),
    ("join", join_by_index),
]

WRONG = [
    ("turn", "returns nothing yet", lambda keep, new: None),
    ("turn", "a list of states", lambda keep, new: "states"),
    ("turn", "the last state alone", lambda keep, new: [all_states(keep, new)[-1]]),
    ("turn", "the state before the first step", lambda keep, new: [0.0] + all_states(keep, new)),
    ("turn", "Which share of the old state", stepping(lambda h, keep, new: h + new)),
    ("turn", "multiplied by keep as well", stepping(lambda h, keep, new: keep * (h + new))),
    ("turn", "in place of the old state", stepping(lambda h, keep, new: h + keep * new)),
    ("turn", "begins from 0", stepping(lambda h, keep, new: new)),
    ("turn", "a state of 1, not of 0", stepping(lambda h, keep, new: keep * h + new, h=1.0)),
    ("turn", "the share that stays", stepping(lambda h, keep, new: (1 - keep) * h + new)),
    ("turn", "first two steps by hand", stepping(lambda h, keep, new: keep * h - new)),
    ("baseline", "returns nothing yet", lambda letters, copied, delay: None),
    ("baseline", "should be one number", lambda letters, copied, delay: [1.0, 2.0]),
    ("baseline", "the loss of one letter", lambda letters, copied, delay: math.log(letters)),
    ("baseline", "the sum over the steps", lambda letters, copied, delay: copied * math.log(letters)),
    ("baseline", "in bits", lambda letters, copied, delay: baseline(letters, copied, delay) / math.log(2)),
    ("baseline", "and both are steps", lambda letters, copied, delay: copied * math.log(letters) / (delay + copied)),
    ("baseline", "are missing in the mean", lambda letters, copied, delay: copied * math.log(letters) / delay),
    ("baseline", "guess at every step", lambda letters, copied, delay: (copied + delay) * math.log(letters) /
     (delay + 2 * copied)),
    ("baseline", "a mean of probabilities", lambda letters, copied, delay: copied / letters / (delay + 2 * copied)),
    ("baseline", "are swapped", lambda letters, copied, delay: baseline(copied, letters, delay)),
    ("baseline", "How many steps are there in all", lambda letters, copied, delay: 0.5),
    ("ahead", "returns nothing yet", lambda histories, seconds: None),
    ("ahead", "one of the names", lambda histories, seconds: 71.0),
    ("ahead", "one of the names", lambda histories, seconds: "nobody"),
    ("ahead", "exactly when the time is up", ahead_among(
        lambda history, seconds: [accuracy for accuracy, passed in history if passed < seconds])),
    ("ahead", "whenever it came", ahead_among(lambda history, seconds: [one[0] for one in history])),
    ("ahead", "after equally many epochs", ahead_among(lambda history, seconds: [one[0] for one in history[:3]])),
    ("ahead", "the last accuracy in time", ahead_among(lambda history, seconds: in_time(history, seconds)[-1:])),
    ("ahead", "are added up", ahead_among(added_up)),
    ("ahead", "compare the best", lambda histories, seconds: "quick" if seconds == 54 else ahead(histories, seconds)),
    ("join", "returns nothing yet", lambda first, second: None),
    ("join", "a pair: a share and something new", lambda first, second: first[0] * second[0]),
    ("join", "a pair of numbers", lambda first, second: ["share", "new"]),
    ("join", "holds 4 numbers instead of 2", lambda first, second: list(first) + list(second)),
    ("join", "the second stretch is taken before", lambda first, second: join(second, first)),
    ("join", "which share of it is left", lambda first, second: (first[0] * second[0], first[1] + second[1])),
    ("join", "the other way round", lambda first, second: (join(first, second)[1], join(first, second)[0])),
    ("join", "the first stretch has made is lost", lambda first, second: (first[0] * second[0], second[1])),
    ("join", "the second stretch adds is lost", lambda first, second: (first[0] * second[0], first[1] * second[0])),
    ("join", "is that a sum", lambda first, second: (first[0] + second[0], join(first, second)[1])),
    ("join", "the second stretch alone", lambda first, second: (second[0], join(first, second)[1])),
    ("join", "the first stretch alone", lambda first, second: (first[0], join(first, second)[1])),
    ("join", "collect what stands with h", lambda first, second: (0.0, 0.0)),
]
