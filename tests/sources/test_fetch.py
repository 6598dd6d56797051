import errno
import hashlib
import os
import random
import socket
from pathlib import Path

import pytest

from exercisebook.errors import Failure
from exercisebook.paths import data_cache
from exercisebook.sources import fetch as fetching
from exercisebook.sources.fetch import fetch, locate, path_of, sha256_of, state_of

from .conftest import Page, data_file, with_files

CONTENT = random.Random(5).randbytes(200_000)
OTHER = random.Random(6).randbytes(200_000)


@pytest.fixture
def file(server):
    return data_file(CONTENT, server.url("table.csv"))


@pytest.fixture
def data(file):
    return with_files(file)


@pytest.fixture
def place(cache):
    return cache / "grinta"


@pytest.fixture
def archive(file):
    return f"archive/{file.sha256}"


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def part_of(place):
    return place / "table.csv.part"


def failure(data, file):
    with pytest.raises(Failure) as error:
        fetch(data, file)
    return str(error.value)


def assert_held(place):
    assert (place / "table.csv").read_bytes() == CONTENT
    assert os.listdir(place) == ["table.csv"]


# one file comes in


def test_a_file_comes_in_whole_and_alone(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT)
    state = fetch(data, file)
    assert (state.state, state.path) == ("held", place / "table.csv")
    assert_held(place)
    assert server.asked == [("table.csv", None)]


def test_progress_adds_up_to_the_size(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT)
    steps = []
    fetch(data, file, steps.append)
    assert sum(steps) == len(CONTENT)
    assert len(steps) > 2


def test_a_file_that_is_held_is_not_fetched_again(server, data, file, place):
    put(place / "table.csv", CONTENT)
    steps = []
    assert fetch(data, file, steps.append).state == "held"
    assert server.asked == []
    assert sum(steps) == len(CONTENT)


# what came in before an interruption


def test_only_the_missing_bytes_of_a_half_written_file_are_asked_for(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT)
    put(part_of(place), CONTENT[:150_000])
    steps = []
    fetch(data, file, steps.append)
    assert server.asked == [("table.csv", "bytes=150000-")]
    assert_held(place)
    assert sum(steps) == len(CONTENT)


def test_a_server_without_ranges_sends_the_whole_file_again(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT, ignores_ranges=True)
    put(part_of(place), CONTENT[:150_000])
    steps = []
    fetch(data, file, steps.append)
    assert_held(place)
    assert sum(steps) == len(CONTENT)


def test_a_compressing_server_does_not_shift_the_range(server, data, cache):
    text = b"gene,score\n" * 20_000
    file = data_file(text, server.url("genes.csv"))
    server.pages["genes.csv"] = Page(text, compresses=True)
    put(cache / "grinta" / "table.csv.part", text[:1000])
    fetch(with_files(file), file)
    assert server.asked == [("genes.csv", "bytes=1000-")]
    assert (cache / "grinta" / "table.csv").read_bytes() == text


@pytest.mark.parametrize("extra", [b"", b"more"])
def test_a_half_written_file_that_is_too_long_is_fetched_anew(server, data, file, place, extra):
    server.pages["table.csv"] = Page(CONTENT)
    put(part_of(place), OTHER + extra)
    fetch(data, file)
    assert server.asked == [("table.csv", None)]
    assert_held(place)


def test_an_interrupted_file_is_kept_in_part_and_taken_up_again(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT, breaks_off_after=150_000)
    said = failure(data, file)
    assert "the transfer broke off" in said
    assert os.listdir(place) == ["table.csv.part"]
    kept = part_of(place).read_bytes()
    assert len(kept) > 60_000
    assert CONTENT.startswith(kept)
    server.pages["table.csv"] = Page(CONTENT)
    fetch(data, file)
    assert server.asked[-1] == ("table.csv", f"bytes={len(kept)}-")
    assert_held(place)


