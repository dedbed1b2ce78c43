"""Templates are compiled once for all processes of a test run, which takes each of them a second.

The code is kept where `once_per_run` keeps what it finds out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from unittest.mock import patch

from jinja2.bccache import Bucket

from shared.i18n.templates import CompiledTemplates
from tests.support.run_folder import results_folder


@contextmanager
def compiled_once() -> Iterator[None]:
    """For as long as this lasts, code that is new to this process is read from and written to disk.

    A template is another one in another language, whose texts are part of its code.
    """
    folder = results_folder() / "templates"
    folder.mkdir(exist_ok=True)
    load, dump = CompiledTemplates.load_bytecode, CompiledTemplates.dump_bytecode

    def file_of(bucket: Bucket) -> Path:
        language = bucket.environment.globals["lang"]
        return folder / f"{bucket.key}-{bucket.checksum}-{language}"

    def load_bytecode(self: CompiledTemplates, bucket: Bucket) -> None:
        load(self, bucket)
        if bucket.code is None and (found := file_of(bucket)).exists():
            with found.open("rb") as file:
                bucket.load_bytecode(file)
            dump(self, bucket)

    def dump_bytecode(self: CompiledTemplates, bucket: Bucket) -> None:
        dump(self, bucket)
        with NamedTemporaryFile(dir=folder, delete=False) as draft:
            bucket.write_bytecode(draft)
        Path(draft.name).rename(file_of(bucket))

    with (
        patch.object(CompiledTemplates, "load_bytecode", load_bytecode),
        patch.object(CompiledTemplates, "dump_bytecode", dump_bytecode),
    ):
        yield
