"""`Run`: the books of a run, from the files to be converted to the report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import OutputError
from .checking import fault
from .entries import OWN_FIELDS, Entry
from .estimate import Estimate
from .failures import TooManyFailures
from .plan import Plan
from .records import Records
from .worker import Item, Result


@dataclass(frozen=True)
class Report:
    """The result of a run."""

    n_files: int  # inputs
    n_converted: int
    n_kept: int  # results of earlier runs
    n_failed: int
    seconds: float  # of sound that this run has converted [s]
    n_bytes: int  # of the files that this run has written


class Run:
    """The books of a run.

    Parameters
    ----------
    plan : Plan
        Inputs and outputs.
    records : Records
        Takes the results.
    estimate : Estimate
        Of all inputs.
    limit : float
        The most failures.
    """

    progress: Callable[[float, float], None] = staticmethod(lambda done, total: None)
    on_failure: Callable[[str, str], None] = staticmethod(lambda key, reason: None)

    def __init__(self, plan: Plan, records: Records, estimate: Estimate, limit: float) -> None:
        self._plan, self._records, self._estimate, self._limit = plan, records, estimate, limit
        self._in_hand: dict[int, Entry] = {}  # by number
        self._n_converted = self._n_kept = self._n_failed = self._n_bytes = 0

    def items(self, how: str | None) -> Iterator[Item]:
        """Yield the files to be converted.

        An earlier result is kept if it agrees with its record by `how`; None keeps no result.
        """
        for number, entry in enumerate(self._plan.source):
            if how is not None and self._keep(number, entry, how):
                self._n_kept += 1
                self._estimate.remove(entry)
            else:
                self._in_hand[number] = entry
                yield self._plan.item(number, entry)

    def _keep(self, number: int, entry: Entry, how: str) -> bool:
        """Take over an earlier result if there is one that still holds."""
        found = self._records.find(entry.key)
        if found is None:
            return False
        fields, place = found
        same = (
            "error" not in fields
            and fields.get("audio_filepath") == self._plan.output(entry)
            and fields.get("source_bytes") == entry.size
        )
        if not same or fault(fields, self._plan.out, how):
            return False
        own = {name: value for name, value in fields.items() if name in OWN_FIELDS}
        if fields == {**own, **entry.fields}:
            self._records.keep(number, place)
        else:  # the manifest says something else of the file
            self._records.add(number, {**own, **entry.fields})
        return True

    def take(self, item: Item, result: Result) -> None:
        """Record a result.

        Raises
        ------
        OutputError
            If nothing can be written any more.
        TooManyFailures
            If there are more failures than allowed.
        """
        entry = self._in_hand.pop(item.number)
        if result.hopeless:
            raise OutputError(f"{result.error}; --resume continues")
        if not result.error:
            self._estimate.finish(entry, result.seconds)
            self._records.add(item.number, {**result.fields, **entry.fields})
            self._n_converted += 1
            self._n_bytes += result.fields["bytes"]
        else:
            self._estimate.remove(entry)
            self._records.add(item.number, {"source": item.key, "error": result.error})
            self._n_failed += 1
            self.on_failure(item.key, result.error)
        self.progress(self._estimate.finished, self._estimate.total)
        if self._n_failed > self._limit:
            raise TooManyFailures(
                f"{self._plan.out}: expected at most {self._limit:g} failures, got"
                f" {self._n_failed}; --resume continues"
            )

    def report(self) -> Report:
        """Return the result of the run."""
        n_files = self._n_converted + self._n_kept + self._n_failed
        return Report(
            n_files, self._n_converted, self._n_kept, self._n_failed, self._estimate.finished,
            self._n_bytes,
        )  # fmt: skip