def test_the_second_source_goes_on_where_the_first_broke_off(server, data, file, place, archive):
    server.pages["table.csv"] = Page(CONTENT, breaks_off_after=150_000)
    server.pages[archive] = Page(CONTENT)
    fetch(data, file)
    (first, nothing), (second, rest) = server.asked
    assert (first, nothing, second) == ("table.csv", None, archive)
    assert int(rest.removeprefix("bytes=").removesuffix("-")) > 60_000
    assert_held(place)


def test_wrong_bytes_of_an_earlier_try_are_not_blamed_on_the_source(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT)
    put(part_of(place), OTHER[:1000])
    steps = []
    fetch(data, file, steps.append)
    assert server.asked == [("table.csv", "bytes=1000-"), ("table.csv", None)]
    assert sum(steps) == len(CONTENT)
    assert_held(place)


def test_a_part_that_is_whole_is_kept_without_asking_anyone(server, data, file, place):
    put(part_of(place), CONTENT)
    steps = []
    fetch(data, file, steps.append)
    assert server.asked == []
    assert sum(steps) == len(CONTENT)
    assert_held(place)


# bytes that are not the catalogue's


def test_wrong_bytes_are_refused_with_both_sums_and_nothing_is_kept(server, data, file, place):
    server.pages["table.csv"] = Page(OTHER)
    said = failure(data, file)
    assert "wrong checksum, refused" in said
    assert f"expected sha256 {file.sha256}" in said
    assert f"found    sha256 {hashlib.sha256(OTHER).hexdigest()}" in said
    assert os.listdir(place) == []


def test_a_file_cut_short_by_its_publisher_is_refused(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT[:-1])
    assert hashlib.sha256(CONTENT[:-1]).hexdigest() in failure(data, file)
    assert os.listdir(place) == []


def test_a_file_with_wrong_bytes_is_replaced_by_the_right_ones(server, data, file, place):
    put(place / "table.csv", OTHER)
    server.pages["table.csv"] = Page(CONTENT)
    fetch(data, file)
    assert_held(place)


def test_a_file_with_wrong_bytes_is_not_replaced_by_other_wrong_ones(server, data, file, place):
    put(place / "table.csv", b"mine")
    server.pages["table.csv"] = Page(OTHER)
    failure(data, file)
    assert (place / "table.csv").read_bytes() == b"mine"
    assert os.listdir(place) == ["table.csv"]


# the second source, and none


@pytest.mark.parametrize("publisher", [Page(status=404), Page(status=503), Page(OTHER)])
def test_the_archive_stands_in_for_a_failing_publisher(
    server, data, file, place, archive, publisher
):
    server.pages["table.csv"] = publisher
    server.pages[archive] = Page(CONTENT)
    assert fetch(data, file).state == "held"
    assert [path for path, _ in server.asked] == ["table.csv", archive]
    assert_held(place)


def test_both_addresses_and_both_answers_are_named_when_both_fail(
    server, data, file, place, archive
):
    server.pages[archive] = Page(status=503)
    said = failure(data, file)
    assert said.startswith("grinta/table.csv could not be fetched")
    assert server.url("table.csv") in said
    assert "the server answered 404 Not Found" in said
    assert server.url(archive) in said
    assert "the server answered 503 Service Unavailable" in said
    assert os.listdir(place) == []


