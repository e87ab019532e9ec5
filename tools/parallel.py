"""Do many independent things at once, in processes of this machine or on a Dask cluster, and outlive those that die."""

import contextlib
from collections.abc import Callable, Hashable, Iterator

from .course import ROOT


def in_parallel(job: Callable, given: dict[Hashable, tuple], jobs: int = 2, scheduler: str | None = None,
                first: Hashable = None) -> Iterator[tuple[Hashable, object]]:
    """(name, job(*arguments)) for every {name: arguments}, as they come; `first` is begun before the others.

    When a process dies, what is still to be done is begun again, three times in all, and each time from the other end,
    so that one that kills its process stands in nobody's way. What is left after that is not given.

    Args:
        jobs: how many at once, each in a process of its own, with one thread.
        scheduler: the address of a Dask cluster, whose workers see this repository under the same path.
    """
    from joblib import Parallel, delayed
    waiting = dict(given)
    with _processes(scheduler) as died:
        for turn in range(3):
            order = sorted(list(waiting)[::-1 if turn % 2 else 1], key=lambda name: name is not first)
            with contextlib.suppress(*died):
                for name, result in Parallel(n_jobs=min(jobs, len(waiting)), return_as="generator_unordered",
                                             batch_size=1)(delayed(_named)(job, name, waiting[name]) for name in order):
                    yield name, result
                    del waiting[name]
            if not waiting:
                return


def _named(job, name, arguments):
    return name, job(*arguments)


@contextlib.contextmanager
def _processes(scheduler: str | None) -> Iterator[tuple[type[Exception], ...]]:
    """Where joblib works. Yields what is raised when a process dies."""
    from joblib import parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool
    if not scheduler:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            yield (BrokenProcessPool,)
        return
    import distributed

    # Also for workers that come later, or come back. Local, so that it is sent as it stands: a worker that cannot find
    # the course cannot import it from there.
    class FindTheCourse(distributed.WorkerPlugin):
        def __init__(self, root):
            self.root = root

        def setup(self, worker):
            import sys
            if self.root not in sys.path:
                sys.path.insert(0, self.root)

    with distributed.Client(scheduler) as client:
        client.register_plugin(FindTheCourse(str(ROOT)))
        with parallel_config(backend="dask", client=client):
            yield (distributed.KilledWorker,)
