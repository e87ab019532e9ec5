"""The forms in which people give a right answer: each takes a function and gives what it returns in another form."""

import torch


def form(convert):
    """A form: of one result, or of each result in a tuple or a list."""
    def of(function):
        def answer(*given, **options):
            result = function(*given, **options)
            return [convert(part) for part in result] if isinstance(result, (tuple, list)) else convert(result)
        return answer
    return of


in_numpy = form(lambda result: torch.as_tensor(result).detach().numpy())
in_lists = form(lambda result: torch.as_tensor(result).tolist())
in_float64 = form(lambda result: torch.as_tensor(result).double())
in_float32 = form(lambda result: torch.as_tensor(result).float())
in_rows = form(lambda result: list(torch.as_tensor(result)))


def of_tensors(function):
    """An answer that makes tensors of the lists that it is given."""
    return lambda *given: function(*[torch.tensor(one) if isinstance(one, list) else one for one in given])
