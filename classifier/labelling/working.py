"""What a worker does: files in, lines out. All it needs comes as arguments, so any process on any machine will do."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from classifier.documents import Document
from classifier.documents.reading import load, members_of, name_within, no_documents
from classifier.errors import ClassifierError, DocumentError, Reason, ResultsError
from classifier.labelling.lines import parse_line, to_line
from classifier.labelling.matching import Todo
from classifier.labelling.tasks import Task
from classifier.labelling.walking import Found
from classifier.labelling.watching import Limit, watched
from classifier.model import Model
from classifier.prediction import Prediction

_WATCH_SECONDS = 1.0
_folders = set[str]()  # of this process' runs: one worker serves several


class Reading(NamedTuple):
    """One document of a file, or why there is none; `member` is its name inside an archive."""

    sha256: str | None
    document: Document | DocumentError
    member: str | None = None


def label_files(task: Task, todos: Sequence[Todo]) -> list[bytes]:
    """The lines of each file, joined: one, or one for each member of an archive."""
    follow(task.parent, task.limit)
    model = load_model(task.model, task.digest)
    done: list[bytes | None] = []
    plain: list[tuple[Found, Reading]] = []
    for todo, readings in _read(task, model, todos):
        if len(readings) == 1 and readings[0].member is None:
            line = _renewed(task, todo, readings[0])
            done.append(line)
            if line is None:
                plain.append((todo.found, readings[0]))
        else:
            done.append(_archive(task, model, todo.found, readings))
    fresh = iter(_label(task, model, plain))
    return [next(fresh) if line is None else line for line in done]


@lru_cache(maxsize=2)
def load_model(path: str, digest: str) -> Model:
    """A model, once per process; raises `ResultsError` when it is no longer the one the run began with."""
    model = Model.load(path)
    if model.metadata["digest"] != digest:
        raise ResultsError(
            f"{path}: the model was replaced during the run; what is labelled so far is by the one before: put that "
            "back and run the same command again, or label everything by the new one with --force"
        )
    return model


def prove(task: Task) -> None:
    """Raise `ModelFileError` or `ClassifierError` unless the model loads and can promise what is asked of it."""
    load_model(task.model, task.digest).predict("", max_error=task.options.max_error)


def follow(parent: int, limit: Limit | None = None) -> None:
    """Have this process end soon after the one that started it: a run that is killed leaves no workers behind, nor the
    folders in which they leave word.
    """
    if limit:
        _folders.add(limit.folder)
    is_worker_here = os.getppid() == parent or (limit is not None and os.getpid() != parent)
    if is_worker_here:  # not the run itself, nor on another machine, where nobody sets limits
        _end_with(parent)


@cache
def _end_with(parent: int) -> None:
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    for folder in tuple(_folders):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def crashed(task: Task, todo: Todo) -> bytes:
    """The line of a file whose reading ended its worker."""
    message = (
        "reading it ended the process (a crash, or out of memory); save it anew in the program that made it, or change "
        "its date (touch) and run again with more memory"
    )
    error = DocumentError(Reason.BROKEN_FILE, message)
    return _line(task, todo.found, _failure(task, todo.found.path, None, error))


def too_slow(task: Task) -> tuple[Reason, str]:
    """What is said of a file in which a worker was stuck."""
    seconds = task.limit.seconds if task.limit else 0.0
    return Reason.BROKEN_FILE, (
        f"reading it took more than {seconds:g} seconds and was given up; save it anew in the program that made it, or "
        "change its date (touch) and run again with a longer --timeout"
    )


def read_file(path: str, model: Model) -> Iterator[Reading]:
    """The documents of a file: itself, or the members of an archive or mailbox.

    Whatever is wrong with it is a reading too. Raises `ClassifierError` where a library is missing, which is no fault
    of the file.
    """
    digest = None
    try:
        data = load(path)
        digest = hashlib.sha256(data).hexdigest()
        for name, document in members_of(data, path, knows=model.knows):
            yield Reading(digest if name == "" else None, document, name or None)
    except DocumentError as error:
        yield Reading(digest, error)
    except ClassifierError:
        raise
    except Exception as error:  # one document is a border: it never stops the run
        message = f"reading failed in a way not foreseen ({type(error).__name__}: {error}); please report it"
        yield Reading(digest, DocumentError(Reason.BROKEN_FILE, message))


def _read(task: Task, model: Model, todos: Sequence[Todo]) -> Iterator[tuple[Todo, list[Reading]]]:
    """The files with all documents of each, every one of them read within the time limit."""
    with watched(task.limit) as watch:
        for todo in todos:
            readings = []
            watch.begin(todo.found.path)
            for reading in _readings(task, model, todo.found):
                readings.append(reading)
                watch.begin(todo.found.path)
            if len(readings) != 1:
                watch.end()  # an archive, whose documents are labelled before the next file is read
            yield todo, readings


def _readings(task: Task, model: Model, found: Found) -> Iterator[Reading]:
    if found.trouble:
        yield Reading(None, DocumentError(*found.trouble))
    else:
        yield from read_file(f"{task.stamp.folder}/{found.path}", model)


def _renewed(task: Task, todo: Todo, reading: Reading) -> bytes | None:
    """The former line with the new time, when only the time has changed and not the content."""
    values = parse_line(todo.former) if todo.former else None
    if values is None or reading.sha256 is None or values.get("sha256") != reading.sha256:
        return None
    return to_line({**values, **task.stamp.tail(todo.found)})


def _archive(task: Task, model: Model, found: Found, readings: Sequence[Reading]) -> bytes:
    if not readings:
        return _line(task, found, _failure(task, found.path, None, no_documents()))
    return b"".join(_label(task, model, [(found, reading) for reading in readings], archive=True))


def _label(task: Task, model: Model, read: Sequence[tuple[Found, Reading]], *, archive: bool = False) -> list[bytes]:
    texts = [reading.document.text for _, reading in read if isinstance(reading.document, Document)]
    predictions = iter(_predict(task, model, texts))
    lines = []
    for found, reading in read:
        path = name_within(found.path, reading.member) if reading.member is not None else found.path
        extra: dict[str, Any] = {"archive": found.path, "members": len(read)} if archive else {}
        if isinstance(reading.document, DocumentError):
            lines.append(_line(task, found, _failure(task, path, reading.sha256, reading.document), **extra))
            continue
        prediction, repairs = next(predictions), reading.document.repairs
        digest = reading.sha256 or str(prediction.sha256)  # a member's is that of its text
        lines.append(_line(task, found, prediction.located(path, digest, repairs), repairs, **extra))
    return lines


def _predict(task: Task, model: Model, texts: Sequence[str]) -> Sequence[Prediction]:
    asked = task.options
    if asked.explain or asked.passages:
        return [
            model.predict(text, max_error=asked.max_error, explain=asked.explain, passages=asked.passages)
            for text in texts
        ]
    return model.predict_many(texts, max_error=asked.max_error)


def _failure(task: Task, path: str, sha256: str | None, error: DocumentError) -> Prediction:
    return Prediction.failed(path, error, task.stamp.model, sha256)


def _line(task: Task, found: Found, prediction: Prediction, repairs: Sequence[str] = (), **extra: Any) -> bytes:
    values = prediction.as_dict()
    del values["model"]  # goes last, where a glance finds it
    return to_line({**values, "repairs": list(repairs), **extra, **task.stamp.tail(found)})
