"""A small file is written whole or not at all, whatever stands in the way."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from _folders import let_everybody_in

from qwen_nb.files import write as module
from qwen_nb.files import write_whole

needs_permissions = pytest.mark.skipif(os.name == "nt", reason="Windows keeps none of these")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("content", ["多\r\none\n", b"\0\xff\r\n", "", b""], ids=repr)
def test_what_is_written_is_there_to_the_byte(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "a file"
    for before in (None, "longer than all of these"):
        if before:
            path.write_text(before, "utf-8")
        write_whole(path, content)
        assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_whole(path, "x")
    assert path.read_text() == "x"


def test_folders_are_made_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    with pytest.raises(FileNotFoundError):
        write_whole(path, "x")
    assert list(tmp_path.iterdir()) == []
    write_whole(path, "x", make_folder=True)
    assert path.read_text() == "x"


# -- permissions -----------------------------------------------------------------------------


@needs_permissions
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o002])
@pytest.mark.parametrize("over", [True, False])
def test_a_new_file_has_what_the_umask_leaves(tmp_path: Path, umask: int, over: bool) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", "x", over=over)
        write_whole(tmp_path / "private", "x", over=over, private=True)
    finally:
        os.umask(before)
    assert mode(tmp_path / "file") == 0o666 & ~umask
    assert mode(tmp_path / "private") == 0o600


@needs_permissions
@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o664, 0o666, 0o755])
def test_a_file_keeps_its_permissions(tmp_path: Path, permissions: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(permissions)
    write_whole(path, "x")
    assert mode(path) == permissions
    write_whole(path, "x", private=True)
    assert mode(path) == 0o600


@needs_permissions
def test_what_is_private_is_so_from_its_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "file", []
    path.touch(0o640)
    path.chmod(0o640)
    opened = os.open

    def watched(name: Path, *given: int) -> int:
        handle = opened(name, *given)
        seen.append(mode(name))
        return handle

    monkeypatch.setattr(module.os, "open", watched)
    write_whole(path, "x")
    write_whole(tmp_path / "private", "x", private=True)
    assert seen == [0o600, 0o600]


# -- links -----------------------------------------------------------------------------------


def test_a_link_leads_to_what_is_written_and_stays(tmp_path: Path) -> None:
    meant = tmp_path / "elsewhere" / "meant"
    meant.parent.mkdir()
    link, over_it = tmp_path / "link", tmp_path / "over it"
    link.symlink_to(meant.relative_to(tmp_path))
    over_it.symlink_to(link)
    for content in ("made", "written over"):  # at first it leads to nothing
        write_whole(over_it, content)
        assert link.is_symlink()
        assert over_it.is_symlink()
        assert meant.read_text() == content
    assert list(meant.parent.iterdir()) == [meant]


def test_a_link_is_a_file_that_is_there(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nothing")
    with pytest.raises(FileExistsError):
        write_whole(link, "x", over=False)
    assert not (tmp_path / "nothing").exists()


# -- what it refuses -------------------------------------------------------------------------


def test_nothing_is_written_over_unless_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "mine", over=False)
    with pytest.raises(FileExistsError):
        write_whole(path, "yours", over=False)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "folder", "x")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for private in (False, True):
        with pytest.raises(OSError, match="pipe") as caught:
            write_whole(pipe, "x", private=private)
        assert caught.value.errno == errno.EINVAL
    assert pipe.is_fifo()


# -- what goes wrong -------------------------------------------------------------------------

_FULL = """
import resource, signal, sys
from pathlib import Path
from qwen_nb.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))
for name, over in (("old", True), ("new", True), ("mine", False)):
    try:
        write_whole(Path(sys.argv[1]) / name, "x" * 100_000, over=over)
    except OSError as error:
        print(error.strerror)
"""


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    (tmp_path / "old").write_text("old")
    ran = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True
    )
    assert (ran.stderr, ran.stdout) == ("", "File too large\n" * 3)
    assert [each.name for each in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"


_READ_ONLY = """
import os, sys
from pathlib import Path
from qwen_nb.files import write_whole
if os.getuid() == 0:  # to whom everything is writable
    os.setuid(65534)
for name, over in (("old", True), ("new", True), ("mine", False)):
    try:
        write_whole(Path(sys.argv[1]) / name, "x", over=over)
    except OSError as error:
        print(error.strerror)
"""


@needs_permissions
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    let_everybody_in(tmp_path)
    tmp_path.chmod(0o555)
    ran = subprocess.run(
        [sys.executable, "-c", _READ_ONLY, str(tmp_path)], capture_output=True, text=True
    )
    tmp_path.chmod(0o755)
    assert (ran.stderr, ran.stdout) == ("", "Permission denied\n" * 3)
    assert (tmp_path / "old").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("over", [True, False])
def test_an_interrupt_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", "x", over=over)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_on_windows_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to replace a file that is open; here the refusal is played."""
    path, refusals = tmp_path / "file", [PermissionError(13, "in use")] * 3
    replace = Path.replace

    def refused(beside: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(beside, target)

    monkeypatch.setattr(Path, "replace", refused)
    monkeypatch.setattr(module, "_TRIES", 4)
    write_whole(path, "x")
    assert path.read_text() == "x"
    refusals.extend([PermissionError(13, "in use")] * 4)
    with pytest.raises(PermissionError):
        write_whole(path, "y")
    assert path.read_text() == "x"
    assert list(tmp_path.iterdir()) == [path]


# -- more than one ---------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from qwen_nb.files import write_whole
for n in range(200):
    write_whole(Path(sys.argv[1]), sys.argv[2] * 50_000)
"""


def test_writers_at_once_and_a_reader_meet_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "a" * 50_000)
    code = [sys.executable, "-c", _WRITER, str(path)]
    writers = [subprocess.Popen([*code, letter]) for letter in "ab"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        content = path.read_text()
        assert len(content) == 50_000
        assert len(set(content)) == 1
        seen.add(content[0])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen == {"a", "b"}
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_that_want_a_name_one_gets_it(tmp_path: Path) -> None:
    path, got, start = tmp_path / "file", [], threading.Barrier(8)

    def want(number: int) -> None:
        start.wait()
        try:
            write_whole(path, str(number), over=False)
        except FileExistsError:
            return
        got.append(str(number))

    threads = [threading.Thread(target=want, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [path.read_text()]
    assert list(tmp_path.iterdir()) == [path]
