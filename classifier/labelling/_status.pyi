from collections.abc import Sequence

from classifier.labelling.statuses import Seen

def look(place: str, paths: Sequence[str]) -> list[Seen | None]: ...