def test_without_a_network_the_failure_says_so(data, file, place, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(fetching, "ARCHIVE", closed + "/{sha256}")
    unreachable = file.model_copy(update={"url": closed + "/table.csv"})
    said = failure(data, unreachable)
    assert said.count("no connection: is this machine on a network?") == 2
    assert os.listdir(place) == []


# a disk that does not take it


def full_disk(*words, **named):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_keeps_what_came_in_and_says_what_is_needed(
    server, data, file, place, monkeypatch
):
    server.pages["table.csv"] = Page(CONTENT)
    monkeypatch.setattr(fetching.shutil, "copyfile", full_disk)
    said = failure(data, file)
    assert "the disk is full; 200,000 bytes are needed" in said
    assert "EXERCISEBOOK_DATA" in said
    assert os.listdir(place) == ["table.csv.part"]
    assert part_of(place).read_bytes() == CONTENT
    monkeypatch.undo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_disk_that_fills_up_during_the_transfer_is_no_network_fault(server, data, file, place):
    server.pages["table.csv"] = Page(CONTENT)
    place.mkdir(parents=True)
    part_of(place).symlink_to("/dev/full")
    said = failure(data, file)
    assert "the disk is full" in said
    assert [path for path, _ in server.asked] == ["table.csv"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_may_not_be_written_names_the_way_out(
    server, data, file, place, monkeypatch, code
):
    def refused(*words, **named):
        raise OSError(code, os.strerror(code))

    server.pages["table.csv"] = Page(CONTENT)
    monkeypatch.setattr(os, "makedirs", refused)
    said = failure(data, file)
    assert said.startswith(f"{place / 'table.csv'}: not writable")
    assert "EXERCISEBOOK_DATA" in said


def test_a_file_in_the_place_of_the_folder_is_a_failure(server, data, file, cache):
    server.pages["table.csv"] = Page(CONTENT)
    cache.write_text("no folder")
    assert "could not be written" in failure(data, file)
    assert cache.read_text() == "no folder"


# what this machine holds


def test_a_data_set_is_located_by_file_name(data, file, place):
    put(place / "table.csv", CONTENT)
    assert locate(data) == {"table.csv": place / "table.csv"}


def test_a_data_set_is_not_at_hand_while_a_file_is_missing(server, file, place):
    second = data_file(OTHER, server.url("second.csv"), name="second.csv")
    put(place / "table.csv", CONTENT)
    assert locate(with_files(file, second)) is None
    put(place / "second.csv", OTHER)
    assert set(locate(with_files(file, second))) == {"table.csv", "second.csv"}


def test_a_half_written_file_is_not_at_hand(data, place):
    put(part_of(place), CONTENT)
    assert locate(data) is None


def test_wrong_bytes_are_refused_and_not_used(server, file, place):
    second = data_file(OTHER, server.url("second.csv"), name="second.csv")
    put(place / "table.csv", OTHER)
    with pytest.raises(Failure) as error:
        locate(with_files(file, second))
    assert f"expected sha256 {file.sha256}" in str(error.value)
    assert f"found    sha256 {hashlib.sha256(OTHER).hexdigest()}" in str(error.value)


def test_every_file_with_wrong_bytes_is_named(server, file, place):
    second = data_file(CONTENT, server.url("second.csv"), name="second.csv")
    put(place / "table.csv", OTHER)
    put(place / "second.csv", OTHER)
    with pytest.raises(Failure, match=r"(?s)table\.csv: wrong.*second\.csv: wrong"):
        locate(with_files(file, second))


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("table.csv", CONTENT, "held"),
        ("table.csv", OTHER, "wrong checksum"),
        ("table.csv", b"", "wrong checksum"),
        ("table.csv.part", CONTENT, "half-written"),
        ("another.csv", CONTENT, "absent"),
    ],
)
def test_the_state_of_a_file_is_known(data, file, place, name, content, state):
    put(place / name, content)
    assert state_of(data, file).state == state


def test_a_folder_in_the_place_of_a_file_is_not_held(data, file, place):
    (place / "table.csv").mkdir(parents=True)
    assert state_of(data, file).state == "absent"


def test_a_sum_is_that_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256_of(tmp_path / "x") == hashlib.sha256(b"abc").hexdigest()


# where the cache is


def test_the_variable_names_the_cache(data, file, monkeypatch, tmp_path):
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path / "here"))
    assert data_cache() == tmp_path / "here"
    assert path_of(data, file) == tmp_path / "here" / "grinta" / "table.csv"


def test_a_tilde_in_the_variable_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXERCISEBOOK_DATA", "~/data")
    assert data_cache() == tmp_path / "data"


@pytest.mark.parametrize("unset", [None, ""])
def test_without_the_variable_the_users_cache_folder_is_the_cache(monkeypatch, tmp_path, unset):
    monkeypatch.delenv("EXERCISEBOOK_DATA", raising=False)
    if unset is not None:
        monkeypatch.setenv("EXERCISEBOOK_DATA", unset)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_cache() == tmp_path / "exercisebook" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_cache() == tmp_path / ".cache" / "exercisebook" / "data"
